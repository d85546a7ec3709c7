"""Throughput, latency and memory as cameras are added: each with frames in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import psutil

from inspector.config import RunConfig
from inspector.core.frame import Image, SourceInfo
from inspector.engine.status import DropCause, PipelineStatus
from inspector.errors import InspectorError
from inspector.inference.service import ModelService
from inspector.sources.looped import LoopedSource
from inspector.sources.options import SourceOptions
from inspector.station.bench.device import gpu_state
from inspector.station.bench.measure import held_frames
from inspector.station.bench.stalls import Stalls
from inspector.station.group import CameraGroup, build_group, problems
from inspector.station.long_lived import set_aside

MOST_CAMERAS = 64


@dataclass(frozen=True, slots=True)
class Scaled:
    """All cameras of one step together; ``age_p99_ms`` of the worst of them.

    ``wanted_per_s`` is what the cameras deliver, ``dropped`` what nobody looked at;
    ``gpu_mib`` the memory in use on the whole GPU, None without one. Stalls: see ``Stalls``.
    """

    cameras: int
    wanted_per_s: float
    frames_per_s: float
    inspections_per_s: float
    dropped: int
    age_p50_ms: float
    age_p99_ms: float
    machine_stall_ms: float | None
    process_stall_ms: float | None
    stall_at_s: float | None
    cpu_cores: float
    rss_mb: float
    gpu_mib: int | None
    models_loaded: int


def measure_cameras(
    config: RunConfig,
    counts: Sequence[int],
    seconds: float,
    report: Callable[[Scaled], None],
    *,
    in_step: bool = False,
) -> list[Scaled]:
    """One step for each count: so many live cameras, the same footage, one job.

    Each camera begins somewhere else in the footage, as lines that know nothing of each other
    (the same places every time); ``in_step`` lets all show their parts at the same moment.

    Raises InspectorError for what cannot run.
    """
    found = []
    with held_frames(config) as (info, images):
        for count in counts:
            firsts = [0] * count if in_step else _places(len(images), count)
            found.append(_step(config, info, images, firsts, seconds))
            report(found[-1])
    return found


def _places(images: int, count: int) -> list[int]:
    """Drawn, but the same each time, and those of few cameras are those of more."""
    drawn = np.random.default_rng(0).integers(0, images, max(count, MOST_CAMERAS))
    return [int(place) for place in drawn[:count]]


def _step(
    config: RunConfig,
    info: SourceInfo,
    images: Sequence[Image],
    firsts: Sequence[int],
    seconds: float,
) -> Scaled:
    options = SourceOptions(as_live=True)
    sources = {
        f"camera-{number}": LoopedSource(info, images, options, first=first)
        for number, first in enumerate(firsts, 1)
    }
    models = ModelService()
    live = replace(config, live=True)
    with build_group([(name, live) for name in sources], models, frames=sources) as group:
        loaded = models.loaded
        set_aside()
        with Stalls() as stalls:
            cpu_s, elapsed, statuses = _run(group, seconds)
    failed = problems(statuses)
    if failed:
        raise InspectorError("; ".join(failed))
    return _summed(list(statuses.values()), info, cpu_s, elapsed, loaded, stalls.as_dict())


def _run(group: CameraGroup, seconds: float) -> tuple[float, float, dict[str, PipelineStatus]]:
    """(CPU seconds, seconds, statuses)."""
    cpu, start = time.process_time(), time.perf_counter()
    group.start()
    group.wait(seconds)
    elapsed, used = time.perf_counter() - start, time.process_time() - cpu
    group.stop()
    return used, elapsed, group.finish()


def _summed(
    statuses: Sequence[PipelineStatus],
    info: SourceInfo,
    cpu_s: float,
    elapsed: float,
    loaded: int,
    stalls: Mapping[str, float | None],
) -> Scaled:
    lost = (DropCause.OVERRUN, DropCause.SOURCE)
    ages = [status.latency_ms["age"] for status in statuses]
    judged = sum(s.inspected + s.failed - s.no_part for s in statuses)
    return Scaled(
        cameras=len(statuses),
        wanted_per_s=round(len(statuses) * (info.fps or 0.0), 1),
        frames_per_s=round(sum(s.inspected + s.failed for s in statuses) / elapsed, 1),
        inspections_per_s=round(judged / elapsed, 1),
        dropped=sum(s.dropped.get(cause, 0) for s in statuses for cause in lost),
        age_p50_ms=round(max(age.p50 for age in ages), 2),
        age_p99_ms=round(max(age.p99 for age in ages), 2),
        machine_stall_ms=stalls["machine_ms"],
        process_stall_ms=stalls["process_ms"],
        stall_at_s=stalls["at_s"],
        cpu_cores=round(cpu_s / elapsed, 2),
        rss_mb=round(psutil.Process().memory_info().rss / 1e6, 1),
        gpu_mib=_gpu_mib(),
        models_loaded=loaded,
    )


def _gpu_mib() -> int | None:
    used = (gpu_state() or {}).get("memory_used_mib")
    return used if isinstance(used, int) else None
