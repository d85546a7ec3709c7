"""Facts to record, made up but well formed."""

from __future__ import annotations

import datetime as dt
import math

from ulid import ULID

from inspector.core.geometry import Box
from inspector.core.inspection import Defect, Inspection, Part, Timings, Verdict
from inspector.store.recorder import RunEnd, RunStart

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
MODEL, OTHER_MODEL = "nut@1#" + "a" * 64, "nut@2#" + "b" * 64
RECIPE = "c" * 64
SPOT = Defect(Box(1, 2, 30, 40), 512.5, 0.75)
END = RunEnd(
    finished_at=NOW + dt.timedelta(hours=1),
    state="STOPPED",
    stop_reason="requested",
    counters={"captured": 7},
)


def new_id() -> str:
    return str(ULID())


def run_start(
    run_id: str | None = None,
    *,
    started_at: dt.datetime = NOW,
    station_id: str = "station",
    source_id: str = "cam",
    job: str | None = None,
    image_size: tuple[int, int] | None = None,
) -> RunStart:
    return RunStart(
        run_id=run_id or new_id(),
        station_id=station_id,
        source_id=source_id,
        source_uri="rtsp://camera/1",
        model_id=MODEL,
        recipe_id=RECIPE,
        recipe={"t1": 0.4, "t2": 0.6},
        provider="CPUExecutionProvider",
        variant="fp32",
        program_version="0.1",
        started_at=started_at,
        job=job,
        image_width=image_size[0] if image_size else None,
        image_height=image_size[1] if image_size else None,
    )


def part(
    index: int = 0,
    verdict: Verdict = Verdict.PASS,
    *,
    score: float = 0.25,
    reason: str | None = None,
    at: dt.datetime = NOW,
    model_id: str = MODEL,
    defects: tuple[Defect, ...] = (),
    run_id: str = "run",
    defect_type: str | None = None,
    latency_ms: float = math.nan,
) -> Part:
    return Part(
        part_id=new_id(),
        run_id=run_id,
        part_index=index,
        verdict=verdict,
        score=math.nan if verdict is Verdict.INVALID else score,
        first_frame=10 * index,
        last_frame=10 * index + 9,
        frames_settled=4,
        frames_inspected=3,
        key_frame=10 * index + 5,
        defects=defects,
        model_id=model_id,
        recipe_id=RECIPE,
        started_at=at - dt.timedelta(milliseconds=150),
        finished_at=at,
        reason=reason,
        defect_type=defect_type,
        latency_ms=latency_ms,
    )


def inspection(
    frame_index: int,
    verdict: Verdict = Verdict.PASS,
    *,
    at: dt.datetime = NOW,
    region: str = "main",
    score: float = 0.25,
) -> Inspection:
    return Inspection(
        run_id="run",
        frame_index=frame_index,
        region=region,
        verdict=verdict,
        score=score,
        defects=(SPOT,) if verdict is Verdict.FAIL else (),
        model_id=MODEL,
        recipe_id=RECIPE,
        captured_at=at,
        part_index=frame_index // 10,
        settled=True,
        timings=Timings(2.5, 0.1, 0.2, 0.35, 11.875, 0.05, 15.075),
    )
