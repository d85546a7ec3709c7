"""Profiles: waiting is told from work, operators are summed from real events."""

from __future__ import annotations

import threading
from pathlib import Path

from inspector.config import RunConfig
from inspector.station.bench.sampling import by_operator, operators, sampled
from tests.support.tiny_model import write_tiny_package


def test_a_waiting_thread_is_told_from_a_busy_one():
    ending, ready = threading.Event(), threading.Barrier(3)

    def waits() -> None:
        ready.wait()
        ending.wait()

    def works() -> None:
        ready.wait()
        while not ending.is_set():
            sum(range(1000))

    threads = [threading.Thread(target=waits, name="a"), threading.Thread(target=works, name="b")]
    for thread in threads:
        thread.start()
    enough = threading.Event()
    with sampled(frozenset({"a", "b"})) as samples:
        ready.wait()
        while samples.taken["b"] < 20 and not enough.wait(0.01):
            pass
        ending.set()
    for thread in threads:
        thread.join()
    found = samples.as_json()
    assert found["a"]["waiting"] > 0.8
    assert found["b"]["waiting"] < 0.2
    assert any("works" in place for place in found["b"]["busy"])


def test_other_threads_are_not_looked_at():
    with sampled(frozenset({"nobody"})) as samples:
        threading.Event().wait(0.01)
    assert samples.as_json() == {}


def test_operators_of_a_real_model(tmp_path: Path):
    config = RunConfig(source="sim:metal_nut", model=write_tiny_package(tmp_path / "p"))
    found = operators(config)
    assert {"MatMul", "AveragePool", "ReduceMax"} <= set(found)
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_only_node_events_count():
    events = [
        {"cat": "Node", "dur": 3000, "args": {"op_name": "Conv"}},
        {"cat": "Node", "dur": 1000, "args": {"op_name": "Conv"}},
        {"cat": "Session", "dur": 9000, "args": {}},
        {"cat": "Node", "dur": 0, "args": {"op_name": "Cast"}},
    ]
    assert by_operator(events, runs=2) == {"Conv": 2.0}
