"""Pictures made smaller on the GPU, to the bit as ``inspector.vision.resize`` makes them.

A region of 960 pixels that lies in no cache takes a processor 0.4 to 0.8 ms; the GPU fetches
it from page-locked memory in a tenth of that. Training and station still share one resize: before
the first picture of a size, noise of that size is made smaller here and there, and where one byte
differs, that size is left to the processor.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise, zip_longest

import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.inference.driver import Driver, Launch, Stream
from inspector.inference.pinned import is_locked
from inspector.vision.resize import resize

_BLOCK = (64, 4)
_PIECE = 65_521
"""A prime: no row is so long."""
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
        return is_larger(image, self.wanted) and self._told.get(size, True) and self._locked(image)

    def is_proven(self, size: tuple[int, int]) -> bool | None:
        """Whether pictures of that size come out as on the processor; None while nobody knows."""
        return self._told.get(size)

    def tell(self, size: tuple[int, int], *, same: bool) -> bool:
        """What ``is_proven`` says from now on: once wrong, always wrong."""
        told = self._told[size] = same and self._told.get(size, True)
        return told


class Workbench:
    """Where one lane's pictures are made smaller (one thread at a time).

    Args:
        settle: waits until the stream has done all that was asked for; may give up on it.
    """

    def __init__(self, shrinker: Shrinker, stream: Stream, settle: Callable[[], None]) -> None:
        self._shrinker, self._device, self._stream = shrinker, shrinker.device, stream
        self._settle = settle
        self._tables: dict[tuple[int, int], int] = {}
        self._calls: dict[tuple[tuple[int, int], int], tuple[Launch, ...]] = {}
        self._places: list[int] = []
        self._room: list[int] = []

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
                self._bring(image, staged[place], at)
            elif image.shape[2:] == (3,) and is_larger(image, self._shrinker.wanted):
                self._shrink(image, staged[place], at)
            else:
                raise ValueError(f"a picture of shape {image.shape} for {staged.shape[1:]}")

    def free(self) -> None:
        """Idempotent. What the driver says of it no longer matters."""
        self._calls.clear()
        for place in (*self._places, *self._tables.values()):
            with suppress(RuntimeError):
                self._device.free(place)
        self._places.clear()
        self._tables.clear()

    def _bring(self, image: Image, staged: Image, to: int) -> None:
        staged[:] = image
        self._stream.copy_in(staged, to)

    def _shrink(self, image: Image, staged: Image, to: int) -> None:
        size = (image.shape[0], image.shape[1])
        calls = self._calls.get((size, to)) or self._prepared(size, to)
        proven = self._shrinker.is_proven(size)
        if proven is None:
            proven = self._prove(size, calls, to)
        if proven:
            self._make_smaller(image, calls)
        else:
            self._bring(resize(image, *self._shrinker.wanted), staged, to)

    def _make_smaller(self, image: Image, calls: Sequence[Launch]) -> None:
        self._stream.copy_in(image, self._places[0])
        for call in calls:
            self._stream.launch(call)

    def _prove(self, size: tuple[int, int], calls: Sequence[Launch], to: int) -> bool:
        """By noise: a picture of one colour looks the same whatever is done to it."""
        noise = _noise(*size)
        expected = resize(noise, *self._shrinker.wanted)
        found = np.empty_like(expected)
        self._make_smaller(noise, calls)
        self._settle()
        self._device.download(to, found)
        return self._shrinker.tell(size, same=np.array_equal(found, expected))

    def _prepared(self, size: tuple[int, int], to: int) -> tuple[Launch, ...]:
        """What makes a picture of that size, in the first place, smaller."""
        steps, wanted = Steps.of(size, self._shrinker.wanted), self._shrinker.wanted
        self._make_room(steps)
        sizes, calls = steps.sizes, []
        for place, ((_, width), half) in enumerate(pairwise(sizes)):
            target = to if half == wanted else self._places[place + 1]
            source = _at(self._places[place])
            calls.append(self._call("halve", half, source, _int(3 * width), _at(target)))
        if steps.blends:
            source, pitch = _at(self._places[len(sizes) - 1]), _int(3 * sizes[-1][1])
            columns = self._tables.get(sizes[-1]) or self._weighed(sizes[-1])
            rows = columns + 16 * wanted[1]
            tables = (_at(columns), _at(rows))
            calls.append(self._call("blend", wanted, source, pitch, *tables, _at(to)))
        made = self._calls[size, to] = tuple(calls)
        return made

    def _weighed(self, size: tuple[int, int]) -> int:
        """Weights of columns, and of rows behind them, on the device."""
        (height, width), wanted = size, self._shrinker.wanted
        both = np.concatenate([weights(wanted[1], width), weights(wanted[0], height)])
        place = self._tables[size] = self._device.allocate(both.nbytes)
        self._stream.upload(both, place)
        self._settle()
        return place

    def _call(
        self, kernel: str, size: tuple[int, int], *arguments: ctypes._SimpleCData[int]
    ) -> Launch:
        """A thread for every byte of a picture of that height and width."""
        height, width = size
        grid = (-(-3 * width // _BLOCK[0]), -(-height // _BLOCK[1]))
        function = self._shrinker.kernels[kernel]
        return Launch(function, grid, _BLOCK, *arguments, _int(height), _int(width))

    def _make_room(self, steps: Steps) -> None:
        """For every step, and for all that found room before."""
        needed = [3 * height * width for height, width in steps.sizes]
        room = [max(pair) for pair in zip_longest(needed, self._room, fillvalue=0)]
        if room == self._room:
            return
        self._settle()
        self._calls.clear()
        self._room = []
        while self._places:
            self._device.free(self._places.pop())
        for size in room:
            self._places.append(self._device.allocate(size))
        self._room = room


def _noise(height: int, width: int) -> Image:
    """A region of a wider picture. Made of one short piece, again and again: at the start of a
    line there is no time for more, and no two rows begin alike.
    """
    piece = np.random.default_rng(0).integers(0, 256, _PIECE, np.uint8)
    return np.resize(piece, (height, width + 1, 3))[:, :width]


def is_larger(image: Image, size: tuple[int, int]) -> bool:
    """Than that height and width, at least one way and no way smaller."""
    height, width = image.shape[:2]
    return height >= size[0] and width >= size[1] and (height, width) != size


def _at(address: int) -> ctypes.c_uint64:
    return ctypes.c_uint64(address)


def _int(value: int) -> ctypes.c_int:
    return ctypes.c_int(value)
