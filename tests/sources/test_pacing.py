"""Pacing by absolute deadlines, with a clock of our own."""

from __future__ import annotations

import threading

import pytest

from inspector.errors import SourceInterrupted
from inspector.sources.pacing import Pacer


class FakeTime:
    def __init__(self) -> None:
        self.now_ns = 5_000
        self.waits: list[float] = []

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.waits.append(round(seconds, 6))
        self.now_ns += round(seconds * 1e9)
        return event.is_set()


def test_deadlines_are_absolute() -> None:
    time = FakeTime()
    pacer = Pacer(monotonic_ns=time.monotonic_ns, wait=time.wait)
    pacer.wait_for(0)
    time.now_ns += 30_000_000
    pacer.wait_for(100_000_000)
    time.now_ns += 250_000_000
    pacer.wait_for(200_000_000)
    pacer.wait_for(400_000_000)
    assert time.waits == [0.07, 0.05]


def test_lateness() -> None:
    time = FakeTime()
    pacer = Pacer(monotonic_ns=time.monotonic_ns, wait=time.wait)
    assert pacer.late_ns(0) == 0
    time.now_ns += 7
    assert pacer.late_ns(5) == 2
    assert pacer.late_ns(10) == -3


def test_interrupt_wakes_a_wait() -> None:
    pacer = Pacer()
    pacer.wait_for(0)
    raised = threading.Event()

    def wait_an_hour() -> None:
        with pytest.raises(SourceInterrupted):
            pacer.wait_for(3_600_000_000_000)
        raised.set()

    thread = threading.Thread(target=wait_an_hour)
    thread.start()
    pacer.interrupt()
    assert raised.wait(5)
    thread.join()
    pacer.reset()
    pacer.check()
