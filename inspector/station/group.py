"""CameraGroup: the cameras of one station, run side by side on shared models."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from types import MappingProxyType, TracebackType

from inspector.config import RunConfig
from inspector.core.frame import Frame
from inspector.core.inspection import Part
from inspector.core.protocols import FrameSource
from inspector.engine.run_setup import FrameObserver
from inspector.engine.status import PipelineStatus
from inspector.errors import InspectorError
from inspector.inference.service import ModelService
from inspector.inference.session import threads_beside
from inspector.sources.credentials import Credentials
from inspector.station.build import Station, build_station

CameraPart = Callable[[str, Part, Frame | None], None]
"""(camera, part, its picture): called on that camera's recorder thread."""
CameraEvent = Callable[[str, str, str], None]
"""(camera, kind, detail)."""


def _no_part(camera: str, part: Part, frame: Frame | None) -> None:
    """For those who only count."""


def _no_event(camera: str, kind: str, detail: str) -> None:
    """For those who only count."""


class CameraGroup:
    """Built as a whole or not at all; a camera that ends in an error ends alone.

    A context manager that stops and frees them all.
    """

    def __init__(self, stations: Mapping[str, Station], resources: ExitStack) -> None:
        """Made by ``build_group``."""
        self.stations = stations
        self._resources = resources

    def start(self) -> None:
        for station in self.stations.values():
            station.pipeline.start()

    def stop(self) -> None:
        """Asks all for an end; from any thread, any number of times."""
        for station in self.stations.values():
            station.pipeline.stop()

    def wait(self, timeout: float) -> bool:
        """Whether all have ended in time."""
        deadline = time.monotonic() + timeout
        return all(
            s.pipeline.wait(max(0.0, deadline - time.monotonic())) for s in self.stations.values()
        )

    def status(self) -> dict[str, PipelineStatus]:
        return {name: station.pipeline.status() for name, station in self.stations.items()}

    def finish(self) -> dict[str, PipelineStatus]:
        """Joins every camera and closes its record, whatever becomes of the others.

        Raises the first InspectorError of those that could not be closed, at the end.
        """
        found, first = {}, None
        for name, station in self.stations.items():
            try:
                found[name] = station.finish()
            except InspectorError as error:
                first = first or InspectorError(f"camera {name}: {error}")
        if first is not None:
            raise first
        return found

    def __enter__(self) -> CameraGroup:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._resources.close()


def build_group(
    cameras: Sequence[tuple[str, RunConfig]],
    models: ModelService,
    *,
    on_part: CameraPart = _no_part,
    on_event: CameraEvent = _no_event,
    observers: Sequence[FrameObserver] = (),
    frames: Mapping[str, FrameSource] = MappingProxyType({}),
    credentials: Credentials | None = None,
) -> CameraGroup:
    """Opens every camera, in order; equal models are loaded once.

    Where nothing is said of threads, the number of cameras decides (`threads_beside`).
    ``frames`` are sources that take the place of configured ones, by camera.

    Raises InspectorError naming the first camera that cannot be used; none stays open then.
    """
    threads = threads_beside(len(cameras))
    with ExitStack() as stack:
        stations = {}
        for name, config in cameras:
            try:
                station = build_station(
                    replace(config, threads=config.threads or threads),
                    part_listeners=[partial(on_part, name)],
                    frame_observers=observers,
                    on_event=partial(on_event, name),
                    models=models,
                    credentials=credentials,
                    frames=frames.get(name),
                    alone=len(cameras) == 1,
                )
            except InspectorError as error:
                raise _named(name, error) from error
            stations[name] = stack.enter_context(station)
        return CameraGroup(stations, stack.pop_all())


def _named(camera: str, error: InspectorError) -> InspectorError:
    """Of the same class where that takes a message: exit codes depend on it."""
    return type(error)(f"camera {camera}: {error}")


def problems(statuses: Mapping[str, PipelineStatus]) -> list[str]:
    """A line for each camera that ended in an error or with accounts that do not add up."""
    lines = []
    for name, status in statuses.items():
        problem = status.first_error or status.accounting_problem()
        if problem is not None:
            lines.append(f"camera {name}: {problem}")
    return lines
