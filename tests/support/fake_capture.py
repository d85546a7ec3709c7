"""A scripted stand-in for ``cv2.VideoCapture``: grabs, pictures and properties as told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np


def picture(value: int = 0, width: int = 64, height: int = 48) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


class FakeCapture:
    """Plays ``script``: an array is a picture, None a grab that fails, "bad" one that
    cannot be decoded. After the script every grab fails.

    ``properties`` are the values before anything is set; ``stubborn`` ones keep their
    value whatever is set, though ``set`` answers True; ``clamp`` changes what is set.
    """

    def __init__(
        self,
        script: Sequence[np.ndarray | str | None],
        *,
        opened: bool = True,
        properties: dict[int, float] | None = None,
        stubborn: Sequence[int] = (),
        clamp: dict[int, Callable[[float], float]] | None = None,
    ) -> None:
        self._script = list(script)
        self._opened = opened
        self.properties = dict(properties or {})
        self._stubborn = set(stubborn)
        self._clamp = clamp or {}
        self._current: np.ndarray | str | None = None
        self.grabs = 0
        self.sets: list[tuple[int, float]] = []
        self.released = False
        self.opened_with: tuple[Any, ...] = ()

    def __call__(self, target: int | str, backend: int, params: Sequence[int], /) -> FakeCapture:
        """Stands for the constructor too: hand the object itself over as the factory."""
        self.opened_with = (target, backend, tuple(params))
        self.released = False
        return self

    def isOpened(self) -> bool:  # noqa: N802
        return self._opened

    def grab(self) -> bool:
        self.grabs += 1
        self._current = self._script.pop(0) if self._script else None
        return self._current is not None

    def retrieve(self) -> tuple[bool, Any]:
        if isinstance(self._current, np.ndarray):
            return True, self._current.copy()
        return False, None

    def get(self, prop: int, /) -> float:
        return self.properties.get(prop, 0.0)

    def set(self, prop: int, value: float, /) -> bool:
        self.sets.append((prop, value))
        if prop not in self._stubborn:
            self.properties[prop] = self._clamp.get(prop, float)(value)
        return True

    def release(self) -> None:
        self.released = True


def mjpg() -> float:
    return float(cv2.VideoWriter.fourcc(*"MJPG"))
