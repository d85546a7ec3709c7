"""Recordings of CUDA graphs are alone on the GPU; stepped by events."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from inspector.inference.gate import CaptureGate


def test_many_share_it_and_one_is_alone():
    gate = CaptureGate()
    inside, leave = threading.Semaphore(0), threading.Event()
    alone, done = threading.Event(), threading.Event()

    def share() -> None:
        with gate.shared():
            inside.release()
            assert leave.wait(10)
            assert not alone.is_set()

    def record() -> None:
        with gate.alone():
            alone.set()
            assert gate._inside == 0
        done.set()

    with ThreadPoolExecutor(3) as pool:
        sharing = [pool.submit(share) for _ in range(2)]
        for _ in sharing:
            assert inside.acquire(timeout=10)
        recording = pool.submit(record)
        with gate._changed:
            assert gate._changed.wait_for(lambda: gate._asking == 1 or done.is_set(), 10)
        assert not alone.is_set()
        leave.set()
        for future in (*sharing, recording):
            future.result(10)


def test_newcomers_wait_for_who_asked_to_be_alone():
    gate = CaptureGate()
    order: list[str] = []
    entered, leave = threading.Event(), threading.Event()

    def first() -> None:
        with gate.shared():
            entered.set()
            assert leave.wait(10)

    def record() -> None:
        with gate.alone():
            order.append("alone")

    def late() -> None:
        with gate.shared():
            order.append("late")

    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(first)]
        assert entered.wait(10)
        futures.append(pool.submit(record))
        while gate._asking == 0:
            pass
        futures.append(pool.submit(late))
        leave.set()
        for future in futures:
            future.result(10)
    assert order == ["alone", "late"]


def test_an_error_inside_opens_it_again():
    gate = CaptureGate()
    for mode in (gate.alone, gate.shared, gate.alone):
        try:
            with mode():
                raise RuntimeError("capture failed")
        except RuntimeError:
            pass
    with gate.alone():
        pass
