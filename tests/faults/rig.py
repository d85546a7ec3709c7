"""A camera with a belt before it, as OpenCV would show it, that breaks on command."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from inspector.sources.camera import CameraSource
from inspector.sources.options import SourceOptions
from tests.support.fakes import grey

FPS = 100.0
SIDE, DETAILED_SIDE = 64, 160
EMPTY, GOOD = grey(60), grey(110)
CYCLE = 12
"""Frames from one part to the next; the part is in view from frame 4 to 9 of them."""
FAULTS = (
    *("sound", "unplugged", "undecodable", "frozen", "black", "overexposed", "resized"),
    *("hang", "still time", "defocused", "knocked"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A part that the camera had before it from its first to its last frame."""

    began: float
    ended: float


class Rig:
    """Stands for ``cv2.VideoCapture`` and its constructor; paced like a camera.

    ``shown`` are the parts that came and went while the camera was sound, by the
    monotonic clock. ``hold`` is waited for by a grab that hangs.
    """

    def __init__(self, fps: float = FPS, *, nominal: float = FPS, noise: bool = True) -> None:
        self.fps, self._nominal, self._noise = fps, nominal, noise
        self._pace = threading.Event()
        self._lock = threading.Lock()
        self._fault = "sound"
        self.affected_at: float | None = None
        self.healed_at: float | None = None
        self.shown: list[Shown] = []
        self.hold = threading.Event()
        self._began: float | None = None
        self._number = 0
        self._due = 0.0
        self._picture = EMPTY
        self._rng = np.random.default_rng(5)
        self._time_ms = 0.0

    def __call__(self, target: int | str, backend: int, params: Sequence[int], /) -> Rig:
        return self

    def inject(self, fault: str) -> None:
        assert fault in FAULTS
        with self._lock:
            self._fault, self.affected_at, self._began = fault, None, None

    def heal(self) -> None:
        with self._lock:
            self._fault, self.healed_at, self._began = "sound", time.monotonic(), None

    def isOpened(self) -> bool:  # noqa: N802
        return self._fault != "unplugged"

    def grab(self) -> bool:
        self._wait_for_next()
        with self._lock:
            fault = self._fault
            if fault != "sound" and self.affected_at is None:
                self.affected_at = time.monotonic()
            if fault == "sound":
                self._follow_belt()
        if fault == "hang":
            self.hold.wait()
        self._number += 1
        self._time_ms += 0.0 if fault == "still time" else 1000 / self.fps
        return fault != "unplugged"

    def _wait_for_next(self) -> None:
        now = time.monotonic()
        self._due = max(self._due + 1 / self.fps, now)
        self._pace.wait(self._due - now)

    def _follow_belt(self) -> None:
        phase = self._number % CYCLE
        if phase == 4:
            self._began = time.monotonic()
        elif phase == 10 and self._began is not None:
            self.shown.append(Shown(self._began, time.monotonic()))
            self._began = None

    def retrieve(self) -> tuple[bool, Any]:
        fault = self._fault
        if fault == "undecodable":
            return False, None
        if fault == "black":
            return True, self._noisy(np.zeros((SIDE, SIDE, 3), np.uint8))
        if fault == "overexposed":
            return True, np.full((SIDE, SIDE, 3), 255, np.uint8)
        if fault == "resized":
            return True, np.zeros((SIDE // 2, SIDE // 2, 3), np.uint8)
        if fault != "frozen":
            level = GOOD if 4 <= self._number % CYCLE < 10 else EMPTY
            self._picture = self._noisy(level) if self._noise else level
        return True, self._picture.copy()

    def _noisy(self, picture: np.ndarray) -> np.ndarray:
        noise = self._rng.integers(-3, 4, picture.shape)
        return (picture + noise).clip(0, 255).astype(np.uint8)

    def get(self, prop: int, /) -> float:
        if prop == cv2.CAP_PROP_POS_MSEC:
            return self._time_ms
        return self._nominal if prop == cv2.CAP_PROP_FPS else 0.0

    def set(self, prop: int, value: float, /) -> bool:
        return True

    def release(self) -> None:
        return None


def plain_belt() -> np.ndarray:
    return np.full((DETAILED_SIDE, DETAILED_SIDE, 3), 60, np.uint8)


def marked_belt() -> np.ndarray:
    """With something on it by which its place can be told."""
    marks = np.random.default_rng(1).choice([40, 100], (8, 8)).astype(np.uint8)
    return np.repeat(np.kron(marks, np.ones((20, 20), np.uint8))[..., None], 3, axis=2)


class DetailedRig(Rig):
    """Large enough for a lens to matter: printed parts on a belt."""

    def __init__(self, belt: np.ndarray) -> None:
        super().__init__()
        self.belt = belt
        print_ = np.random.default_rng(2).choice([70, 130], (20, 20)).astype(np.uint8)
        self._part = belt.copy()
        self._part[40:120, 40:120] = np.kron(print_, np.ones((4, 4), np.uint8))[..., None]

    def retrieve(self) -> tuple[bool, Any]:
        picture = self._part if 4 <= self._number % CYCLE < 10 else self.belt
        if self._fault == "defocused":
            picture = cv2.GaussianBlur(picture, (0, 0), 3)
        if self._fault == "knocked":
            picture = np.roll(picture, (27, 45), (0, 1))
        return True, self._noisy(picture)


class CommandedRig(Rig):
    """In a process of its own, commanded through a file: the first byte names the fault."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._command = np.memmap(file, np.uint8, "r", shape=(1,))

    def grab(self) -> bool:
        fault = FAULTS[int(self._command[0])]
        if fault != self._fault:
            self.inject(fault)
        return super().grab()

    def isOpened(self) -> bool:  # noqa: N802
        return FAULTS[int(self._command[0])] != "unplugged"


def open_commanded(address: str, options: SourceOptions) -> CameraSource:
    """For ``IsolatedSource``: a camera whose address is the file that commands it."""
    from inspector.sources.address import parse_address

    return CameraSource(parse_address("0"), options, capture_factory=CommandedRig(Path(address)))
