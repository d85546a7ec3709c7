"""SimulatorSpec: what a ``sim:`` address asks for."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl

from inspector.core.geometry import Roi
from inspector.errors import SourceOpenError
from inspector.sources.simulator.parts import CATEGORIES

BeltMode: TypeAlias = Literal["indexing", "moving"]
SCHEME = "sim:"


@dataclass(frozen=True, slots=True)
class SimulatorSpec:
    """A simulated station, complete: frame i depends on this and on i alone.

    Attributes:
        category: one of ``CATEGORIES``.
        seed: of everything random.
        defect_rate: share of defective parts, 0..1.
        defects: kinds to draw from; empty for all of the category.
        severity: lowest and highest severity of a defect, 0 < lowest ≤ highest ≤ 1.
        width, height: of a frame, pixels, even.
        fps: frames a second.
        belt: ``indexing`` (each part stops) or ``moving`` (none does).
        parts, frames: where the stream ends; None for neither limit.
        empty, slide, rest: frames of empty belt before a part, of sliding in and
            again out, and of rest. A moving belt takes ``2·slide + rest`` to carry
            a part through.
        jitter: largest offset of a resting part, pixels at 720 lines.
        tilt: largest rotation, degrees.
        noise: standard deviation of the sensor noise, grey levels.
        flicker: half range of the light's flicker, share.
    """

    category: str
    seed: int = 0
    defect_rate: float = 0.1
    defects: tuple[str, ...] = ()
    severity: tuple[float, float] = (0.3, 1.0)
    width: int = 1280
    height: int = 720
    fps: float = 30.0
    belt: BeltMode = "indexing"
    parts: int | None = None
    frames: int | None = None
    empty: int = 4
    slide: int = 8
    rest: int = 10
    jitter: float = 6.0
    tilt: float = 3.0
    noise: float = 1.2
    flicker: float = 0.015

    @property
    def cycle(self) -> int:
        """Frames from one part to the next."""
        return self.empty + 2 * self.slide + self.rest

    @property
    def frame_count(self) -> int | None:
        """Frames until the stream ends, None for an endless one."""
        limits = [self.frames] if self.frames is not None else []
        if self.parts is not None:
            limits.append(self.parts * self.cycle)
        return min(limits) if limits else None

    @property
    def roi(self) -> Roi:
        """The centred square that holds a resting part: 8/9 of the shorter side.

        320,40,640,640 at 1280×720; 480,60,960,960 at 1920×1080.
        """
        side = round(min(self.width, self.height) * 8 / 9)
        return Roi((self.width - side) // 2, (self.height - side) // 2, side, side)

    @property
    def defect_kinds(self) -> tuple[str, ...]:
        """The kinds this stream draws from."""
        return self.defects or tuple(CATEGORIES[self.category].defects)


def parse_spec(text: str) -> SimulatorSpec:
    """From ``sim:CATEGORY?key=value&…``; raises SourceOpenError in one line."""
    if not text.startswith(SCHEME):
        raise SourceOpenError(f"simulator {text!r}: expected sim:CATEGORY?key=value&…")
    category, _, query = text.removeprefix(SCHEME).partition("?")
    if category not in CATEGORIES:
        raise SourceOpenError(
            f"simulator {text!r}: unknown category {category!r}, known: {', '.join(CATEGORIES)}"
        )
    spec = SimulatorSpec(category)
    for key, value in _pairs(text, query).items():
        spec = _with(spec, text, key, value)
    _check(spec, text)
    return spec


def _pairs(text: str, query: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise SourceOpenError(f"simulator {text!r}: expected key=value&key=value after ?") from None
    keys = [key for key, _ in pairs]
    for key in keys:
        if key not in _KEYS:
            raise SourceOpenError(f"simulator {text!r}: unknown key {key!r}, known: {_known()}")
        if keys.count(key) > 1:
            raise SourceOpenError(f"simulator {text!r}: key {key!r} is given twice")
    return dict(pairs)


def _with(spec: SimulatorSpec, text: str, key: str, value: str) -> SimulatorSpec:
    read, expected = _KEYS[key]
    try:
        given = {key: read(value)}
        return replace(spec, **given)
    except ValueError:
        raise SourceOpenError(
            f"simulator {text!r}: {key}={value!r}, expected {expected}; keys: {_known()}"
        ) from None


def _check(spec: SimulatorSpec, text: str) -> None:
    """What one key alone cannot tell."""
    known = CATEGORIES[spec.category].defects
    for kind in spec.defects:
        if kind not in known:
            raise SourceOpenError(
                f"simulator {text!r}: unknown defect {kind!r}, {spec.category} has: "
                f"{', '.join(known)}"
            )


def _known() -> str:
    return ", ".join(_KEYS)


def _whole(low: int, high: int, step: int = 1) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", value):
            raise ValueError(value)
        number = int(value)
        if not low <= number <= high or number % step:
            raise ValueError(value)
        return number

    return read


def _real(low: float, high: float) -> Callable[[str], float]:
    def read(value: str) -> float:
        number = float(value)
        if not (math.isfinite(number) and low <= number <= high):
            raise ValueError(value)
        return number

    return read


def _belt(value: str) -> BeltMode:
    if value == "indexing":
        return "indexing"
    if value == "moving":
        return "moving"
    raise ValueError(value)


def _severity(value: str) -> tuple[float, float]:
    low, _, high = value.partition("-")
    ends = (float(low), float(high or low))
    if not 0.05 <= ends[0] <= ends[1] <= 1.0:
        raise ValueError(value)
    return ends


def _kinds(value: str) -> tuple[str, ...]:
    kinds = tuple(value.split(","))
    if not all(kinds) or len(set(kinds)) != len(kinds):
        raise ValueError(value)
    return kinds


_KEYS: dict[str, tuple[Callable[[str], Any], str]] = {
    "seed": (_whole(0, 2**32 - 1), "a whole number from 0 to 4294967295"),
    "defect_rate": (_real(0.0, 1.0), "a share from 0 to 1"),
    "defects": (_kinds, "kinds joined by commas"),
    "severity": (_severity, "LOW-HIGH or one number, from 0.05 to 1"),
    "width": (_whole(160, 4096, 2), "an even number from 160 to 4096"),
    "height": (_whole(120, 4096, 2), "an even number from 120 to 4096"),
    "fps": (_real(0.1, 1000.0), "a number from 0.1 to 1000"),
    "belt": (_belt, "indexing or moving"),
    "parts": (_whole(1, 10**9), "a whole number from 1"),
    "frames": (_whole(1, 10**12 - 1), "a whole number from 1"),
    "empty": (_whole(0, 10**6), "a whole number from 0"),
    "slide": (_whole(0, 10**6), "a whole number from 0"),
    "rest": (_whole(1, 10**6), "a whole number from 1"),
    "jitter": (_real(0.0, 12.0), "pixels at 720 lines, from 0 to 12"),
    "tilt": (_real(0.0, 15.0), "degrees from 0 to 15"),
    "noise": (_real(0.0, 6.0), "grey levels from 0 to 6"),
    "flicker": (_real(0.0, 0.1), "a share from 0 to 0.1"),
}
