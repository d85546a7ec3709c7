"""A long run in short, or in real time: does anything grow, leak or get slower?

    python -m tests.faults.soak --frames 10000000
    python -m tests.faults.soak --minutes 120 --fps 60 --size 1920x1080

Frames are ready-made (decoding is left out); presence, judge, parts, record, seals and
statistics are the station's own. With ``--fps`` the source is live and paced, else every
frame is inspected as fast as it goes. Prints a table, and ends with 1 where something is
not flat.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import psutil

from inspector.core.frame import Frame, SourceInfo
from inspector.core.presence import PresenceRule, encode_thumbnail
from inspector.core.recipe import PartRule, Recipe, Thresholds
from inspector.engine.pipeline import Pipeline
from inspector.engine.run_setup import RunSetup
from inspector.engine.status import PipelineStatus
from inspector.sources.stamp import FrameStamper
from inspector.store.opening import open_reader, open_store
from inspector.store.queries import score_quantiles, snapshot, tally
from inspector.store.recorder import begin_run
from inspector.vision.presence import thumbnail
from tests.faults.rig import CYCLE, EMPTY, GOOD
from tests.support.fakes import MODEL_ID, ScriptedPredictor
from tests.support.records import END, new_id, run_start

LOOKS = 40
WARM = 0.25
"""Share of the run that caches, arenas and the log may take to find their size."""
MOST_DRIFT, MOST_SLOWING = 1.5, 4.0
"""Of computing a frame, and of the time it takes: other work explains some of that, a line that
hardly moves is beyond it."""
KEY = b"k" * 32


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the process. MB are 10^6 bytes; ``cpu_s`` is what it has computed so far."""

    frames: int
    seconds: float
    cpu_s: float
    rss_mb: float
    handles: int
    threads: int
    log_mb: float
    age_p99_ms: float


class Belt:
    """Parts come and go in ready-made pictures, ``frames`` times or until stopped."""

    def __init__(self, frames: int, size: tuple[int, int], fps: float | None) -> None:
        self._left, self._fps = frames, fps
        self._pictures = _pictures(size)
        self._stamper = FrameStamper(station_id="soak", source_id="belt")
        self._stop = threading.Event()
        self._due = time.monotonic()
        self._number = 0
        self.info = SourceInfo("belt", "belt:", fps is not None, *size, fps or 100.0, None)

    def open(self) -> SourceInfo:
        return self.info

    def read(self) -> Frame | None:
        if self._number >= self._left or self._stop.is_set():
            return None
        if self._fps is not None:
            self._due += 1 / self._fps
            self._stop.wait(max(0.0, self._due - time.monotonic()))
        picture = self._pictures[self._number % len(self._pictures)]
        self._number += 1
        return self._stamper.stamp(picture, pts_ns=None)

    def interrupt(self) -> None:
        self._stop.set()

    def close(self) -> None:
        return None


def _pictures(size: tuple[int, int]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    made = []
    for number in range(4 * CYCLE):
        level = GOOD if 4 <= number % CYCLE < 10 else EMPTY
        picture = cv2.resize(level, size, interpolation=cv2.INTER_NEAREST)
        noise = rng.integers(0, 4, (*picture.shape[:2], 1), np.uint8)
        made.append(picture + noise)
    return made


def recipe() -> Recipe:
    reference = encode_thumbnail(thumbnail(EMPTY))
    rule = PartRule(mode="presence", presence=PresenceRule(reference=reference))
    sha = MODEL_ID.rpartition("#")[2]
    return Recipe(model_sha256=sha, thresholds=Thresholds(t1=0.5, t2=0.8), parts=rule)


class Observer:
    """Looks at the process, and asks for statistics, as a person beside the line would."""

    def __init__(self, pipeline: Pipeline, db: Path) -> None:
        self._pipeline, self._db = pipeline, db
        self._process = psutil.Process()
        self._began = time.monotonic()
        self._log = db.with_name(db.name + "-wal")

    def look(self) -> Look:
        self._ask()
        status = self._pipeline.status()
        return Look(
            status.captured,
            round(time.monotonic() - self._began, 1),
            round(sum(self._process.cpu_times()[:2]), 2),
            round(self._process.memory_info().rss / 1e6, 1),
            self._process.num_fds() if hasattr(self._process, "num_fds") else 0,
            threading.active_count(),
            round(self._log.stat().st_size / 1e6, 1) if self._log.exists() else 0.0,
            round(status.latency_ms["age"].p99, 2),
        )

    def _ask(self) -> None:
        store = open_reader(self._db)
        try:
            with snapshot(store) as asked:
                tally(asked)
                score_quantiles(asked)
        finally:
            store.close()


def soak(
    folder: Path, frames: int, seconds: float | None, size: tuple[int, int], fps: float | None
) -> tuple[list[Look], PipelineStatus]:
    """Runs it; Ctrl-C ends it early. Raises AssertionError where the accounts do not add up."""
    db = folder / "soak.db"
    source = Belt(frames, size, fps)
    recorder = begin_run(open_store(db), run_start(), KEY)
    pipeline = Pipeline(
        RunSetup(
            run_id="soak",
            source=source,
            info=source.info,
            predictor=ScriptedPredictor(lambda image: float(image[::8, ::8].mean()) / 255),
            recipe=recipe(),
            new_id=new_id,
            sinks=[recorder],
        )
    )
    observer = Observer(pipeline, db)
    pipeline.start()
    looks: list[Look] = []
    try:
        looks.extend(_looks(pipeline, observer, frames, seconds))
    except KeyboardInterrupt:
        print(f"interrupted after {pipeline.status().captured:,} frames", file=sys.stderr)
    pipeline.stop()
    status = pipeline.join()
    recorder.finish(END)
    assert status.accounting_problem() is None
    assert status.first_error is None
    return looks, status


def _looks(
    pipeline: Pipeline, observer: Observer, frames: int, seconds: float | None
) -> Iterator[Look]:
    due, began = 1, time.monotonic()
    while not pipeline.wait(0.2):
        elapsed = time.monotonic() - began
        share = elapsed / seconds if seconds else pipeline.status().captured / frames
        if share * LOOKS >= due:
            due = int(share * LOOKS) + 1
            yield observer.look()
        if seconds and elapsed >= seconds:
            return


def after_warming(looks: list[Look]) -> list[Look]:
    return looks[int(WARM * len(looks)) :]


def problems(looks: list[Look]) -> list[str]:
    """What is not flat, in words."""
    settled = after_warming(looks)
    if len(settled) < 4:
        return ["too few looks: let it run longer"]
    found = []
    growth = slope([k.frames / 1e6 for k in settled], [k.rss_mb for k in settled])
    grown = growth * (settled[-1].frames - settled[0].frames) / 1e6
    if grown > max(8.0, 0.05 * settled[0].rss_mb):
        found.append(f"memory grows by {grown:.1f} MB")
    if max(k.handles for k in settled[-3:]) > max(k.handles for k in settled[:3]) + 2:
        found.append(f"handles grow from {settled[0].handles} to {settled[-1].handles}")
    if max(k.threads for k in settled) > settled[0].threads:
        found.append(f"threads grow from {settled[0].threads} to {settled[-1].threads}")
    if max(k.log_mb for k in settled) > 100:
        found.append("the write-ahead log grows beyond 100 MB")
    return [*found, *_pace(settled)]


def _pace(settled: list[Look]) -> list[str]:
    if any(later.frames <= earlier.frames for earlier, later in pairwise(settled)):
        return ["it stood still between two looks"]
    if (ratio := drift(settled)) > MOST_DRIFT:
        return [f"one of the last quarter costs {ratio:.2f} times one of the first"]
    if (ratio := slowing(settled)) > MOST_SLOWING:
        return [f"one of the last quarter took {ratio:.1f} times as long as one of the first"]
    return []


def slope(x: list[float], y: list[float]) -> float:
    """Least squares; 0 where nothing can be said, all having been seen at one place."""
    off = np.asarray(x) - np.mean(x)
    spread = float(off @ off)
    return float(off @ np.asarray(y)) / spread if spread > 0 else 0.0


def drift(looks: list[Look]) -> float:
    """Computing a frame in the last quarter, relative to the first."""
    return _last_to_first(looks, lambda look: look.cpu_s)


def slowing(looks: list[Look]) -> float:
    """Time a frame in the last quarter, relative to the first; other work counts, too."""
    return _last_to_first(looks, lambda look: look.seconds)


def _last_to_first(looks: list[Look], spent: Callable[[Look], float]) -> float:
    quarter = max(1, len(looks) // 4)

    def cost(some: list[Look]) -> float:
        return (spent(some[-1]) - spent(some[0])) / max(1, some[-1].frames - some[0].frames)

    return cost(looks[-quarter - 1 :]) / max(1e-12, cost(looks[: quarter + 1]))


def summary(looks: list[Look], status: PipelineStatus) -> dict[str, object]:
    settled = after_warming(looks)
    return {
        "frames": status.captured,
        "parts": status.parts_total,
        "seconds": round(status.running_s, 1),
        "frames_per_s": round(status.capture_fps, 1),
        "dropped": status.dropped_total,
        "rss_mb": [settled[0].rss_mb, settled[-1].rss_mb],
        "rss_mb_per_million_frames": round(
            slope([k.frames / 1e6 for k in settled], [k.rss_mb for k in settled]), 2
        ),
        "handles": [settled[0].handles, settled[-1].handles],
        "threads": [settled[0].threads, settled[-1].threads],
        "log_mb_max": max(k.log_mb for k in looks),
        "cpu_a_frame_last_to_first_quarter": round(drift(settled), 3),
        "age_p99_ms": looks[-1].age_p99_ms,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--frames", type=int, default=10_000_000)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--fps", type=float)
    parser.add_argument("--size", default="64x64", help="WIDTHxHEIGHT")
    parser.add_argument("--verbose", action="store_true", help="print every look")
    given = parser.parse_args()
    width, height = (int(v) for v in given.size.split("x"))
    frames = 10**12 if given.minutes else given.frames
    seconds = 60 * given.minutes if given.minutes else None
    with tempfile.TemporaryDirectory(prefix="inspector-soak-") as folder:
        looks, status = soak(Path(folder), frames, seconds, (width, height), given.fps)
    if given.verbose:
        for look in looks:
            print(json.dumps(asdict(look)))
    if looks:
        print(json.dumps(summary(looks, status), indent=2))
    found = problems(looks)
    for problem in found:
        print(f"not flat: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
