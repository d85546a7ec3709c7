#!/usr/bin/env python
"""Every target that the CPU path has, measured in one go with what the repository holds.

    python tests/benchmarks/cpu_targets.py --out cpu-targets

Writes ``cpu-targets.json`` and ``cpu-targets.md`` there; takes about six minutes with the
default of 12 s a row (``--only file,cameras`` picks rows). For figures the machine must be
quiet: the load before each row is noted. The line is the simulator's, its 720p file is made
first; ``inspector bench`` measures, each row in a process of its own. The window needs
``xvfb-run`` where there is no display.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.fixtured_package import write_fixtured  # noqa: E402

MODEL = ROOT / "models/metal_nut/1"
ROI_720, ROI_1080 = "320,40,640,640", "480,60,960,960"
LINE = "sim:metal_nut?seed=1&defect_rate=0.1"
EMPTY = ("--empty-frames", "0:4")
CAMERAS = "1,2,4,8,16"
Found = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; ``met`` None where no number is asked for."""

    name: str
    asked: str
    found: str
    met: bool | None
    load: float


class Desk:
    """Runs the measurements and keeps the documents they gave."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder, self.seconds = folder, seconds
        self.clip = folder / "nut720.mp4"
        self.documents: dict[str, Found] = {}
        self.rows: list[Row] = []
        self._load = 0.0

    def make_clip(self) -> None:
        # as many frames as 130 inspections a second would take
        source = f"{LINE}&width=1280&height=720&fps=30"
        command = ["simulate", source, "--frames", str(round(130 * self.seconds))]
        inspector(*command, "--out", str(self.folder), "--name", self.clip.stem)

    def bench(self, name: str, *options: str, seconds: float | None = None) -> Found:
        self._load = os.getloadavg()[0]
        place = self.folder / f"{name}.json"
        told = ["--duration", str(seconds or self.seconds), "--json", str(place)]
        inspector("bench", *options, *told)
        return self.keep(name, json.loads(place.read_text(encoding="utf-8")))

    def keep(self, name: str, document: Found) -> Found:
        self.documents[name] = document
        return document

    def row(self, name: str, asked: str, found: str, *, met: bool | None) -> None:
        self.rows.append(Row(name, asked, found, met, round(self._load, 2)))
        sys.stderr.write(f"{name}: {found}\n")

    def note_load(self) -> None:
        self._load = os.getloadavg()[0]


def inspector(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "inspector", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"inspector {' '.join(arguments)}:\n{done.stdout}")


def file_rows(desk: Desk) -> None:
    """Every frame a part, so that every frame is inspected."""
    for variant, least in (("int8", 100), ("fp32", 60)):
        found = desk.bench(
            f"file-{variant}",
            *("--model", str(MODEL), "--variant", variant),
            *("--source", str(desk.clip), "--roi", ROI_720),
        )
        rate, network = found["inspections_per_s"], found["stages_ms"]["network"]["p50"]
        desk.row(
            f"720p file, lossless, {variant}",
            f"≥ {least} inspections/s",
            f"{rate:.1f}/s (network p50 {network:.2f} ms, {found['cpu_ms_per_inspection']:.1f}"
            " ms of CPU each)",
            met=rate >= least,
        )


def own_rows(desk: Desk) -> None:
    live = f"{LINE}&width=1920&height=1080&fps=30"
    places = (
        ("720p file, lossless", str(desk.clip), ROI_720, ()),
        ("1080p30, live", live, ROI_1080, ("--live",)),
    )
    for name, source, roi, how in places:
        found = desk.bench(
            f"own-{name.split(',')[0]}",
            *("--model", str(MODEL), "--source", source, "--roi", roi),
            *(*EMPTY, *how),
        )
        own_row(desk, f"own cost a frame, {name}", found, most=1.0)


def fixture_rows(desk: Desk) -> None:
    package = write_fixtured(MODEL, desk.clip, ROI_720, desk.folder / "fixtured")
    found = desk.bench(
        "own-fixtured",
        *("--model", str(package), "--source", str(desk.clip), "--roi", ROI_720),
        *EMPTY,
    )
    own_row(desk, "own cost with fixturing, 720p file", found, most=2.5)


def own_row(desk: Desk, name: str, found: Found, *, most: float) -> None:
    stages = found["stages_ms"]
    parts = ", ".join(
        f"{s} {stages[s]['p50']:.2f}" for s in ("presence", "prepare", "judge", "record")
    )
    own = found["own_ms_p50"]
    desk.row(name, f"≤ {most:g} ms p50", f"{own:.2f} ms ({parts})", met=own <= most)


def plain_rows(desk: Desk) -> None:
    for variant in ("int8", "fp32"):
        found = desk.bench(
            f"plain-{variant}",
            *("--model", str(MODEL), "--variant", variant, "--plain"),
            *("--source", str(desk.clip), "--roi", ROI_720),
            seconds=2.0,
        )["against_plain_loop"]
        ratio = found["ratio"]
        desk.row(
            f"predict() against a plain session.run loop, {variant}",
            "within 10 %",
            f"{ratio:.3f} times as long ({found['predictor_ms']:.2f} and"
            f" {found['plain_ms']:.2f} ms)",
            met=ratio <= 1.10,
        )


def window_rows(desk: Desk) -> None:
    desk.note_load()
    seconds = max(8.0, 3 * desk.seconds)
    script = str(Path(__file__).with_name("gui_event_loop.py"))
    command = [sys.executable, script, "--seconds", str(seconds), "--fps", "30"]
    environment = dict(os.environ)
    if not environment.get("DISPLAY"):
        if shutil.which("xvfb-run"):
            command = ["xvfb-run", "-a", "-s", "-screen 0 1920x1080x24", *command]
        else:
            environment["QT_QPA_PLATFORM"] = "offscreen"
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, env=environment
    )
    found = desk.keep("window", json.loads(done.stdout))
    age, dropped = found["verdict_age_ms"], sum(found["dropped"].values())
    desk.row(
        "1080p30 live, window on",
        "no drops, age p99 ≤ 50 ms",
        f"{dropped} dropped, age p50 {age['p50']:.1f}, p99 {age['p99']:.1f} ms, event-loop gaps"
        f" p99 {found['gaps_while_running_ms']['p99']:.0f} ms",
        met=dropped == 0 and age["p99"] <= 50,
    )


def camera_rows(desk: Desk) -> None:
    _camera_rows(desk, "cameras", "", [])
    _camera_rows(desk, "cameras-in-step", ", all parts at once", ["--in-step"])


def _camera_rows(desk: Desk, name: str, said: str, more: list[str]) -> None:
    found = desk.bench(
        name,
        *("--model", str(MODEL), "--source", f"{LINE}&width=1280&height=720&fps=30"),
        *("--roi", ROI_720, *EMPTY, "--cameras", CAMERAS, *more),
        seconds=max(3.0, desk.seconds * 0.7),
    )
    for step in found["steps"]:
        desk.row(
            f"{step['cameras']} cameras at 720p30{said}",
            "table",
            f"{step['frames_per_s']:.0f} of {step['wanted_per_s']:.0f} frames/s,"
            f" {step['inspections_per_s']:.1f} inspections/s, {step['dropped']} dropped, age p50"
            f" {step['age_p50_ms']:.0f}, p99 {step['age_p99_ms']:.0f} ms,"
            f" {step['cpu_cores']:.2f} cores, {step['rss_mb']:.0f} MB",
            met=None,
        )


ROWS: Mapping[str, Callable[[Desk], None]] = {
    "file": file_rows,
    "own": own_rows,
    "fixture": fixture_rows,
    "plain": plain_rows,
    "window": window_rows,
    "cameras": camera_rows,
}


def machine() -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "at": time.strftime("%Y-%m-%d %H:%M"),
    }


def table(rows: list[Row]) -> str:
    said = {True: "met", False: "missed", None: ""}
    lines = ["| | target | found | | load before |", "|---|---|---|---|---|"]
    lines += [f"| {r.name} | {r.asked} | {r.found} | {said[r.met]} | {r.load:g} |" for r in rows]
    return "\n".join(lines) + "\n"


def chosen(text: str | None) -> list[str]:
    names = text.split(",") if text else list(ROWS)
    unknown = set(names) - set(ROWS)
    if unknown:
        raise SystemExit(f"--only: unknown {', '.join(sorted(unknown))}; known: {', '.join(ROWS)}")
    return names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=12.0, help="of a row")
    parser.add_argument("--out", type=Path, default=Path("cpu-targets"))
    parser.add_argument("--only", help=f"some of {','.join(ROWS)}")
    arguments = parser.parse_args()
    names = chosen(arguments.only)
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), arguments.seconds)
        desk.make_clip()
        for name in names:
            ROWS[name](desk)
    result = {
        "machine": machine(),
        "seconds_a_row": arguments.seconds,
        "rows": [asdict(row) for row in desk.rows],
        "documents": desk.documents,
    }
    text = json.dumps(result, indent=2, ensure_ascii=False)
    (arguments.out / "cpu-targets.json").write_text(text + "\n", encoding="utf-8")
    (arguments.out / "cpu-targets.md").write_text(table(desk.rows), encoding="utf-8")
    sys.stdout.write(table(desk.rows))


if __name__ == "__main__":
    main()
