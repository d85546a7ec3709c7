"""One measured run: stage times, throughput, drops, CPU time, memory, the first verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psutil

from inspector.config import RunConfig
from inspector.core.frame import Image, SourceInfo
from inspector.core.protocols import FrameSource
from inspector.engine.judging import Decision
from inspector.engine.status import PipelineStatus
from inspector.errors import ConfigError
from inspector.sources.factory import open_source
from inspector.sources.looped import LoopedSource, preload
from inspector.sources.options import SourceOptions
from inspector.station.bench.device import CallWatch, gpu_state
from inspector.station.bench.stalls import Stalls
from inspector.station.build import Station, build_station, check_ended
from inspector.station.frame_memory import frame_memory
from inspector.station.long_lived import set_aside
from inspector.station.report import latencies

FRAMES = 120
"""Held in memory, shared by all cameras of a run: 750 MB at 1080p."""
OWN_STAGES = ("presence", "prepare", "judge", "record")
"""What the station itself costs: all but decode, waiting and the network."""

Follow = Callable[[Station, float], PipelineStatus]
"""Runs a built station for so many seconds, gives its final status, and has checked it."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A run that has ended, with what was clocked around it.

    Attributes:
        load_ms: from the call to a station that is ready: package checked, warmed up,
            golden outputs compared, source open.
        first_ms: from the start of the run to its first verdict, None without one.
        cpu_s: CPU time of this process (all threads) during the run.
        gpu: its state at the end of the run, None without one.
        stalls: of the machine and of this process during the run.
    """

    station: Station
    status: PipelineStatus
    load_ms: float
    first_ms: float | None
    cpu_s: float
    watch: CallWatch
    gpu: dict[str, object] | None
    stalls: Stalls

    @property
    def judged(self) -> int:
        """Frames that the network ran for (failed ones among them)."""
        return self.status.inspected + self.status.failed - self.status.no_part


class FirstVerdict:
    """Notes when the first frame was judged; a frame observer."""

    def __init__(self) -> None:
        self.at_ns: int | None = None

    def on_decision(self, decision: Decision) -> None:
        if self.at_ns is None and decision.was_judged:
            self.at_ns = time.perf_counter_ns()


def plain_follow(station: Station, duration_s: float) -> PipelineStatus:
    """Without a screen or signals; raises what ``check_ended`` does."""
    station.pipeline.start()
    if not station.pipeline.wait(duration_s):
        station.pipeline.stop()
    status = station.finish()
    check_ended(status)
    return status


def run_once(
    config: RunConfig,
    duration_s: float,
    follow: Follow = plain_follow,
    *,
    in_memory: bool = False,
) -> Measured:
    """One run; model load and warm-up are clocked apart from it.

    ``in_memory`` reads ``FRAMES`` frames beforehand and shows them again and again, so that
    neither camera nor decoder is measured.

    Raises InspectorError for what cannot run, ConfigError where nothing was inspected.
    """
    first, watch = FirstVerdict(), CallWatch()
    with ExitStack() as stack:
        frames = stack.enter_context(frames_in_memory(config)) if in_memory else None
        began = time.perf_counter_ns()
        station = stack.enter_context(
            build_station(config, frame_observers=[first, watch], frames=frames)
        )
        watch.predictor = station.predictor
        load_ms = (time.perf_counter_ns() - began) / 1e6
        set_aside()
        with Stalls() as stalls:
            started = time.perf_counter_ns()
            cpu_before = time.process_time()
            status = follow(station, duration_s)
            cpu_s = time.process_time() - cpu_before
        first_ms = None if first.at_ns is None else (first.at_ns - started) / 1e6
        measured = Measured(station, status, load_ms, first_ms, cpu_s, watch, gpu_state(), stalls)
    if measured.judged < 1:
        raise ConfigError("nothing was inspected in that time: choose a longer --duration")
    return measured


@contextmanager
def frames_in_memory(config: RunConfig) -> Iterator[FrameSource]:
    """The first frames of the run's source, as fast as they are read; live at its own pace.

    Raises SourceOpenError, SourceError.
    """
    with held_frames(config) as (info, images):
        yield LoopedSource(info, images, SourceOptions(as_live=config.live))


@contextmanager
def held_frames(config: RunConfig) -> Iterator[tuple[SourceInfo, Sequence[Image]]]:
    """The first frames of the run's source, in memory as a camera's would be."""
    with frame_memory(config.execution.provider, FRAMES) as memory:
        yield preload(open_source(config.source, SourceOptions()), FRAMES, memory)


def document(measured: Measured) -> dict[str, object]:
    """The JSON contract of ``inspector bench``, schema 2."""
    status, predictor = measured.status, measured.station.predictor
    stages = latencies(status)
    age = stages.pop("age")
    return {
        "schema": 2,
        "provider": predictor.provider,
        "variant": predictor.variant,
        "remarks": list(predictor.remarks),
        "stages_ms": stages,
        "age_at_verdict_ms": age,
        "memory_to_verdict_ms": measured.watch.memory_to_verdict_ms(),
        "device_split_ms": measured.watch.split_ms(),
        "inspections_per_s": round(measured.judged / status.running_s, 2),
        "frames_per_s": round(status.captured / status.running_s, 2),
        "dropped": status.dropped_total,
        "stalls": measured.stalls.as_dict(),
        "cpu_ms_per_inspection": round(1000 * measured.cpu_s / measured.judged, 3),
        "rss_mb": round(psutil.Process().memory_info().rss / 1e6, 1),
        "gpu": measured.gpu,
        "own_ms_p50": round(sum(stages[s]["p50"] for s in OWN_STAGES), 4),
        "load_ms": round(measured.load_ms, 1),
        "first_verdict_ms": None if measured.first_ms is None else round(measured.first_ms, 1),
        "inspected": measured.judged,
        "frames": status.captured,
        "source": measured.station.info.uri,
        "model_id": predictor.model_id,
    }
