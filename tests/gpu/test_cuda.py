"""The bundled models on a real NVIDIA GPU; skipped where there is none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.config import RunConfig
from inspector.core.execution import Execution
from inspector.core.frame import Frame
from inspector.core.geometry import Roi
from inspector.core.inspection import Crop, Prediction
from inspector.errors import ProviderError
from inspector.inference.driver import driver
from inspector.inference.lanes import LANES
from inspector.inference.package import load_package
from inspector.inference.pinned import LockedMemory, is_locked
from inspector.inference.predictor import OnnxPredictor, open_predictor
from inspector.inference.providers import CUDA, why_no_cuda
from inspector.inference.service import ModelService
from inspector.inference.shrink import Shrinker, Workbench
from inspector.sources.factory import open_source
from inspector.sources.looped import preload
from inspector.sources.options import SourceOptions
from inspector.station.bench.device import gpu_state
from inspector.station.bench.measure import plain_follow
from inspector.station.build import build_station
from inspector.vision.resize import resize

MODELS = Path(__file__).parents[2] / "models"
LINE = "sim:{}?seed=7&width=640&height=640&fps=30&defect_rate=0.5"
ON_CUDA = Execution(provider="cuda")
WHY_NOT = why_no_cuda()

pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=f"needs an NVIDIA GPU: {WHY_NOT}")


def pictures(name: str, count: int = 24) -> list[np.ndarray]:
    return preload(open_source(LINE.format(name), SourceOptions()), count)[1]


def on_cuda(name: str = "metal_nut", **more: object) -> OnnxPredictor:
    return open_predictor(MODELS / name / "1", **{"execution": ON_CUDA, **more})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def nut() -> Iterator[OnnxPredictor]:
    """fp16, ready for batches of 8."""
    made = on_cuda(most=8)
    yield made
    made.close()


def asked(predictor: OnnxPredictor, images: list[np.ndarray]) -> list[Prediction]:
    return [predictor.predict([Crop(image)])[0] for image in images]


@pytest.mark.parametrize("name", ["metal_nut", "bottle_cap"])
@pytest.mark.parametrize("variant", ["fp32", "fp16"])
def test_a_bundled_model_runs_there_with_all_that_is_meant_to_make_it_fast(name: str, variant: str):
    predictor = on_cuda(name, variant=variant)
    assert predictor.provider == CUDA
    assert predictor.remarks == ()  # a recorded graph, page-locked copies
    predictor.close()


@pytest.mark.parametrize("name", ["metal_nut", "bottle_cap"])
def test_it_says_of_every_picture_what_the_cpu_says(name: str):
    package = load_package(MODELS / name / "1")
    images = pictures(name)
    here = open_predictor(package, variant="fp32", execution=Execution(provider="cpu"))
    for variant in ("fp32", "fp16"):
        there = on_cuda(name, variant=variant)
        atol = package.golden(variant).atol
        for ours, theirs in zip(asked(here, images), asked(there, images), strict=True):
            assert theirs.score == pytest.approx(ours.score, abs=2 * atol)
            assert theirs.anomaly_map == pytest.approx(ours.anomaly_map, abs=2 * atol)
        there.close()
    here.close()


def test_the_same_picture_gets_the_same_answer_to_the_bit(nut: OnnxPredictor):
    image = pictures("metal_nut", 1)[0]
    found = asked(nut, [image] * (3 * LANES))
    assert len({f.score for f in found}) == 1
    assert all(np.array_equal(f.anomaly_map, found[0].anomaly_map) for f in found)


def test_neighbours_in_a_batch_do_not_matter(nut: OnnxPredictor):
    images = pictures("metal_nut", 8)
    atol = load_package(MODELS / "metal_nut" / "1").golden("fp16").atol
    alone = asked(nut, images)
    for size in range(2, 9):
        together = nut.predict([Crop(image) for image in images[:size]])
        assert [p.score for p in together] == pytest.approx(
            [p.score for p in alone[:size]], abs=atol
        )


def test_models_that_come_and_go_leave_the_running_one_alone(nut: OnnxPredictor):
    """A recording fails, and spoils others' runs, if anything else touches the GPU."""
    images = pictures("metal_nut", 8)
    expected = [p.score for p in asked(nut, images)]
    ending, wrong, asked_for = threading.Event(), [], [0]

    def line() -> None:
        while not ending.is_set():
            found = [p.score for p in asked(nut, images)]
            asked_for[0] += 1
            if found != expected:
                wrong.append(found)

    with ThreadPoolExecutor(3) as pool:
        lines = [pool.submit(line) for _ in range(3)]
        for _ in range(3):
            on_cuda("bottle_cap", most=4).close()
        ending.set()
        for each in lines:
            each.result(30)
    assert asked_for[0] > 3
    assert wrong == []


def test_sixteen_cameras_each_get_their_own_answers():
    images = pictures("metal_nut", 16)
    models = ModelService()
    fronts = [models.open(MODELS / "metal_nut" / "1", execution=ON_CUDA) for _ in images]
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda p: asked(p[0], [p[1]] * 20), zip(fronts, images, strict=True)))
    atol = load_package(MODELS / "metal_nut" / "1").golden("fp16").atol
    alone = asked(fronts[0], images)
    assert models.loaded == 1
    for scores, own in zip(found, alone, strict=True):
        assert [p.score for p in scores] == pytest.approx([own.score] * 20, abs=atol)
    for front in fronts:
        front.close()
    assert models.loaded == 0


@pytest.fixture
def reach() -> Iterator[LockedMemory]:
    """Memory that the GPU reads."""
    memory = LockedMemory(8)
    yield memory
    memory.close()


REGIONS = [(960, 960), (1080, 1920), (640, 640), (701, 1001), (256, 257), (512, 512), (257, 1919)]


@pytest.mark.parametrize("wanted", [(256, 256), (224, 640), (128, 320)])
@pytest.mark.parametrize("size", REGIONS)
def test_regions_are_made_smaller_there_as_here(
    reach: LockedMemory, size: tuple[int, int], wanted: tuple[int, int]
):
    """To the bit."""
    if size[0] < wanted[0] or size[1] < wanted[1]:
        pytest.skip("never asked for")
    device, random = driver(), np.random.default_rng(0)
    shrinker = Shrinker(device, *wanted)
    stream = device.stream()
    bench = Workbench(shrinker, stream, stream.wait)
    staged = np.zeros((2, *wanted, 3), np.uint8)
    to, found = device.allocate(staged.nbytes), np.zeros_like(staged)
    frames = [reach.kept(random.integers(0, 256, (1080, 1920, 3), np.uint8)) for _ in range(4)]
    top, left = (1080 - size[0]) // 2, (1920 - size[1]) // 2
    regions = [f[top : top + size[0], left : left + size[1]] for f in frames]
    for pair in (regions[:2], regions[2:]):
        assert all(shrinker.takes(region) for region in pair)
        bench.show(pair, staged, to)
        stream.wait()
        device.download(to, found)
        for got, region in zip(found, pair, strict=True):
            np.testing.assert_array_equal(got, resize(region, *wanted))
    assert shrinker.is_proven(size)
    bench.free()
    device.free(to)
    device.spare(stream)


def test_a_region_that_the_gpu_fetches_is_answered_as_one_that_was_brought(
    nut: OnnxPredictor, reach: LockedMemory
):
    frame = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), np.uint8)
    near, roi = reach.kept(frame), Roi(x=480, y=60, width=960, height=960)
    for _ in range(2 * LANES):
        [fetched], [brought] = nut.predict([Crop(near, roi)]), nut.predict([Crop(frame, roi)])
        assert fetched.score == brought.score
        assert np.array_equal(fetched.anomaly_map, brought.anomaly_map)
        assert fetched.to_image == brought.to_image
    mixed = [Crop(near, roi), Crop(near, roi), Crop(frame, roi)]
    found = nut.predict(mixed)
    assert [p.score for p in found] == [found[0].score] * 3


def test_without_graphs_the_same_is_said(nut: OnnxPredictor):
    plain = on_cuda(execution=Execution(provider="cuda", cuda_graph=False), most=2)
    images = pictures("metal_nut", 4)
    atol = load_package(MODELS / "metal_nut" / "1").golden("fp16").atol
    expected = [p.score for p in asked(nut, images)]
    assert [p.score for p in asked(plain, images)] == pytest.approx(expected, abs=atol)
    assert not plain.runs_beside
    plain.close()


def test_a_camera_of_another_process_brings_its_pictures_within_reach(tmp_path: Path):
    image = pictures("metal_nut", 1)[0]
    cv2.imwrite(str(tmp_path / "0.png"), image)
    config = RunConfig(
        source=str(tmp_path), model=MODELS / "metal_nut" / "1", isolate=True, execution=ON_CUDA
    )
    seen: list[bool] = []

    class Looks:
        def on_frame(self, frame: Frame) -> None:
            seen.append(is_locked(frame.image))

    with build_station(config, grab_observers=[Looks()]) as station:
        plain_follow(station, 60.0)
    assert seen == [True]


def test_memory_comes_back_when_models_are_closed():
    on_cuda(most=2).close()
    before = used_mib()
    for _ in range(4):
        on_cuda(most=2).close()
    assert used_mib() - before < 64  # one model takes more


def used_mib() -> int:
    used = (gpu_state() or {})["memory_used_mib"]
    assert isinstance(used, int)
    return used


def test_a_gpu_without_room_is_said_to_be_full(monkeypatch: pytest.MonkeyPatch):
    small = Execution(provider="cuda").model_copy(update={"gpu_mem_limit_mb": 1})
    with pytest.raises(ProviderError, match="CUDA cannot be used"):
        open_predictor(MODELS / "metal_nut" / "1", execution=small)


@pytest.mark.parametrize("empty_frames", [None, (0, 4)])
def test_a_replay_gives_the_same_records_every_time_and_frame_by_frame(
    empty_frames: tuple[int, int] | None,
):
    config = RunConfig(
        source=LINE.format("metal_nut") + "&parts=6",
        model=MODELS / "metal_nut" / "1",
        execution=ON_CUDA,
        empty_frames=empty_frames,
    )
    # alone, it decides on a frame while the next is computed
    assert len({digest(config, alone=alone) for alone in (True, True, False)}) == 1


def digest(config: RunConfig, *, alone: bool) -> str:
    with build_station(config, alone=alone) as station:
        status = plain_follow(station, 60.0)
        assert status.inspected > 0
        assert station.predictor.provider == CUDA
        return station.digest.hexdigest()
