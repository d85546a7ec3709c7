"""Runs many cases of a target and watches time, memory and files.

``python -m tests.fuzz.campaign TARGET:CASES… --first-seed S`` for the long form: in a
process of its own, so that a crash of a native decoder is seen by its exit code. The seed
of the case in hand is kept in a file, so that it can be run again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

import psutil

from inspector.sources.native_env import quiet_native_logs
from tests.fuzz.targets import NAMES, Seeds, Target, target

CASE_S = 20
"""A case that takes longer hangs."""
GROWTH = 200 << 20
ADDRESS_SPACE = 8 << 30


class Hang(Exception):
    """A case did not end in time."""


@dataclass
class Outcome:
    """Of a campaign; ``growth_mb`` of resident memory, after the first tenth."""

    target: str
    cases: int = 0
    accepted: int = 0
    slowest_ms: float = 0.0
    growth_mb: float = 0.0
    seconds: float = 0.0


def run(name: str, cases: int, first_seed: int, place: Path) -> Outcome:
    """Raises whatever a case raises, with its seed in the note."""
    (place / "seeds").mkdir(parents=True)
    fuzzed = target(name, Seeds(place / "seeds"))
    outcome = Outcome(name)
    memory, settled, start = psutil.Process(), 0, time.perf_counter()
    for number in range(cases):
        _one(fuzzed, first_seed + number, place, outcome)
        if number == cases // 10:
            settled = memory.memory_info().rss
    outcome.growth_mb = round(max(0, memory.memory_info().rss - settled) / 2**20, 1)
    outcome.seconds = round(time.perf_counter() - start, 1)
    assert outcome.growth_mb < GROWTH >> 20, f"{name}: grew by {outcome.growth_mb} MB"
    return outcome


def _one(fuzzed: Target, seed: int, place: Path, outcome: Outcome) -> None:
    folder = place / "inner" / "case"
    folder.mkdir(parents=True)
    (place / "seed").write_text(str(seed))
    began = time.perf_counter()
    try:
        with _limited():
            outcome.accepted += fuzzed.case(random.Random(seed), folder)
    except BaseException as error:
        error.add_note(f"fuzz target {fuzzed.name}, seed {seed}")
        raise
    outcome.slowest_ms = max(outcome.slowest_ms, round(1000 * (time.perf_counter() - began), 1))
    outcome.cases += 1
    shutil.rmtree(folder)
    strange = [p for p in place.iterdir() if p.name not in ("seeds", "seed", "inner")]
    strange += list((place / "inner").iterdir())
    assert not strange, f"seed {seed} wrote outside its folder: {strange}"


@contextmanager
def _limited() -> Iterator[None]:
    """Where the system can: an alarm interrupts Python, and C that comes back to it."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def late(number: int, frame: FrameType | None) -> None:
        raise Hang(f"longer than {CASE_S} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, CASE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _quick_disk() -> str | None:
    """In memory where that is to be had: making and removing folders is half of the time."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("campaigns", nargs="+", metavar="TARGET:CASES", help=", ".join(NAMES))
    parser.add_argument("--first-seed", type=int, default=0)
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    quiet_native_logs()
    for campaign in arguments.campaigns:
        name, _, cases = campaign.partition(":")
        place = Path(tempfile.mkdtemp(prefix="inspector-fuzz-", dir=_quick_disk()))
        # models that are imported are proven first; the user's cache is not for those of here
        os.environ["XDG_CACHE_HOME"] = str(place / "seeds" / "cache")
        try:
            done = run(name, int(cases), arguments.first_seed, place)
        except BaseException:
            print(f"kept for a look: {place}", file=sys.stderr)
            raise
        shutil.rmtree(place)
        print(json.dumps(asdict(done)), flush=True)


if __name__ == "__main__":
    main()
