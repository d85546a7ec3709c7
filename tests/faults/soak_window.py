"""The same over hours with the window open: the program itself, seen from outside.

    python -m tests.faults.soak_window --minutes 120

``inspector gui`` on a screen of its own (Xvfb) inspects a simulated 1080p60 line with the demo
model, records and archives. Looked at are the process and its record. Ends with 1 where
something is not flat.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from inspector.store.opening import open_reader
from inspector.store.queries import RunSummary, list_runs, snapshot, tally
from tests.faults.soak import LOOKS, Look, after_warming, drift, problems

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "sim:metal_nut?seed=1&defect_rate=0.2&width={}&height={}&fps={}"
START_S, END_S = 60.0, 30.0


@dataclass(frozen=True, slots=True)
class Seen:
    """All looks, the run as recorded, and how the program ended. A look counts parts."""

    looks: list[Look]
    run: RunSummary
    exit_code: int | None


@contextmanager
def _screen(folder: Path, width: int, height: int) -> Iterator[dict[str, str]]:
    """A display of that size, and an environment in which nothing of the user's is touched."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24"]
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as numbers:
            display = f":{numbers.readline().strip()}"
        own = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "QT_QPA_PLATFORM": "xcb"}
        yield {**os.environ, **own, "DISPLAY": display}
    finally:
        server.kill()
        server.wait()


def _command(db: Path, size: tuple[int, int], fps: int) -> list[str]:
    width, height = size
    side = height * 8 // 9
    region = f"{(width - side) // 2},{(height - side) // 2},{side},{side}"
    return [
        *(sys.executable, "-m", "inspector", "gui", SOURCE.format(width, height, fps)),
        *("--model", str(ROOT / "models/metal_nut/1"), "--models", str(ROOT / "models")),
        *("--roi", region, "--empty-frames", "0:4", "--db", str(db), "--start"),
        *("--jobs", str(db.parent / "jobs")),
    ]


def _parts(db: Path) -> int:
    if not db.exists():
        return 0
    store = open_reader(db)
    try:
        with snapshot(store) as asked:
            return tally(asked).total
    finally:
        store.close()


def _look(process: psutil.Process, db: Path, began: float) -> Look:
    log = db.with_name(db.name + "-wal")
    return Look(
        _parts(db),
        round(time.monotonic() - began, 1),
        round(sum(process.cpu_times()[:2]), 2),
        round(process.memory_info().rss / 1e6, 1),
        process.num_fds(),
        process.num_threads(),
        round(log.stat().st_size / 1e6, 1) if log.exists() else 0.0,
        0.0,
    )


def soak_window(folder: Path, seconds: float, size: tuple[int, int], fps: int) -> Seen:
    """Runs it; raises RuntimeError where the program ends by itself or inspects nothing."""
    db = folder / "record.db"
    with _screen(folder, 1920, 1080) as environment:
        program = subprocess.Popen(_command(db, size, fps), env=environment, cwd=ROOT)
        try:
            _until_it_inspects(program, db)
            looks = list(_looks(program, db, seconds))
            program.terminate()
            code = _ended(program)
        finally:
            program.kill()
            program.wait()
    store = open_reader(db)
    try:
        with snapshot(store) as asked:
            (run,) = list_runs(asked)
    finally:
        store.close()
    return Seen(looks, run, code)


def _ended(program: subprocess.Popen[bytes]) -> int | None:
    """None where it had to be killed."""
    try:
        return program.wait(END_S)
    except subprocess.TimeoutExpired:
        return None


def _until_it_inspects(program: subprocess.Popen[bytes], db: Path) -> None:
    until = time.monotonic() + START_S
    while _parts(db) == 0:
        if program.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"no part within {START_S:g} s (exit code {program.poll()})")
        time.sleep(0.5)


def _looks(program: subprocess.Popen[bytes], db: Path, seconds: float) -> Iterator[Look]:
    process, began = psutil.Process(program.pid), time.monotonic()
    for number in range(1, LOOKS + 1):
        time.sleep(max(0.0, began + number * seconds / LOOKS - time.monotonic()))
        if program.poll() is not None:
            raise RuntimeError(f"the program ended by itself (exit code {program.returncode})")
        yield _look(process, db, began)


def found(seen: Seen) -> list[str]:
    """What is not flat, or did not end as it should, in words."""
    told = problems(seen.looks)
    if seen.exit_code != 0 or seen.run.error is not None:
        told.append(f"it ended with {seen.exit_code}, {seen.run.error}")
    if seen.run.is_unfinished:
        told.append("the run is not ended in the record")
    return told


def summary(seen: Seen) -> dict[str, object]:
    settled = after_warming(seen.looks)
    first, last = settled[0], settled[-1]
    return {
        "parts": last.frames,
        "seconds": last.seconds,
        "rss_mb": [first.rss_mb, last.rss_mb],
        "handles": [first.handles, last.handles],
        "threads": [first.threads, last.threads],
        "log_mb_max": max(k.log_mb for k in seen.looks),
        "cpu_a_part_last_to_first_quarter": round(drift(settled), 3),
        "share_of_a_core": round((last.cpu_s - first.cpu_s) / (last.seconds - first.seconds), 2),
        "counters": seen.run.counters,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--fps", type=int, default=60)
    parser.add_argument("--size", default="1920x1080", help="WIDTHxHEIGHT")
    parser.add_argument("--verbose", action="store_true", help="print every look")
    given = parser.parse_args()
    # ended from outside, it ends the program and the screen too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    width, height = (int(v) for v in given.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="inspector-soak-") as folder:
        seen = soak_window(Path(folder), 60 * given.minutes, (width, height), given.fps)
    if given.verbose:
        for look in seen.looks:
            print(json.dumps(asdict(look)))
    print(json.dumps(summary(seen), indent=2))
    for problem in (told := found(seen)):
        print(f"not flat: {problem}", file=sys.stderr)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
