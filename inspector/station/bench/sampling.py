"""Where the time goes: Python by sampling its threads, the network by its operators."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import numpy as np

from inspector.config import RunConfig
from inspector.inference.package import load_package
from inspector.inference.predictor import default_variant
from inspector.inference.providers import CPU
from inspector.inference.session import profiled_session

_PERIOD_S = 0.002
_RUNS = 30
_WAITS = frozenset({"wait", "wait_for", "_wait_for_tstate_lock", "acquire", "select"})
_OURS = "inspector"


@dataclass(slots=True)
class Samples:
    """Counts by thread: of all samples, of waiting ones, and by our function at work."""

    taken: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    places: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, thread: str, frame: FrameType) -> None:
        """One sample of one thread's innermost ``frame``."""
        self.taken[thread] += 1
        if frame.f_code.co_name in _WAITS:
            self.waiting[thread] += 1
            return
        self.places.setdefault(thread, Counter())[_place(frame)] += 1

    def as_json(self, top: int = 12) -> dict[str, dict[str, object]]:
        """By thread: shares of its samples, busy ones by place, highest first."""
        return {
            thread: {
                "samples": total,
                "waiting": round(self.waiting[thread] / total, 4),
                "busy": {
                    place: round(count / total, 4)
                    for place, count in self.places.get(thread, Counter()).most_common(top)
                },
            }
            for thread, total in self.taken.most_common()
        }


def _place(frame: FrameType) -> str:
    """The innermost function of this program, and what of others it is in."""
    called, at = "", frame
    while at.f_back is not None and _module(at).partition(".")[0] != _OURS:
        called = called or f" > {_module(at).partition('.')[0]}.{at.f_code.co_name}"
        at = at.f_back
    return f"{_module(at)}.{at.f_code.co_qualname}{called}"


def _module(frame: FrameType) -> str:
    name = frame.f_globals.get("__name__", "?")
    return name if isinstance(name, str) else "?"


@contextmanager
def sampled(threads: frozenset[str]) -> Iterator[Samples]:
    """Samples the threads with these names every 2 ms while the block runs.

    A sampler needs the interpreter's lock for each look: figures of a profiled run are
    for shares, not for times.
    """
    samples, ending = Samples(), threading.Event()

    def look() -> None:
        while not ending.wait(_PERIOD_S):
            names = {t.ident: t.name for t in threading.enumerate() if t.name in threads}
            for ident, frame in sys._current_frames().items():  # noqa: SLF001 - the documented way
                if ident in names:
                    samples.add(names[ident], frame)

    thread = threading.Thread(target=look, name="profile")
    thread.start()
    try:
        yield samples
    finally:
        ending.set()
        thread.join()


def operators(config: RunConfig) -> dict[str, float]:
    """Milliseconds a run of the network on the CPU, by kind of operator, highest first.

    Raises PackageError.
    """
    package = load_package(config.model)
    name = config.variant or default_variant(package.manifest, CPU)
    spec = package.manifest.input
    batch = np.random.default_rng(0).integers(0, 256, (1, spec.height, spec.width, 3), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        session = profiled_session(
            package.variant_bytes(name), threads=config.threads, prefix=f"{folder}/ort"
        )
        for _ in range(_RUNS):
            session.run(None, {spec.name: batch})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    return by_operator(events, _RUNS)


def by_operator(events: list[Mapping[str, object]], runs: int) -> dict[str, float]:
    """Sums of ONNX Runtime's node events (durations in µs), milliseconds a run."""
    sums: Counter[str] = Counter()
    for event in events:
        args = event.get("args")
        duration = event.get("dur")
        if event.get("cat") == "Node" and isinstance(args, Mapping) and isinstance(duration, int):
            sums[str(args.get("op_name"))] += duration
    return {name: round(total / 1000 / runs, 4) for name, total in sums.most_common() if total}
