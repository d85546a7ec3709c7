"""The combiner: right answers to each, in order, within its bounds; stepped by events."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from inspector.core.frame import Image
from inspector.errors import InferenceError
from inspector.inference.combiner import Combiner
from inspector.inference.network import Outputs


def picture(value: int, count: int = 1) -> list[Image]:
    return [np.full((2, 2, 3), value, np.uint8)] * count


class Network:
    """Answers with each picture's value; may be held inside ``run``."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.entered, self.go = threading.Semaphore(0), threading.Semaphore(0)
        self.held = False
        self.problem: BaseException | None = None

    def __call__(
        self, images: Sequence[Image], meanwhile: Callable[[], None] | None = None
    ) -> Outputs:
        values = np.array([image[0, 0, 0] for image in images])
        self.batches.append(values.tolist())
        self.entered.release()
        if meanwhile is not None:
            meanwhile()
        if self.held:
            assert self.go.acquire(timeout=10)
        if self.problem is not None:
            raise self.problem
        return {"anomaly_score": values.astype(np.float32)}


class Watched(Combiner):
    """Tells who waits for questions to wait."""

    def __init__(self, run: Network, **options: Any) -> None:
        super().__init__(run, **options)
        self.arrived = threading.Condition()
        self._waiting = Waiting(self.arrived)

    def wait_for(self, count: int) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self._waiting) >= count, timeout=10)


class Waiting(deque[Any]):
    def __init__(self, arrived: threading.Condition) -> None:
        super().__init__()
        self._arrived = arrived

    def append(self, question: Any) -> None:
        super().append(question)
        with self._arrived:
            self._arrived.notify_all()


def test_who_runs_at_once_has_time_while_it_is_computed():
    network, combiner = Network(), None
    seen: list[list[list[int]]] = []
    combiner = Combiner(network, most=4)
    combiner.join()
    found = combiner(picture(7), lambda: seen.append(list(network.batches)))
    assert found["anomaly_score"].tolist() == [7]
    assert seen == [[[7]]]  # once, and it was running


@pytest.mark.parametrize("at_once", [True, False])
def test_what_goes_wrong_meanwhile_is_the_trouble_of_who_did_it(*, at_once: bool):
    network = Network()
    combiner = Watched(network, most=4, lanes=1, patience_s=0.0 if at_once else 0.01)
    for _ in range(2 if not at_once else 1):
        combiner.join()

    def breaks() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        combiner(picture(1), breaks)
    assert network.batches == [[1]]
    assert combiner(picture(2))["anomaly_score"].tolist() == [2]


def test_who_has_to_wait_has_time_then():
    network = Network()
    combiner = Watched(network, most=4, lanes=1)
    for _ in range(2):
        combiner.join()
    network.held, seen = True, threading.Event()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(combiner, picture(1))
        assert network.entered.acquire(timeout=10)
        second = pool.submit(combiner, picture(2), seen.set)
        assert seen.wait(10)  # the only lane is taken
        assert not second.done()
        network.go.release(2)
        assert [f.result(10)["anomaly_score"].tolist() for f in (first, second)] == [[1], [2]]
    assert network.batches == [[1], [2]]


def one_inside_two_waiting(
    pool: ThreadPoolExecutor, network: Network, combiner: Watched
) -> list[Future[Outputs]]:
    """They asked with pictures 1, 2 and 3; the network is held inside the first."""
    asked = [pool.submit(combiner, picture(1))]
    assert network.entered.acquire(timeout=10)
    for n in (2, 3):
        asked.append(pool.submit(combiner, picture(n)))
        combiner.wait_for(n - 1)
    return asked


def test_one_alone_is_answered_at_once():
    network = Network()
    combiner = Watched(network, most=8, patience_s=1000.0)
    combiner.join()
    assert combiner(picture(7))["anomaly_score"].tolist() == [7.0]
    assert network.batches == [[7]]


def test_those_who_ask_while_a_batch_runs_make_the_next_one():
    network = Network()
    network.held = True
    combiner = Watched(network, most=8)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(combiner, picture(1))
        assert network.entered.acquire(timeout=10)
        others = []
        for n in (2, 3, 4):
            others.append(pool.submit(combiner, picture(n)))
            combiner.wait_for(n - 1)
        network.go.release(2)
        answers = [f.result(10)["anomaly_score"].tolist() for f in (first, *others)]
    assert answers == [[1.0], [2.0], [3.0], [4.0]]
    assert network.batches == [[1], [2, 3, 4]]


def test_a_batch_is_no_larger_than_asked_and_keeps_the_order():
    network = Network()
    network.held = True
    combiner = Watched(network, most=2)
    with ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(combiner, picture(1))]
        assert network.entered.acquire(timeout=10)
        for n in range(2, 7):
            futures.append(pool.submit(combiner, picture(n)))
            combiner.wait_for(n - 1)
        network.go.release(10)
        assert [f.result(10)["anomaly_score"][0] for f in futures] == [1, 2, 3, 4, 5, 6]
    assert network.batches == [[1], [2, 3], [4, 5], [6]]


def test_a_question_of_many_pictures_runs_alone_and_whole():
    network = Network()
    combiner = Watched(network, most=2)
    assert combiner(picture(9, count=5))["anomaly_score"].tolist() == [9.0] * 5


def test_the_first_waits_for_all_members_and_no_longer():
    network = Network()
    combiner = Watched(network, most=8, patience_s=1000.0)
    combiner.join()
    combiner.join()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(combiner, picture(1))
        combiner.wait_for(1)
        assert not network.batches
        second = pool.submit(combiner, picture(2))
        assert [f.result(10)["anomaly_score"][0] for f in (first, second)] == [1, 2]
    assert [sorted(b) for b in network.batches] == [[1, 2]]


def test_nobody_waits_for_a_camera_that_has_left():
    network = Network()
    combiner = Watched(network, most=8, patience_s=1000.0)
    combiner.join()
    combiner.join()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(combiner, picture(1))
        combiner.wait_for(1)
        combiner.leave()
        assert first.result(10)["anomaly_score"].tolist() == [1.0]


def test_patience_ends_at_its_bound():
    network = Network()
    ticks = iter([0.0, *([1.0] * 10)])
    combiner = Watched(network, most=8, patience_s=0.5, clock=lambda: next(ticks))
    combiner.join()
    combiner.join()
    assert combiner(picture(3))["anomaly_score"].tolist() == [3.0]


def test_an_error_reaches_all_who_asked_and_the_next_batch_runs():
    network = Network()
    network.held, network.problem = True, InferenceError("out of memory")
    combiner = Watched(network, most=8)
    with ThreadPoolExecutor(3) as pool:
        first, second, third = one_inside_two_waiting(pool, network, combiner)
        network.go.release(2)
        for future in (first, second, third):
            with pytest.raises(InferenceError, match="out of memory"):
                future.result(10)
    network.held, network.problem = False, None
    assert combiner(picture(4))["anomaly_score"].tolist() == [4.0]


def test_many_cameras_at_once_each_get_their_own_answers():
    network = Network()
    combiner = Watched(network, most=4)

    def camera(number: int) -> bool:
        return all(
            combiner(picture(number, 1 + n % 3))["anomaly_score"].tolist()
            == [float(number)] * (1 + n % 3)
            for n in range(200)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(camera, range(8)))
    assert max(len(b) for b in network.batches) <= 4


def test_with_two_lanes_the_next_batch_is_under_way_while_one_runs():
    network = Network()
    network.held = True
    combiner = Watched(network, most=1, lanes=2)
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(combiner, picture(n)) for n in (1, 2)]
        for _ in futures:
            assert network.entered.acquire(timeout=10)
        futures.append(pool.submit(combiner, picture(3)))
        combiner.wait_for(1)
        assert not network.entered.acquire(blocking=False)  # no third lane
        network.go.release(3)
        assert sorted(f.result(10)["anomaly_score"][0] for f in futures) == [1, 2, 3]


def test_lanes_that_become_free_together_are_all_taken():
    network = Network()
    network.held = True
    combiner = Watched(network, most=1, lanes=3)
    with ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(combiner, picture(n)) for n in range(3)]
        for _ in range(3):
            assert network.entered.acquire(timeout=10)
        for n in range(3):
            futures.append(pool.submit(combiner, picture(3 + n)))
            combiner.wait_for(n + 1)
        network.go.release(3)
        for _ in range(3):
            assert network.entered.acquire(timeout=10), "a lane is free and nobody takes it"
        network.go.release(3)
        assert sorted(f.result(10)["anomaly_score"][0] for f in futures) == list(range(6))


def test_nobody_waits_for_cameras_whose_pictures_are_under_way():
    network = Network()
    network.held = True
    combiner = Watched(network, most=8, lanes=2, patience_s=1000.0)
    for _ in range(2):
        combiner.join()
    with ThreadPoolExecutor(3) as pool:
        together = [pool.submit(combiner, picture(n)) for n in (1, 2)]
        assert network.entered.acquire(timeout=10)
        combiner.join()
        third = pool.submit(combiner, picture(3))
        assert network.entered.acquire(timeout=10)
        network.go.release(2)
        assert [f.result(10)["anomaly_score"][0] for f in (*together, third)] == [1, 2, 3]
    assert [sorted(b) for b in network.batches] == [[1, 2], [3]]


def test_who_is_interrupted_leaves_nobody_waiting_behind():
    """Ctrl-C reaches the main thread wherever it waits."""
    network = Network()
    network.held = True

    class Interrupted(Watched):
        def _is_my_turn(self, mine: Any) -> bool:
            if mine.images[0][0, 0, 0] == 2 and self._running == 0:
                raise KeyboardInterrupt
            return super()._is_my_turn(mine)

    combiner = Interrupted(network, most=1)
    with ThreadPoolExecutor(3) as pool:
        first, second, third = one_inside_two_waiting(pool, network, combiner)
        network.go.release(2)
        with pytest.raises(KeyboardInterrupt):
            second.result(10)
        assert [f.result(10)["anomaly_score"][0] for f in (first, third)] == [1, 3]
