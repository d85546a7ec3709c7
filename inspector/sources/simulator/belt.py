"""Kinematics: which part is where in which frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

from inspector.sources.simulator.parts import CATEGORIES
from inspector.sources.simulator.spec import SimulatorSpec


@dataclass(frozen=True, slots=True)
class Span:
    """Frames of one part, inclusive; ``rest_*`` are None where it never rests."""

    first: int
    last: int
    rest_first: int | None
    rest_last: int | None


@dataclass(frozen=True, slots=True)
class Placement:
    """A part in view: ``offset`` pixels right of where it rests (negative: left)."""

    part: int
    offset: int


def span(spec: SimulatorSpec, part: int) -> Span:
    """Where a part is in view, wherever the stream may end."""
    first = part * spec.cycle + spec.empty
    last = first + 2 * spec.slide + spec.rest - 1
    if spec.belt == "moving":
        return Span(first, last, None, None)
    return Span(first, last, first + spec.slide, first + spec.slide + spec.rest - 1)


def placement(spec: SimulatorSpec, frame: int) -> Placement | None:
    """The part in view in a frame, None for an empty belt."""
    part, phase = divmod(frame, spec.cycle)
    step = phase - spec.empty
    if step < 0:
        return None
    return Placement(part, round(_progress(spec, step) * _travel(spec)))


def _travel(spec: SimulatorSpec) -> float:
    """Pixels from just out of view to rest."""
    return spec.width / 2 + CATEGORIES[spec.category].reach * spec.roi.width / 2


def _progress(spec: SimulatorSpec, step: int) -> float:
    """-1 just out of view on the left, 0 at rest, 1 just out of view on the right."""
    if spec.belt == "moving":
        return 2.0 * (step + 1) / (2 * spec.slide + spec.rest + 1) - 1.0
    if step < spec.slide:
        return _eased((step + 1) / (spec.slide + 1)) - 1.0
    beyond = step - spec.slide - spec.rest + 1
    return 0.0 if beyond <= 0 else 1.0 - _eased(1.0 - beyond / (spec.slide + 1))


def _eased(t: float) -> float:
    """The belt brakes into the stop (and, mirrored, pulls out of it)."""
    return math.sin(0.5 * math.pi * t)
