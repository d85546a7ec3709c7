"""Tells a black or blinded camera from a belt: the pictures come, and show nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Frame, Image
from inspector.core.presence import decode_thumbnail
from inspector.core.recipe import Recipe

DARK, BRIGHT = 8, 250
"""Grey levels up to and from which a pixel says nothing."""
NEARLY_ALL = 0.999
"""A small bright part on a black ground is a picture."""
DECLARED_S = 0.5
_TELLS_DARK, _TELLS_BRIGHT = 1, 2
_TELLS = bytes(
    _TELLS_DARK if v <= DARK else _TELLS_BRIGHT if v >= BRIGHT else 0 for v in range(256)
)


class PictureWatch:
    """Marks frames that are black or blown out as faulty, and says so once that lasts.

    Only where no sound picture looks like that, and the whole picture does: a belt taught
    black (dark field) or white (back light) is left to the quality gate, and with triggers
    the light may be off between two parts. ``on_loss(what)`` and ``on_return()`` are called
    on the reading thread.
    """

    def __init__(
        self, recipe: Recipe, on_loss: Callable[[str], None], on_return: Callable[[], None]
    ) -> None:
        self._on_loss = on_loss
        self._on_return = on_return
        self._since_ns: int | None = None
        self._declared = False
        self.watch_by(recipe)

    def watch_by(self, recipe: Recipe) -> None:
        """Another recipe may bring another belt."""
        self._watches = recipe.parts.mode != "trigger" and not _taught_blank(recipe)

    def check(self, frame: Frame) -> Frame:
        """The frame, with a ``fault`` where it shows nothing."""
        what = blank(frame.image) if self._watches and frame.fault is None else None
        if what is None:
            self._sound(frame)
            return frame
        self._since_ns = self._since_ns or frame.captured_ns
        lasted_s = (frame.captured_ns - self._since_ns) / 1e9
        if not self._declared and lasted_s >= DECLARED_S:
            self._declared = True
            self._on_loss(f"{frame.source_id}: {what} for {lasted_s:.1f} s: check light and lens")
        return replace(frame, fault=what)

    def _sound(self, frame: Frame) -> None:
        if frame.fault is not None:
            return
        self._since_ns = None
        if self._declared:
            self._declared = False
            self._on_return()


def blank(image: Image) -> str | None:
    """What is wrong with a uint8 (H, W, 3) BGR picture that says nothing; None for others.

    All three colours count: under a red lamp a sound picture has no green.
    """
    rows, columns = (32, 16) if min(image.shape[:2]) >= 256 else (1, 1)
    sample = image[::rows, ::columns]
    # where the whole says nothing, hardly any of one colour can say something: green settles
    # nearly all, and of most pictures a few of its pixels settle it
    some = (3 - 3 * NEARLY_ALL) * sample.shape[0] * sample.shape[1]
    few = _told(sample[::4, ::4])
    dark, bright = (len(few) - few.count(tells) <= some for tells in (_TELLS_DARK, _TELLS_BRIGHT))
    if not (dark or bright):
        return None
    green = _told(sample)
    least = len(green) - some
    if green.count(_TELLS_DARK) >= least and _share(sample <= DARK) >= NEARLY_ALL:
        return "black picture"
    if green.count(_TELLS_BRIGHT) >= least and _share(sample >= BRIGHT) >= NEARLY_ALL:
        return "overexposed picture"
    return None


def _told(sample: Image) -> bytes:
    """Of each pixel's green whether it tells dark or bright. Bytes, not arrays: numpy lets go of
    the interpreter at each step, and where many cameras run every return to it is a queue.
    """
    return sample[..., 1].tobytes().translate(_TELLS)


def _share(told: NDArray[np.bool_]) -> float:
    return np.count_nonzero(told) / told.size


def _taught_blank(recipe: Recipe) -> bool:
    rule = recipe.parts.presence
    if recipe.parts.mode != "presence" or rule is None or rule.reference is None:
        return False
    taught = decode_thumbnail(rule.reference).astype(int)
    # noise and flicker around the taught belt count too
    dark, bright = taught <= 2 * DARK, taught >= BRIGHT - DARK
    return bool(max(dark.mean(), bright.mean()) >= NEARLY_ALL / 2)
