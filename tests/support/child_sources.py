"""Sources that misbehave, for the process that isolates them; opened by name there."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

import numpy as np

from inspector.core.frame import Frame, SourceInfo
from inspector.errors import SourceError, SourceOpenError
from inspector.sources.options import SourceOptions
from inspector.sources.stamp import FrameStamper


class ChildSource:
    """Calls ``before_frame(number)`` before each picture, and ends after ``count``."""

    def __init__(self, count: int, before_frame: Callable[[int], None]) -> None:
        self._count = count
        self._before_frame = before_frame
        self._stamper = FrameStamper(station_id="child", source_id="child")
        self._number = 0

    def open(self) -> SourceInfo:
        return SourceInfo("child", "child", True, 64, 48, 30.0, None)

    def read(self) -> Frame | None:
        if self._number >= self._count:
            return None
        self._before_frame(self._number)
        image = np.full((48, 64, 3), self._number % 256, np.uint8)
        self._number += 1
        return self._stamper.stamp(image, pts_ns=self._number)

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        pass


def _at(number: int, action: Callable[[], object]) -> Callable[[int], None]:
    return lambda n: action() if n == number else None  # type: ignore[return-value]


def _hang() -> None:
    threading.Event().wait()


def short(_address: str, _options: SourceOptions) -> ChildSource:
    return ChildSource(5, lambda _: None)


def steady(_address: str, _options: SourceOptions) -> ChildSource:
    pause = threading.Event()
    return ChildSource(10**9, lambda _: pause.wait(0.005) and None)


def flood(_address: str, _options: SourceOptions) -> ChildSource:
    return ChildSource(3000, lambda _: None)


def stuck(_address: str, _options: SourceOptions) -> ChildSource:
    return ChildSource(9, _at(3, _hang))


def broken(_address: str, _options: SourceOptions) -> ChildSource:
    def fail() -> None:
        raise SourceError("child: the lens fell off")

    return ChildSource(9, _at(3, fail))


def crashing(_address: str, options: SourceOptions) -> ChildSource:
    def crash() -> None:
        print(f"native library: cannot log in as {options.password}", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

    return ChildSource(9, _at(3, crash))


class _Refusing(ChildSource):
    def open(self) -> SourceInfo:
        raise SourceOpenError("child: not today")


class _Hanging(ChildSource):
    def open(self) -> SourceInfo:
        _hang()
        raise AssertionError


def refusing(_address: str, _options: SourceOptions) -> ChildSource:
    return _Refusing(1, lambda _: None)


def hanging(_address: str, _options: SourceOptions) -> ChildSource:
    return _Hanging(1, lambda _: None)


def buggy(_address: str, options: SourceOptions) -> ChildSource:
    raise ValueError(f"password {options.password}")


class _Reluctant(ChildSource):
    """Refuses so many openings as the environment said when its process was started."""

    def __init__(self) -> None:
        super().__init__(9, _at(3, self._break))
        self._refusals = int(os.environ.get("REFUSALS", "0"))

    def open(self) -> SourceInfo:
        if self._refusals:
            self._refusals -= 1
            raise SourceOpenError("child: not yet")
        return super().open()

    def _break(self) -> None:
        raise SourceError("child: broke off")


def reluctant(_address: str, _options: SourceOptions) -> ChildSource:
    return _Reluctant()
