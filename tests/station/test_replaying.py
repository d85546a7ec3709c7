"""A replay that somebody watches is the replay of the command line, with an index."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.config import RunConfig
from inspector.core.inspection import Verdict
from inspector.core.recipe import Recipe, Thresholds
from inspector.core.timeline import Goal
from inspector.engine.playback import Player
from inspector.errors import ConfigError, InputError, SourceOpenError
from inspector.inference.package import load_package
from inspector.sources.readers import open_reader
from inspector.station.exporting import annotated_export
from inspector.station.map_maker import MapMaker
from inspector.station.replay_index import ReplayIndex
from inspector.station.replaying import Phase, ReplayRun
from inspector.station.truth_beside import find_truth
from tests.support.cli import InProcess
from tests.support.footage import write_line
from tests.support.tiny_model import tell_apart, write_tiny_package

LEVELS = [100, 230, 170, 250, 100]
P, R, F = Verdict.PASS, Verdict.REVIEW, Verdict.FAIL


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    package = write_tiny_package(tmp_path / "package", t1=0.6, t2=0.8)
    line = write_line(tmp_path / "line.mkv", LEVELS)
    return RunConfig(source=str(line), model=package, empty_frames=(0, 4))


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> InProcess:
    return InProcess(capfd, monkeypatch)


def finished(run: ReplayRun) -> ReplayRun:
    run.start()
    assert run.join(30)
    return run


def test_the_same_records_as_the_command_line(config: RunConfig, tmp_path: Path, cli: InProcess):
    truth = find_truth(Path(config.source))
    run = finished(ReplayRun(config, truth=truth.parts))
    outcome = run.outcome()
    assert outcome is not None
    result = cli(
        *("replay", config.source, "--model", config.model, "--empty-frames", "0:4"),
        *("--truth", truth.path, "--json", tmp_path / "r.json"),
    )
    assert result.code == 0, result
    document = json.loads((tmp_path / "r.json").read_text())
    assert outcome.records_sha256 == document["records_sha256"]
    assert {k: v for k, v in outcome.document.items() if k != "latency_ms"} == {
        k: v for k, v in document.items() if k != "latency_ms"
    }


def test_everything_to_jump_to_is_at_hand(config: RunConfig):
    truth = find_truth(Path(config.source)).parts
    run = finished(ReplayRun(config, truth=truth))
    status, timeline = run.status(), run.timeline()
    assert (status.phase, status.done, status.total, status.parts) == (Phase.FINISHED, 50, 50, 5)
    assert [m.verdict for m in timeline.marks] == [P, F, R, F, P]
    assert [m.disagrees for m in timeline.marks] == [False, False, True, False, False]
    fail = timeline.jump(0, Goal.FAIL)
    assert fail is not None
    assert fail.first_frame == 14
    recorded = run.index.recorded(fail.at)
    assert recorded is not None
    assert recorded.predictions is not None
    assert recorded.predictions[0] is not None
    assert recorded.inspections[0].verdict is F
    assert recorded.inspections[0].score == pytest.approx(230 / 255, abs=1e-3)
    assert timeline.scores[fail.at] == pytest.approx(230 / 255, abs=1e-3)
    assert run.index.recorded(0).inspections == ()
    assert run.index.recorded(50) is None


def test_cancelled_in_mid_run_keeps_what_it_has_seen(config: RunConfig):
    run = ReplayRun(config)
    met, go_on = threading.Event(), threading.Event()
    on_part = run.index.on_part

    def wait_at_the_second(part, frame):
        on_part(part, frame)
        if part.part_index == 1:
            met.set()
            assert go_on.wait(20)

    run.index.on_part = wait_at_the_second  # type: ignore[method-assign]
    run.start()
    assert met.wait(20)
    run.cancel()
    go_on.set()
    assert run.join(30)
    assert run.status().phase is Phase.CANCELLED
    assert run.outcome() is None
    assert [m.verdict for m in run.timeline().marks][:2] == [P, F]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"source": "gone.mp4"}, SourceOpenError),
        ({"model": Path("gone")}, InputError),
        ({"source": "0"}, InputError),
    ],
)
def test_what_cannot_run_says_why(config: RunConfig, change: dict, error: type[Exception]):
    run = finished(ReplayRun(replace(config, **change)))
    assert run.status().phase is Phase.FAILED
    assert isinstance(run.status().error, error)


def test_maps_without_room_are_made_again_for_a_picture_that_stands(config: RunConfig):
    run = ReplayRun(config)
    run.index = ReplayIndex(maps_bytes=0)
    finished(run)
    recorded = run.index.recorded(16)
    assert recorded is not None
    assert recorded.predictions is None
    maker = MapMaker(config, run.recipe)
    reader = open_reader(config.source)
    reader.open()
    made = maker(reader.read_at(16), recorded)
    reader.close()
    maker.close()
    assert made.predictions is not None
    assert made.predictions[0] is not None
    assert made.predictions[0].score == recorded.inspections[0].score


def test_no_room_is_taken_for_frames_that_a_damaged_container_promises():
    index = ReplayIndex()
    thresholds = Thresholds(t1=0.5, t2=0.8)
    index.expect(2**40, thresholds)
    assert index.timeline().frame_count == 0
    index.expect(50, thresholds)
    assert index.timeline().frame_count == 50


def test_maps_are_of_the_variant_that_ran(config: RunConfig):
    write_tiny_package(config.model, t1=0.6, t2=0.8, variants=("fp32", "int8"))
    tell_apart(config.model, "int8")
    fp32 = load_package(config.model).manifest.variant("fp32")
    recipe = Recipe(model_sha256=fp32.sha256, thresholds=Thresholds(t1=0.6, t2=0.8))
    run = ReplayRun(replace(config, recipe=recipe))
    run.index = ReplayIndex(maps_bytes=0)
    finished(run)
    maker = MapMaker(run.config, run.recipe)
    reader = open_reader(config.source)
    reader.open()
    made = maker(reader.read_at(16), run.index.recorded(16))
    reader.close()
    maker.close()
    assert maker.problem is None
    assert made.predictions[0].model_id == run.outcome().model_id


def test_maps_of_a_package_that_has_changed_are_not_made(config: RunConfig):
    run = finished(ReplayRun(config))
    write_tiny_package(config.model, t1=0.6, t2=0.8, size=32)
    maker = MapMaker(config, run.recipe)
    reader = open_reader(config.source)
    reader.open()
    recorded = replace(run.index.recorded(16), predictions=None)
    assert maker(reader.read_at(16), recorded) is recorded
    reader.close()
    maker.close()
    assert "has changed since the run" in (maker.problem or "")


def test_the_player_shows_each_frame_with_its_own_inspection(config: RunConfig):
    run = finished(ReplayRun(config))
    reader = open_reader(config.source, run.index.pts_of)
    player = Player(reader, recorded=run.index.recorded)
    player.start()
    for index in (34, 16, 17, 2, 49):
        player.seek(index)
        with player._changed:
            assert player._changed.wait_for(
                lambda i=index: player._shown and player._shown.frame.index == i, timeout=20
            )
        shown = player.shown()
        assert {i.frame_index for i in shown.recorded.inspections} <= {index}
        spot = int(shown.frame.image[32, 32, 0])
        number, rest = divmod(index, 10)
        assert spot == LEVELS[number] if rest >= 4 else spot < 30
    assert player.close()


def test_the_annotated_video_is_whole_or_absent(config: RunConfig, tmp_path: Path):
    out = tmp_path / "shown.mp4"
    assert finished(annotated_export(config, out)).status().phase is Phase.FINISHED
    capture = cv2.VideoCapture(str(out))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 50
    capture.release()
    assert [p.name for p in tmp_path.glob("*.mp4")] == ["shown.mp4"]
    out.unlink()
    cancelled = annotated_export(config, out)
    cancelled.cancel()
    assert finished(cancelled).status().phase is Phase.CANCELLED
    assert list(tmp_path.glob("*.mp4")) == []


@pytest.mark.parametrize(("name", "said"), [("a.avi", "ends in .mp4"), ("no/a.mp4", "no folder")])
def test_places_for_an_annotated_video(config: RunConfig, tmp_path: Path, name: str, said: str):
    with pytest.raises(ConfigError, match=said):
        annotated_export(config, tmp_path / name)


def test_a_damaged_video_fails_and_keeps_what_was_seen(config: RunConfig, tmp_path: Path):
    whole = Path(config.source).read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole[: len(whole) // 2])
    run = finished(ReplayRun(replace(config, source=str(cut))))
    assert run.status().phase is Phase.FAILED
    assert "damaged" in str(run.status().error)
    assert run.timeline().marks


def test_truth_beside(tmp_path: Path):
    video = tmp_path / "a.mp4"
    assert find_truth(video).parts is None
    (tmp_path / "a.csv").write_text("time,temperature\n1,2\n")
    assert "no column" in (find_truth(video).problem or "")
    (tmp_path / "a.csv").write_text("part,first_frame,last_frame,label\n0,1,2,good\n")
    assert len(find_truth(video).parts or ()) == 1
    (tmp_path / "folder.x").mkdir()
    (tmp_path / "folder.x.csv").write_text("part,first_frame,last_frame,label\n0,1,2,good\n")
    assert find_truth(tmp_path / "folder.x").parts is not None


@pytest.mark.skipif(sys.platform != "linux", reason="a thread's own priority, handed down")
def test_a_replay_leaves_the_processor_to_the_line(config: RunConfig):
    nice = []

    def note(part, frame):
        nice.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    run = ReplayRun(config)
    run.index.on_part = note  # type: ignore[method-assign]
    finished(run)
    ours = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert set(nice) == {max(10, ours)}


SHARED_WORKERS = """
import os, sys, threading
import cv2, numpy as np
from inspector.platforms import step_back
from inspector.vision.workers import start_workers

mine = []
def work():
    mine.append(threading.get_native_id())
    start_workers()
    step_back()
    cv2.resize(np.zeros((1080, 1920, 3), np.uint8), (1777, 999))

ours = os.getpriority(os.PRIO_PROCESS, 0)
thread = threading.Thread(target=work)
thread.start()
thread.join()
# the thread itself may be on its way out of the list
tasks = {int(t) for t in os.listdir("/proc/self/task")} - set(mine)
sys.exit(any(os.getpriority(os.PRIO_PROCESS, t) != ours for t in tasks))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a thread's own priority, handed down")
def test_the_threads_that_all_share_do_not_stand_back():
    done = subprocess.run([sys.executable, "-c", SHARED_WORKERS], timeout=60, check=False)
    assert done.returncode == 0


def test_frames_that_were_lost_are_not_made_up():
    index = ReplayIndex()
    assert index.timeline().frame_count == 0
    index.expect(4, _thresholds())
    timeline = index.timeline()
    assert (timeline.frame_count, timeline.frames_done) == (4, 0)
    assert np.isnan(timeline.scores).all()


def _thresholds():
    from inspector.core.recipe import Thresholds

    return Thresholds(t1=0.5, t2=0.6)
