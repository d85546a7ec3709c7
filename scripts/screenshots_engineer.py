#!/usr/bin/env python
"""Pictures of the engineer's pages, on a copy of the demo with a line that really runs.

    xvfb-run -a -s "-screen 0 3840x2160x24" python scripts/screenshots_engineer.py OUT [NAME …]

The scores under the thresholds and the second model version are made up for the picture.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import onnx  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from inspector.config import load_recipe  # noqa: E402
from inspector.core.inspection import Verdict  # noqa: E402
from inspector.core.label import Judgement, Label  # noqa: E402
from inspector.gui.app import make_application, make_window  # noqa: E402
from inspector.gui.jobs.page import JobsPage  # noqa: E402
from inspector.gui.main_window import MainWindow  # noqa: E402
from inspector.gui.models.page import ModelsPage  # noqa: E402
from inspector.gui.models.state import LineState, SwapPhase  # noqa: E402
from inspector.gui.paths import Paths  # noqa: E402
from inspector.gui.settings import GuiSettings, SettingsFile  # noqa: E402
from inspector.gui.sources.page import SourcesPage  # noqa: E402
from inspector.gui.sources.state import Kind, StreamForm  # noqa: E402
from inspector.station.audit_key import require_key  # noqa: E402
from inspector.store.labels import add_label  # noqa: E402
from inspector.store.opening import open_store  # noqa: E402
from inspector.store.recorder import begin_run  # noqa: E402
from tests.support.records import END, part, run_start  # noqa: E402

SIZES = ((1280, 720), (1920, 1080))
JOB = "bottle_cap"
GOOD, BAD = 320, 38


def spin(seconds: float = 0.0, until: Callable[[], bool] | None = None) -> None:
    """Lets the window work for so long, or until something holds."""
    end = time.monotonic() + (30.0 if until else seconds)
    while time.monotonic() < end:
        QApplication.processEvents()
        if until is not None and until():
            return
        time.sleep(0.005)
    if until is not None:
        raise SystemExit("the picture's state did not come")


def another_version(models: Path, version: str, auroc: float) -> Path:
    """The demo model again under another version, its file another one."""
    folder = models / JOB / version
    shutil.copytree(models / JOB / "1", folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["version"] = version
    manifest["metrics"] = {"image_auroc": auroc}
    for variant in manifest["variants"]:
        file = folder / variant["file"]
        network = onnx.load(file)
        network.producer_version = f"version {version}"
        onnx.save(network, file)
        data = file.read_bytes()
        variant |= {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2))
    return folder


def made_up_scores(db: Path, model_sha256: str) -> None:
    """Some hundred parts, most of them labelled."""
    rng = np.random.default_rng(4)
    scores = [*rng.normal(0.9, 0.035, GOOD), *rng.gamma(4.0, 0.08, BAD) + 0.98]
    store = open_store(db)
    recorder = begin_run(store, run_start(started_at=dt.datetime.now(dt.UTC)))
    model = f"{JOB}@1#{model_sha256}"
    parts = [part(i, Verdict.PASS, score=float(s), model_id=model) for i, s in enumerate(scores)]
    recorder.write([], parts)
    recorder.finish(END)
    key = require_key(store).key
    for index, one in enumerate(parts):
        if index % 3:
            judgement = Judgement.GOOD if index < GOOD else Judgement.BAD
            said = Label(
                part_id=one.part_id, at=END.finished_at, who="Anna", judgement=judgement, why="seen"
            )
            add_label(store, key, said)
    store.close()


class Stage:
    """A window on a copy of the demo; pages are opened as a person would."""

    def __init__(self, window: MainWindow, paths: Paths) -> None:
        self.window, self.paths = window, paths

    def run(self) -> None:
        launcher = self.window.context.launcher
        launcher.choose(JOB)
        launcher._loop = True
        launcher.start()
        spin(until=lambda: self.window.context.runs.changeovers is not None)

    def models(self, version: str = "1") -> ModelsPage:
        self.window.open_page("models")
        page = self.window.page("models")
        assert isinstance(page, ModelsPage)
        spin(until=lambda: len(page.view.grid.cards) == 4)
        page.controller.choose(self.paths.models / JOB / version)
        return page

    def jobs(self, tab: int, *, picture: bool = True) -> JobsPage:
        self.window.context.settings.update(last_job=JOB)
        self.window.open_page("jobs")
        page = self.window.page("jobs")
        assert isinstance(page, JobsPage)
        spin(until=lambda: page.controller.draft is not None)
        page.view.tabs.setCurrentIndex(tab)
        if picture:
            page.view.live.setChecked(True)
            spin(until=lambda: page.view.canvas.has_image)
            spin(0.62)
            page.view.live.setChecked(False)
        return page

    def sources(self, kind: Kind) -> SourcesPage:
        self.window.open_page("sources")
        page = self.window.page("sources")
        assert isinstance(page, SourcesPage)
        spin(0.4)
        page.controller.choose_kind(kind)
        return page


def models_idle(stage: Stage) -> None:
    page = stage.models("2")
    page.controller.verify()
    spin(until=page.view.details.verify.isEnabled)


def models_broken(stage: Stage) -> None:
    page = stage.models("3")
    page.controller.verify()
    spin(until=page.view.details.verify.isEnabled)


def swap_ready(stage: Stage) -> None:
    stage.run()
    page = stage.models("2")
    page.view.line.sign.why.setText("fewer rejects on blue caps")


def swap_waiting(stage: Stage) -> None:
    stage.run()
    page = stage.models("2")
    spin(0.6)
    page.view.line.set_line(
        LineState(
            running=True,
            model="bottle_cap@1 int8",
            recipe="recipe bottle_cap demo, T1 1.012, T2 1.09",
            phase=SwapPhase.WAITING,
            coming="bottle_cap@2 int8",
        )
    )


def swap_done(stage: Stage) -> None:
    stage.run()
    page = stage.models("2")
    page.view.line.sign.why.setText("fewer rejects on blue caps")
    page.view.line.sign.button.click()
    spin(until=lambda: page.view.line.now.text().startswith("bottle_cap@2"))
    spin(0.5)


def jobs_thresholds(stage: Stage) -> None:
    page = stage.jobs(0)
    page.view.thresholds.t1.setValue(0.985)
    page.view.sign.why.setText("two scratches passed yesterday")
    spin(0.3)


def jobs_masks(stage: Stage) -> None:
    page = stage.jobs(1)
    page.view.regions.add_mask_wanted.emit()
    page.view.regions.ruler.setChecked(True)


def jobs_parts(stage: Stage) -> None:
    stage.jobs(2)


def jobs_picture(stage: Stage) -> None:
    stage.jobs(3)


def jobs_job(stage: Stage) -> None:
    stage.jobs(4, picture=False)


def jobs_diff(stage: Stage) -> None:
    page = stage.jobs(5)
    for value, why in ((0.99, "two scratches passed"), (0.985, "one more passed")):
        page.view.thresholds.t1.setValue(value)
        page.view.sign.why.setText(why)
        page.view.sign.button.click()
        spin(until=lambda: page.controller.draft is not None and not page.controller.draft.changed)
    page.view.thresholds.t2.setValue(1.1)
    page.view.regions.defects.editor("min_area_px").setValue(50)  # type: ignore[attr-defined]
    page.view.versions.list.setCurrentRow(2)


def jobs_foreign(stage: Stage) -> None:
    file = stage.paths.jobs / f"{JOB}.recipe.toml"
    held = load_recipe(file).model_sha256
    file.write_text(file.read_text().replace(held, "b" * 64))
    stage.jobs(4, picture=False)


def sources_preview(stage: Stage) -> None:
    page = stage.sources(Kind.SIMULATOR)
    page.view.preview.click()
    spin(until=lambda: "1280" in page.view.facts.text())
    spin(1.0)


def sources_stream(stage: Stage) -> None:
    page = stage.sources(Kind.STREAM)
    page.view.stream.set_form(StreamForm("rtsp", "127.0.0.1", 9, "line", ""))
    page.view.edited.emit()
    page.view.preview.click()
    spin(until=page.view.preview.isVisible)


def sources_none(stage: Stage) -> None:
    stage.sources(Kind.CAMERA)


def light(state: Callable[[Stage], None]) -> Callable[[Stage], None]:
    def shown(stage: Stage) -> None:
        stage.window.context.theme.use("light")
        state(stage)

    return shown


STATES: dict[str, Callable[[Stage], None]] = {
    "models-idle": models_idle,
    "models-broken": models_broken,
    "models-swap-ready": swap_ready,
    "models-swap-waiting": swap_waiting,
    "models-swap-done": swap_done,
    "jobs-thresholds": jobs_thresholds,
    "jobs-masks": jobs_masks,
    "jobs-parts": jobs_parts,
    "jobs-picture": jobs_picture,
    "jobs-job": jobs_job,
    "jobs-diff": jobs_diff,
    "jobs-foreign": jobs_foreign,
    "sources-preview": sources_preview,
    "sources-error": sources_stream,
    "sources-none": sources_none,
    "models-light": light(models_idle),
    "jobs-light": light(jobs_thresholds),
}


def take(name: str, size: tuple[int, int], out: Path) -> None:
    """One picture, of a window of its own on a demo of its own."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(ROOT / "assets", root / "assets")
        shutil.copytree(ROOT / "models", root / "models")
        another_version(root / "models", "2", 0.9931)
        third = another_version(root / "models", "3", 0.9874) / "model-fp32.onnx"
        third.write_bytes(third.read_bytes()[:-1] + b"?")
        paths = Paths(root / "assets/jobs", root / "models", root / "record.db")
        made_up_scores(
            root / "record.db", load_recipe(paths.jobs / f"{JOB}.recipe.toml").model_sha256
        )
        window = make_window(SettingsFile(None, GuiSettings(who="Anna")), paths)
        window.resize(*size)
        window.show()
        STATES[name](Stage(window, paths))
        QApplication.processEvents()
        window.grab().save(str(out / f"{name}-{size[0]}x{size[1]}.png"))
        window.close_now()
        window.deleteLater()
        spin(0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(STATES)}; default: all")
    parser.add_argument("--size", action="append", help="WxH; default: 1280x720 and 1920x1080")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    sizes = [(int(w), int(h)) for w, h in (s.split("x") for s in arguments.size or [])] or SIZES
    make_application(["inspector"])
    for name in arguments.names or STATES:
        for size in sizes:
            take(name, size, arguments.out)
            sys.stdout.write(f"{name} {size}\n")


if __name__ == "__main__":
    main()
