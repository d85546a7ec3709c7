"""Facts as rows of the record, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from inspector.core.geometry import Box
from inspector.core.inspection import Defect, Inspection, Part

Row = dict[str, Any]


def finite(value: float) -> float | None:
    """None for NaN and the infinities, which no database and no JSON keeps."""
    return value if math.isfinite(value) else None


def defects_to_json(defects: Sequence[Defect]) -> list[list[float | None]] | None:
    """``[x1, y1, x2, y2, area_px, peak]`` each; None for none (most parts are good)."""
    if not defects:
        return None
    return [[*d.box.as_tuple(), finite(d.area_px), finite(d.peak)] for d in defects]


def defects_from_json(value: Sequence[Sequence[float | None]] | None) -> tuple[Defect, ...]:
    """The inverse; what was not finite comes back as NaN."""
    return tuple(_defect(entry) for entry in value or ())


def _defect(entry: Sequence[float | None]) -> Defect:
    corners = [int(v) for v in entry[:4] if v is not None]
    area, peak = (math.nan if v is None else float(v) for v in entry[4:6])
    return Defect(Box(*corners), area, peak)


def frame_row(inspection: Inspection, run: int, setup: int) -> Row:
    """For ``schema.frames``; ``run`` and ``setup`` are keys inside the file."""
    times = inspection.timings
    return {
        "run": run,
        "frame_index": inspection.frame_index,
        "region": inspection.region,
        "setup": setup,
        "verdict": inspection.verdict.value,
        "score": finite(inspection.score),
        "part_index": inspection.part_index,
        "settled": inspection.settled,
        "captured_at": inspection.captured_at,
        "defects": defects_to_json(inspection.defects),
        "reason": inspection.reason,
        "read_us": _micros(times.read),
        "presence_us": _micros(times.presence),
        "queue_us": _micros(times.queue),
        "prepare_us": _micros(times.prepare),
        "network_us": _micros(times.network),
        "judge_us": _micros(times.judge),
        "age_us": _micros(times.age),
    }


def part_row(part: Part, run: int, setup: int) -> Row:
    """For ``schema.parts``; ``run`` and ``setup`` are keys inside the file."""
    return {
        "part_id": part.part_id,
        "run": run,
        "setup": setup,
        "part_index": part.part_index,
        "verdict": part.verdict.value,
        "score": finite(part.score),
        "reason": part.reason,
        "first_frame": part.first_frame,
        "last_frame": part.last_frame,
        "frames_settled": part.frames_settled,
        "frames_inspected": part.frames_inspected,
        "key_frame": part.key_frame,
        "defects": defects_to_json(part.defects),
        "started_at": part.started_at,
        "finished_at": part.finished_at,
        "defect_type": part.defect_type,
        "latency_us": _micros(part.latency_ms) if math.isfinite(part.latency_ms) else None,
    }


def _micros(milliseconds: float) -> int:
    return round(milliseconds * 1000)
