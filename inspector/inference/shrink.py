"""Pictures made smaller on the GPU, to the bit as ``inspector.vision.resize`` makes them.

A region of 960 pixels that lies in no cache takes a processor 0.4 to 0.8 ms; the GPU fetches
it from page-locked memory in a tenth of that. Training and station still share one resize: the
first picture of every size is made smaller here and there, and where one byte differs, that size
is left to the processor.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.inference.driver import Driver, Launch, Stream
from inspector.inference.pinned import is_locked
from inspector.vision.resize import resize

_BLOCK = (64, 4)
_ONE = 2048
"""OpenCV's weights are whole numbers, and two of them this together."""


@dataclass(frozen=True, slots=True)
class Steps:
    """How a picture gets smaller: heights and widths, halved from one to the next.

    Attributes:
        sizes: the first is the picture's; halved sizes leave an odd last row or column out.
        blends: whether the last size has still to be brought to the asked one.
    """

    sizes: tuple[tuple[int, int], ...]
    blends: bool

    @classmethod
    def of(cls, size: tuple[int, int], wanted: tuple[int, int]) -> Steps:
        sizes = [size]
        while sizes[-1][0] >= 2 * wanted[0] and sizes[-1][1] >= 2 * wanted[1]:
            sizes.append((sizes[-1][0] // 2, sizes[-1][1] // 2))
        return cls(tuple(sizes), sizes[-1] != wanted)


def weights(wanted: int, held: int) -> NDArray[np.int32]:
    """int32 (wanted, 4): of each column or row of the result the two of ``held`` that it is
    made of, and their weights, as OpenCV's INTER_LINEAR has them. ``wanted`` ≤ ``held``.
    """
    # OpenCV adds and multiplies in double precision and keeps a float
    places = ((np.arange(wanted) + 0.5) * (held / wanted) - 0.5).astype(np.float32)
    first = np.floor(places)
    second = np.rint((places - first) * np.float32(_ONE)).astype(np.int32)
    first = first.astype(np.int32)
    behind = np.minimum(first + 1, held - 1)
    return np.stack([first, behind, _ONE - second, second], axis=1).astype(np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """Of one size of pictures; ``columns`` and ``rows``: addresses of weights on the device."""

    steps: Steps
    columns: int = 0
    rows: int = 0


@cache
def _kernels(device: Driver) -> dict[str, ctypes.c_void_p]:
    ptx = resources.files("inspector.inference").joinpath("shrink.ptx").read_bytes()
    return device.kernels(ptx, "halve", "blend")


class Shrinker:
    """For the input of one network; shared by all who bring it pictures.

    Args:
        height, width: of the input.
        locked: whether the device may read a picture where it lies.
    """

    def __init__(
        self,
        device: Driver,
        height: int,
        width: int,
        locked: Callable[[Image], bool] = is_locked,
    ) -> None:
        """Raises RuntimeError where the device does not take the kernels."""
        self.device, self.kernels = device, _kernels(device)
        self.wanted = (height, width)
        self._locked = locked
        self._told: dict[tuple[int, int], bool] = {}

    def takes(self, image: Image) -> bool:
        """Whether it may come as it is: larger than the input, and within the device's reach."""
        size = (image.shape[0], image.shape[1])
        return self.is_larger(image) and self._told.get(size, True) and self._locked(image)

    def is_larger(self, image: Image) -> bool:
        """Than the input, at least one way and no way smaller."""
        size = (image.shape[0], image.shape[1])
        return size[0] >= self.wanted[0] and size[1] >= self.wanted[1] and size != self.wanted

    def is_proven(self, size: tuple[int, int]) -> bool | None:
        """Whether pictures of that size come out as on the processor; None while nobody knows."""
        return self._told.get(size)

    def tell(self, size: tuple[int, int], *, same: bool) -> None:
        """What ``is_proven`` says from now on."""
        self._told[size] = same


class Workbench:
    """Where one lane's pictures are made smaller (one thread at a time)."""

    def __init__(self, shrinker: Shrinker, stream: Stream) -> None:
        self._shrinker, self._device, self._stream = shrinker, shrinker.device, stream
        self._plans: dict[tuple[int, int], _Plan] = {}
        self._known: dict[tuple[tuple[int, int], int], tuple[Launch, ...]] = {}
        self._places: list[int] = []
        self._room: tuple[int, ...] = ()

    def show(self, images: Sequence[Image], staged: Image, to: int) -> None:
        """Brings uint8 (h, w, 3) pictures to consecutive places on the device from ``to`` on:
        queues the work in the stream.

        Args:
            images: of the input's size, or what ``takes`` says yes to.
            staged: uint8 (n, height, width, 3) in page-locked memory, to put the former into.

        Raises ValueError for other shapes.
        """
        size = staged[0].nbytes
        for place, image in enumerate(images):
            at = to + place * size
            if place and image is images[place - 1]:
                self._stream.copy_on(at - size, at, size)
            elif image.shape == staged.shape[1:]:
                staged[place] = image
                self._stream.copy_in(staged[place], at)
            elif image.shape[2:] == (3,) and self._shrinker.is_larger(image):
                self._shrink(image, at)
            else:
                raise ValueError(f"a picture of shape {image.shape} for {staged.shape[1:]}")

    def free(self) -> None:
        """Idempotent. What the driver says of it no longer matters."""
        tables = [p for plan in self._plans.values() for p in (plan.columns, plan.rows) if p]
        for place in (*self._places, *tables):
            with suppress(RuntimeError):
                self._device.free(place)
        self._places.clear()
        self._plans.clear()

    def _shrink(self, image: Image, to: int) -> None:
        size = (image.shape[0], image.shape[1])
        proven = self._shrinker.is_proven(size)
        if proven is not False:
            calls = self._known.get((size, to)) or self._calls(size, to)
            self._stream.copy_in(image, self._places[0])
            for call in calls:
                self._stream.launch(call)
        if not proven:
            self._prove(image, to)

    def _planned(self, size: tuple[int, int]) -> _Plan:
        wanted = self._shrinker.wanted
        steps = Steps.of(size, wanted)
        columns = rows = 0
        if steps.blends:
            height, width = steps.sizes[-1]
            columns = self._uploaded(weights(wanted[1], width))
            rows = self._uploaded(weights(wanted[0], height))
        made = self._plans[size] = _Plan(steps, columns, rows)
        return made

    def _uploaded(self, values: NDArray[np.int32]) -> int:
        place = self._device.allocate(values.nbytes)
        self._device.upload(values, place)
        return place

    def _calls(self, size: tuple[int, int], to: int) -> tuple[Launch, ...]:
        """What makes a picture of that size, in the first place, smaller."""
        plan = self._plans.get(size) or self._planned(size)
        self._make_room(plan.steps)
        sizes, wanted = plan.steps.sizes, self._shrinker.wanted
        calls = []
        for place, ((_, width), half) in enumerate(pairwise(sizes)):
            target = to if half == wanted else self._places[place + 1]
            source = _at(self._places[place])
            calls.append(self._call("halve", half, source, _int(3 * width), _at(target)))
        if plan.steps.blends:
            source, pitch = _at(self._places[len(sizes) - 1]), _int(3 * sizes[-1][1])
            tables = (_at(plan.columns), _at(plan.rows))
            calls.append(self._call("blend", wanted, source, pitch, *tables, _at(to)))
        made = self._known[size, to] = tuple(calls)
        return made

    def _call(
        self, kernel: str, size: tuple[int, int], *arguments: ctypes._SimpleCData[int]
    ) -> Launch:
        """A thread for every byte of a picture of that height and width."""
        height, width = size
        grid = (-(-3 * width // _BLOCK[0]), -(-height // _BLOCK[1]))
        function = self._shrinker.kernels[kernel]
        return Launch(function, grid, _BLOCK, *arguments, _int(height), _int(width))

    def _make_room(self, steps: Steps) -> None:
        needed = tuple(3 * height * width for height, width in steps.sizes)
        if len(needed) <= len(self._room) and all(
            n <= r for n, r in zip(needed, self._room, strict=False)
        ):
            return
        self._stream.wait()
        self._known.clear()
        for place in self._places:
            self._device.free(place)
        self._places = []
        self._places = [self._device.allocate(size) for size in needed]
        self._room = needed

    def _prove(self, image: Image, to: int) -> None:
        """Puts the processor's in its place where the device's picture is another one."""
        expected = resize(image, *self._shrinker.wanted)
        found = np.empty_like(expected)
        self._stream.wait()
        self._device.download(to, found)
        same = np.array_equal(found, expected)
        self._shrinker.tell((image.shape[0], image.shape[1]), same=same)
        if not same:
            self._device.upload(expected, to)


def _at(address: int) -> ctypes.c_uint64:
    return ctypes.c_uint64(address)


def _int(value: int) -> ctypes.c_int:
    return ctypes.c_int(value)
