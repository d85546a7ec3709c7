#!/usr/bin/env python
"""Pictures of the history page over a record that real verdicts on the demo footage made.

    xvfb-run -a -s "-screen 0 3840x2160x24" python scripts/history_states.py OUT [NAME …]

The parts of the demo are recorded over and over, an hour apart, so that there is a history.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from PySide6.QtWidgets import QApplication  # noqa: E402
from screenshots import SIZES, inspect  # noqa: E402

from inspector.config import config_for_job  # noqa: E402
from inspector.core.frame import Frame  # noqa: E402
from inspector.core.inspection import Part, Verdict  # noqa: E402
from inspector.gui.app import make_application, make_window  # noqa: E402
from inspector.gui.history.page import HistoryPage  # noqa: E402
from inspector.gui.main_window import MainWindow  # noqa: E402
from inspector.gui.paths import Paths  # noqa: E402
from inspector.gui.settings import GuiSettings, SettingsFile  # noqa: E402
from inspector.store.archive_files import encode_entry, write_entry  # noqa: E402
from inspector.store.opening import open_store  # noqa: E402
from inspector.store.recorder import ArchivedImage, begin_run  # noqa: E402
from tests.support.records import END, new_id, run_start  # noqa: E402

JOB = "metal_nut"
RUNS = 12
Seen = tuple[tuple[Part, Frame | None], ...]


def seen_on_footage() -> Seen:
    """The demo's parts, each with the picture that decided it."""
    footage = inspect(config_for_job(JOB, ROOT / "assets/jobs"))
    return tuple((e.part, e.shown.frame if e.shown else None) for e in footage.parts)


def record(paths: Paths, seen: Seen) -> None:
    """Rejected parts of the last runs with pictures, some of them deleted since."""
    assert paths.db is not None
    assert paths.archive_folder is not None
    paths.archive_folder.mkdir()
    store = open_store(paths.db)
    begin = dt.datetime.now(dt.UTC) - dt.timedelta(hours=RUNS)
    for number in range(RUNS):
        start = run_start(started_at=begin + number * dt.timedelta(hours=1), job=JOB)
        recorder = begin_run(store, start)
        for part, frame in seen:
            at = start.started_at + dt.timedelta(seconds=4 * part.part_index)
            one = replace(
                part,
                part_id=new_id(),
                run_id=start.run_id,
                started_at=at,
                finished_at=at,
                defect_type="scratch" if part.verdict is Verdict.FAIL else None,
            )
            if one.verdict is not Verdict.PASS or part.part_index % 5 == 0:
                recorder.note_image(keep(paths.archive_folder, number, one, frame))
            recorder.write([], [one])
        recorder.finish(END)
    store.close()


def keep(archive: Path, number: int, part: Part, frame: Frame | None) -> ArchivedImage:
    """In the last two runs a real file; before that the quota has been at work."""
    name = f"{number + 1:06d}-{part.run_id}/gone.png"
    if number >= RUNS - 2 and frame is not None:
        entry = write_entry(archive, number + 1, part, frame, encode_entry(part, frame))
        name = f"{entry.folder.name}/{entry.stem}.png"
    return ArchivedImage(part.part_id, name, 1)


def spin(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not until():
        QApplication.processEvents()
        time.sleep(0.005)
        if time.monotonic() > end:
            raise SystemExit("the picture's state did not come")


def opened(window: MainWindow) -> HistoryPage:
    window.open_page("history")
    page = window.page("history")
    assert isinstance(page, HistoryPage)
    rest(window)
    return page


def rest(window: MainWindow) -> None:
    """Until thumbnails and pictures are there."""
    for _ in range(12):
        spin(lambda: window.context.work.pending == 0)
        for _ in range(20):
            QApplication.processEvents()


def empty(window: MainWindow) -> None:
    opened(window)


def full(window: MainWindow) -> None:
    opened(window)


def _first(page: HistoryPage, verdict: Verdict) -> None:
    place = 0
    while (row := page.view.model.row_at(place)) is None or row.verdict is not verdict:
        place += 1
    page.view.table.choose(place)


def detail(window: MainWindow) -> None:
    page = opened(window)
    _first(page, Verdict.FAIL)
    rest(window)


def relabelled(window: MainWindow) -> None:
    page = opened(window)
    _first(page, Verdict.FAIL)
    rest(window)
    labels = page.view.details.labels
    labels.kind.setCurrentText("dent")
    labels.bad.click()
    rest(window)
    labels.why.setText("only a reflection")
    labels.good.click()
    rest(window)


def filtered(window: MainWindow) -> None:
    page = opened(window)
    page.view.filters.more.setChecked(True)
    page.view.filters.verdicts[Verdict.FAIL].setChecked(True)
    page.controller.reload()
    rest(window)


def deleted(window: MainWindow) -> None:
    page = opened(window)
    page.view.filters.verdicts[Verdict.FAIL].setChecked(True)
    page.controller.reload()
    rest(window)
    total = page.view.model.outline.total
    page.view.table.choose(total - 1)
    page.view.table.scrollToBottom()
    rest(window)


def nothing_like_that(window: MainWindow) -> None:
    page = opened(window)
    page.view.filters.text.setText("no such words")
    page.controller.reload()
    rest(window)


def light(window: MainWindow) -> None:
    window.context.theme.use("light")
    relabelled(window)


STATES: MappingProxyType[str, Callable[[MainWindow], None]] = MappingProxyType(
    {
        "history-empty": empty,
        "history-full": full,
        "history-detail": detail,
        "history-relabelled": relabelled,
        "history-filtered": filtered,
        "history-deleted": deleted,
        "history-nothing": nothing_like_that,
        "history-light": light,
    }
)


def take(name: str, size: tuple[int, int], seen: Seen, out: Path) -> None:
    """One picture, of a window of its own on a record of its own."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        paths = Paths(ROOT / "assets/jobs", ROOT / "models", root / "record.db")
        if name != "history-empty":
            record(paths, seen)
        window = make_window(SettingsFile(None, GuiSettings(who="Anna")), paths)
        window.resize(*size)
        window.show()
        STATES[name](window)
        window.grab().save(str(out / f"{name}-{size[0]}x{size[1]}.png"))
        window.close_now()
        window.deleteLater()
        QApplication.processEvents()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(STATES)}; default: all")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    make_application(["inspector"])
    seen = seen_on_footage()
    for name in arguments.names or STATES:
        for size in SIZES:
            take(name, size, seen, arguments.out)
            sys.stdout.write(f"{name} {size}\n")


if __name__ == "__main__":
    main()
