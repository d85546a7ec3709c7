"""A GPU that breaks in mid-run: parts, record and document say what really judged."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.config import RunConfig
from inspector.core.inspection import Part, Verdict
from inspector.engine.judging import Decision
from inspector.inference.lanes import LANES
from inspector.inference.providers import CPU, CUDA
from inspector.station import build
from inspector.station.build import build_station
from tests.support.gpus import ILLEGAL_ADDRESS, OUT_OF_MEMORY, OneModel, Script, scripted_gpu
from tests.support.tiny_model import write_tiny_package

FRAMES, BREAKS_AT = 12, 4


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Parts that would all pass."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for n in range(FRAMES):
        image = np.random.default_rng(n).normal(60, 4, (64, 64, 3)).clip(0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{n:03d}.png"), image)
    return folder


class Breaks:
    """Breaks the GPU once a frame has been decided."""

    def __init__(self, script: Script, message: str) -> None:
        self._script, self._message = script, message

    def on_decision(self, decision: Decision) -> None:
        if decision.ticket.frame.index == BREAKS_AT - 1:
            self._script.problem = self._message


def events(db: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(db) as connection:
        # a slow machine may have told of a stall, too
        wanted = "select kind, detail from events where kind like 'gpu_%' order by id"
        found = connection.execute(wanted).fetchall()
    connection.close()
    return found


@pytest.mark.parametrize("message", [ILLEGAL_ADDRESS, OUT_OF_MEMORY])
def test_the_run_goes_on_on_the_cpu_and_no_part_passes_unseen(
    pictures: Path, tmp_path: Path, message: str
):
    script, db = Script(), tmp_path / "record.db"
    model = write_tiny_package(tmp_path / "tiny", t1=0.9, t2=0.95)
    predictor = scripted_gpu(model, script)
    parts: list[Part] = []
    heard: list[str] = []
    config = RunConfig(source=str(pictures), model=model, db=db)
    with build_station(
        config,
        models=OneModel(predictor),
        part_listeners=[lambda part, frame: parts.append(part)],
        frame_observers=[Breaks(script, message)],
        on_event=lambda kind, detail: heard.append(kind),
    ) as station:
        assert station.predictor.provider == CUDA
        station.pipeline.start()
        status = station.finish()
        document = station.document(status)

    assert status.first_error is None
    assert status.accounting_problem() is None
    verdicts = [part.verdict for part in parts]
    assert len(verdicts) == FRAMES
    invalid = [n for n, verdict in enumerate(verdicts) if verdict is Verdict.INVALID]
    assert invalid == [BREAKS_AT]
    assert "the GPU is" in (parts[BREAKS_AT].reason or "")
    assert verdicts.count(Verdict.PASS) == FRAMES - 1
    assert document["provider"] == CPU
    assert [kind for kind in heard if kind.startswith("gpu_")] == ["gpu_degraded"]
    ((kind, detail),) = events(db)
    assert kind == "gpu_degraded"
    assert detail.startswith("on the CPU instead of CUDA")


@pytest.mark.parametrize(("cores", "lanes"), [(16, LANES), (1, 0)])
def test_a_replay_on_a_gpu_looks_ahead_and_breaks_no_worse(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, lanes: int
):
    script = Script()
    model = write_tiny_package(tmp_path / "tiny", t1=0.9, t2=0.95)
    predictor = scripted_gpu(model, script)
    monkeypatch.setattr(build, "open_predictor", lambda *given, **options: predictor)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    parts: list[Part] = []
    with build_station(
        RunConfig(source=str(pictures), model=model),
        part_listeners=[lambda part, frame: parts.append(part)],
        frame_observers=[Breaks(script, ILLEGAL_ADDRESS)],
    ) as station:
        assert station.pipeline._ahead.threads == max(0, lanes - 1)
        station.pipeline.start()
        status = station.finish()
    assert status.first_error is None
    assert status.accounting_problem() is None
    invalid = [n for n, part in enumerate(parts) if part.verdict is Verdict.INVALID]
    # those on the GPU as it broke; as many may have been looked at before their turn
    assert 1 <= len(invalid) <= max(1, lanes)
    assert set(invalid) <= set(range(BREAKS_AT, BREAKS_AT + 2 * lanes + 1))
    assert [p.verdict for p in parts].count(Verdict.PASS) == FRAMES - len(invalid)


@pytest.mark.parametrize("cores", [1, 16])
def test_where_the_network_runs_beside_no_thread_looks_ahead(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int
):
    model = write_tiny_package(tmp_path / "tiny", t1=0.9, t2=0.95)
    predictor = scripted_gpu(model, Script())
    monkeypatch.setattr(build, "open_predictor", lambda *given, **options: predictor)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr(type(predictor), "runs_beside", property(lambda predictor: True))
    with build_station(RunConfig(source=str(pictures), model=model)) as station:
        assert station.pipeline._ahead.threads == 0


def test_with_nothing_left_every_later_part_is_invalid(pictures: Path, tmp_path: Path):
    script = Script()
    model = write_tiny_package(tmp_path / "tiny", t1=0.9, t2=0.95)
    predictor = scripted_gpu(model, script, stay=True)
    parts: list[Part] = []
    with build_station(
        RunConfig(source=str(pictures), model=model),
        models=OneModel(predictor),
        part_listeners=[lambda part, frame: parts.append(part)],
        frame_observers=[Breaks(script, ILLEGAL_ADDRESS)],
    ) as station:
        station.pipeline.start()
        status = station.finish()
    assert status.first_error is None
    assert status.accounting_problem() is None
    passed = [n for n, part in enumerate(parts) if part.verdict is Verdict.PASS]
    assert passed == list(range(BREAKS_AT))
    assert {part.verdict for part in parts[BREAKS_AT:]} == {Verdict.INVALID}


def test_a_run_that_has_ended_hears_no_more_of_a_gpu_that_others_share(
    pictures: Path, tmp_path: Path
):
    script, db = Script(), tmp_path / "record.db"
    model = write_tiny_package(tmp_path / "tiny", t1=0.9, t2=0.95)
    shared = scripted_gpu(model, script)
    front = shared.front(shared.run, lambda: None)
    with build_station(
        RunConfig(source=str(pictures), model=model, db=db), models=OneModel(front)
    ) as station:
        station.pipeline.start()
        station.finish()
        script.problem = ILLEGAL_ADDRESS
        with pytest.raises(Exception, match="lost"):
            shared.run([np.zeros((64, 64, 3), np.uint8)])
    assert events(db) == []
    shared.close()
