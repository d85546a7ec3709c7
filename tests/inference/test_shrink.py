"""Making pictures smaller on a device, with numpy in place of the GPU."""

from __future__ import annotations

import gc
import hashlib
from importlib import resources
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.inference import pinned
from inspector.inference.pinned import LockedMemory, is_locked
from inspector.inference.shrink import Shrinker, Steps, Workbench
from inspector.vision.resize import resize
from tests.support.shrinking import HostDevice, Locks, start_of

WANTED = (32, 48)


def shrinker(device: HostDevice | None = None, wanted: tuple[int, int] = WANTED) -> Shrinker:
    return Shrinker(device or HostDevice(), *wanted, locked=lambda image: True)  # type: ignore[arg-type]


def bench_on(held: Shrinker) -> Workbench:
    stream = held.device.stream()
    return Workbench(held, stream, stream.wait)


def bench_of(device: HostDevice) -> Workbench:
    return bench_on(shrinker(device))


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def shown(bench: Workbench, images: list[np.ndarray], wanted: tuple[int, int] = WANTED) -> Any:
    staged = np.zeros((len(images), *wanted, 3), np.uint8)
    found = np.zeros_like(staged)
    bench.show(images, staged, start_of(found))
    bench._stream.wait()
    return found


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(32, 300), st.integers(48, 300)),
    offset=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    seed=st.integers(0, 9),
)
def test_it_makes_of_any_region_what_the_processor_makes(
    size: tuple[int, int], offset: tuple[int, int], seed: int
):
    frame = noise(size[0] + 7, size[1] + 9, seed)
    region = frame[offset[0] : offset[0] + size[0], offset[1] : offset[1] + size[1]]
    held = shrinker()
    found = shown(bench_on(held), [region])
    np.testing.assert_array_equal(found[0], resize(region, *WANTED))
    # and it was the device that made it: what it makes otherwise is made by the processor
    assert held.is_proven(size) is (None if size == WANTED else True)


@pytest.mark.parametrize(
    ("size", "launched"),
    [
        ((32, 49), ["blend"]),
        ((64, 96), ["halve"]),
        ((65, 97), ["halve"]),
        ((130, 201), ["halve", "halve", "blend"]),
        ((64, 60), ["blend"]),  # both axes, or neither
    ],
)
def test_it_halves_as_often_as_it_can(size: tuple[int, int], launched: list[str]):
    device = HostDevice()
    bench = bench_of(device)
    for times in (2, 3):  # once more before the first, to see whether it comes out the same
        shown(bench, [noise(*size)])
        assert device.streams[0].launched == launched * times


def test_a_batch_may_mix_what_fits_with_what_is_larger_and_repeat_its_last():
    device = HostDevice()
    small, large = noise(*WANTED), noise(100, 130)
    images = [small, large, large, small, small]
    found = shown(bench_of(device), images)
    for got, image in zip(found, images, strict=True):
        np.testing.assert_array_equal(got, resize(image, *WANTED))
    stream = device.streams[0]
    assert stream.launched == ["halve", "blend"] * 2  # a neighbour that is the same is copied
    assert stream.copied_in == 2 * large.nbytes + 2 * small.nbytes


def test_other_sizes_may_follow_and_nothing_is_left_behind():
    device = HostDevice()
    bench = bench_of(device)
    for seed, size in enumerate([(100, 130), (300, 400), (40, 50), (100, 130)]):
        image = noise(*size, seed)
        np.testing.assert_array_equal(shown(bench, [image])[0], resize(image, *WANTED))
    bench.free()
    bench.free()
    assert device.held == {}


@pytest.mark.parametrize("first", [noise(100, 130), np.zeros((100, 130, 3), np.uint8)])
def test_a_device_that_does_it_otherwise_is_found_out_and_not_asked_again(first: np.ndarray):
    """Whatever is seen first, and however often the same is seen."""
    device = HostDevice(off=1)
    held = shrinker(device)
    bench, found = bench_on(held), np.zeros((1, *WANTED, 3), np.uint8)
    staged = np.zeros_like(found)
    assert held.takes(first)
    for image in (first, first, noise(100, 130, 7), first, noise(100, 130, 8)):
        bench.show([image], staged, start_of(found))  # some were on their way already
        bench._stream.wait()
        np.testing.assert_array_equal(found[0], resize(image, *WANTED))
    assert not held.takes(first)
    assert held.takes(noise(101, 130))
    assert device.streams[0].launched == ["halve", "blend"]


def test_what_was_wrong_once_is_wrong_for_good():
    held = shrinker()
    assert held.tell((100, 130), same=True)
    assert not held.tell((100, 130), same=False)
    assert not held.tell((100, 130), same=True)
    assert held.is_proven((100, 130)) is False


def test_room_is_made_for_all_sizes_of_a_recipe_and_then_never_again():
    device = HostDevice()
    bench = bench_of(device)
    sizes = [(100, 300), (200, 130), (300, 60)]
    for size in sizes * 2:
        shown(bench, [noise(*size)])
    held = dict(device.held)
    for size in sizes * 3:
        image = noise(*size, 5)
        np.testing.assert_array_equal(shown(bench, [image])[0], resize(image, *WANTED))
    assert device.held.keys() == held.keys()


def test_room_for_a_larger_one_waits_for_the_one_before():
    images = [noise(100, 130), noise(300, 400, 1), noise(100, 130, 2)]
    found = shown(bench_of(HostDevice()), images)  # which forbids to free under queued work
    for got, image in zip(found, images, strict=True):
        np.testing.assert_array_equal(got, resize(image, *WANTED))


def test_where_memory_runs_out_the_next_picture_is_not_taken_for_it():
    device = HostDevice()
    bench = bench_of(device)
    shown(bench, [noise(100, 130)])
    device.room = 0
    for _ in range(2):
        with pytest.raises(RuntimeError, match="out of memory"):
            shown(bench, [noise(200, 230)])
        with pytest.raises(RuntimeError, match="out of memory"):
            shown(bench, [noise(100, 130)])
    device.room = None
    image = noise(100, 130, 3)
    np.testing.assert_array_equal(shown(bench, [image])[0], resize(image, *WANTED))
    bench.free()
    assert device.held == {}


@pytest.mark.parametrize("shape", [(32, 48, 1), (32, 48), (31, 48, 3), (64, 47, 3), (100, 130, 4)])
def test_what_is_neither_of_the_inputs_size_nor_larger_is_refused(shape: tuple[int, ...]):
    """Else the picture before it would be judged once more."""
    bench = bench_of(HostDevice())
    with pytest.raises(ValueError, match="a picture of shape"):
        shown(bench, [noise(*WANTED), np.zeros(shape, np.uint8)])


def test_it_takes_what_is_larger_and_within_reach():
    held = shrinker()
    assert held.takes(noise(32, 49))
    assert not held.takes(noise(*WANTED))
    assert not held.takes(noise(31, 400))  # larger is another matter: see ``resize``
    far = Shrinker(HostDevice(), *WANTED)  # type: ignore[arg-type]
    assert not far.takes(noise(100, 130))


def test_steps_leave_out_an_odd_last_row():
    assert Steps.of((131, 201), (32, 48)) == Steps(((131, 201), (65, 100), (32, 50)), blends=True)
    assert Steps.of((64, 96), (32, 48)) == Steps(((64, 96), (32, 48)), blends=False)


def test_the_compiled_kernels_are_of_this_source():
    here = resources.files("inspector.inference")
    digest = hashlib.sha256(here.joinpath("shrink.cu").read_bytes()).hexdigest()
    first = here.joinpath("shrink.ptx").read_text().splitlines()[0]
    assert first == f"// of shrink.cu, sha256 {digest}", "run scripts/build_kernels.py"


@pytest.fixture
def locks(monkeypatch: pytest.MonkeyPatch) -> Locks:
    made = Locks()
    monkeypatch.setattr(pinned, "driver", lambda: made)
    return made


def test_places_are_taken_while_anybody_holds_a_picture_or_a_view_of_it(locks: Locks):
    memory = LockedMemory(2)
    image = noise(20, 30)
    first, second = memory.kept(image), memory.kept(image)
    view = first[5:10, 4:9]
    assert is_locked(first)
    assert is_locked(second)
    assert is_locked(view)
    assert not is_locked(memory.kept(image))  # full
    start = start_of(first)
    del first
    gc.collect()
    assert not is_locked(memory.kept(image))  # the view still lies there
    del view
    gc.collect()
    again = memory.kept(noise(20, 30, 1))
    assert start_of(again) == start
    np.testing.assert_array_equal(again, noise(20, 30, 1))
    np.testing.assert_array_equal(second, image)
    assert sum(locks.locked.values()) == 2 * image.nbytes
    memory.close()
    assert locks.locked == {}


def test_all_of_a_picture_must_lie_there(monkeypatch: pytest.MonkeyPatch):
    image = noise(20, 30)
    start = start_of(image)
    monkeypatch.setattr(pinned, "_known", ((start, start + image.nbytes // 2),))
    assert is_locked(image[:10])
    assert not is_locked(image[:11])
    assert not is_locked(image)
    assert not is_locked(noise(20, 30, 1))


def test_pictures_of_another_size_or_after_the_end_lie_elsewhere(locks: Locks):
    memory = LockedMemory(2)
    kept = memory.kept(noise(20, 30))
    assert not is_locked(memory.kept(noise(21, 30)))
    memory.close()
    memory.close()
    assert not is_locked(kept)
    np.testing.assert_array_equal(kept, noise(20, 30))  # it stays with who holds it
    assert not is_locked(memory.kept(noise(20, 30)))


def test_a_picture_that_is_no_plain_picture_is_not_read_where_it_lies(locks: Locks):
    memory = LockedMemory(1)
    kept = memory.kept(noise(20, 30))
    assert is_locked(kept[2:9, 3:8])
    assert not is_locked(kept[:, ::2])
    assert not is_locked(kept[..., ::-1])
    assert not is_locked(kept[::-1])
    memory.close()


def test_memory_that_a_lost_gpu_may_still_read_is_neither_unlocked_nor_freed(locks: Locks):
    memory = LockedMemory(2)
    kept = memory.kept(noise(20, 30))
    pinned.gpu_is_lost()
    memory.close()
    assert len(locks.locked) == 1
    assert not is_locked(kept)
    assert pinned._lost[-1] is not None  # the mapping


def test_where_nothing_can_be_locked_pictures_are_kept_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
):
    refusing = Locks("CUDA failure 2: out of memory ; cuMemHostRegister_v2")
    monkeypatch.setattr(pinned, "driver", lambda: refusing)
    memory = LockedMemory(2)
    image = noise(20, 30)
    for _ in range(3):
        kept = memory.kept(image)
        assert not is_locked(kept)
        np.testing.assert_array_equal(kept, image)
    assert memory.problem == refusing.problem
    memory.close()
