"""What is true of the simulated parts: labels, kinds, severities, frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from inspector.sources.simulator.belt import span
from inspector.sources.simulator.spec import SimulatorSpec


class Stream(IntEnum):
    """Independent random streams under one seed: a change to one moves no other."""

    PLAN = 1
    LOOK = 2
    DAMAGE = 3
    BELT = 4
    NOISE = 5
    FRAME = 6


def generator(spec: SimulatorSpec, stream: Stream, index: int = 0) -> np.random.Generator:
    """The generator of one thing of that stream."""
    return np.random.default_rng([spec.seed, stream, index])


@dataclass(frozen=True, slots=True)
class Flaw:
    """A defect: its kind and severity, 0..1."""

    kind: str
    severity: float


@dataclass(frozen=True, slots=True)
class PartPlan:
    """One individual part. ``flaw`` is None for a good one; ``shift`` in pixels and
    ``angle`` in radians are its pose at rest, against the centre of the region.
    """

    index: int
    flaw: Flaw | None
    shift: tuple[float, float]
    angle: float


@dataclass(frozen=True, slots=True)
class PartTruth:
    """A part in the footage; frames inclusive, ``rest_*`` None where it never rests."""

    part: int
    first_frame: int
    last_frame: int
    rest_first: int | None
    rest_last: int | None
    label: str
    defect_type: str
    severity: float


def plan_part(spec: SimulatorSpec, index: int) -> PartPlan:
    """The part that comes as number ``index``."""
    rng = generator(spec, Stream.PLAN, index)
    bad = bool(rng.random() < spec.defect_rate)
    kind = str(rng.choice(spec.defect_kinds))
    severity = float(rng.uniform(*spec.severity))
    reach = spec.jitter * min(spec.width, spec.height) / 720.0
    shift_x, shift_y = (float(v) for v in rng.uniform(-reach, reach, 2))
    angle = float(np.radians(rng.uniform(-spec.tilt, spec.tilt)))
    return PartPlan(index, Flaw(kind, severity) if bad else None, (shift_x, shift_y), angle)


def part_truth(spec: SimulatorSpec, index: int) -> PartTruth:
    """The truth of one part, its frames cut where the stream ends."""
    at = span(spec, index)
    flaw = plan_part(spec, index).flaw
    end = spec.frame_count
    last = at.last if end is None else min(at.last, end - 1)
    rests = at.rest_first is not None and at.rest_first <= last
    return PartTruth(
        part=index,
        first_frame=at.first,
        last_frame=last,
        rest_first=at.rest_first if rests else None,
        rest_last=min(at.rest_last, last) if rests and at.rest_last is not None else None,
        label="good" if flaw is None else "defective",
        defect_type="good" if flaw is None else flaw.kind,
        severity=0.0 if flaw is None else flaw.severity,
    )


def all_truth(spec: SimulatorSpec) -> Iterator[PartTruth]:
    """Every part in view before the stream ends; without end for an endless one."""
    end = spec.frame_count
    index = 0
    while end is None or span(spec, index).first < end:
        yield part_truth(spec, index)
        index += 1
