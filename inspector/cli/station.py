"""``inspector station``: several cameras from one file, live."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from inspector.cli import options
from inspector.cli.run import part_line
from inspector.cli.running import headline, print_start, stop_signals, watchdog_of_this_process
from inspector.cli.screen import Screen, screen
from inspector.config import RunConfig, load_cameras, load_cameras_file
from inspector.core.frame import Frame
from inspector.core.inspection import Part
from inspector.engine.status import PipelineStatus
from inspector.errors import InspectorError
from inspector.inference.service import ModelService
from inspector.sources.credentials import Credentials
from inspector.station.group import CameraGroup, build_group, problems
from inspector.station.logbook import log_beside, logbook
from inspector.station.long_lived import set_aside
from inspector.station.report import check_json_place, write_json

_REFRESH_S = 0.25


def command(
    file: Annotated[Path, typer.Argument(help="Cameras and their jobs (TOML), see the README.")],
    duration: options.Duration = None,
    json: options.JsonFile = None,
    log: options.LogFile = None,
) -> None:
    """Inspect with several cameras at once; models that are equal are loaded once.

    A camera that fails ends alone, and the command with exit code 1.
    """
    check_json_place(json)
    held = load_cameras_file(file)
    network = held.network
    place = log or log_beside(file.parent / held.db)
    cameras = load_cameras(file)
    # each size of batch costs a GPU a session
    most = min(network.most, sum(config.pictures for _, config in cameras))
    models = ModelService(most=most, patience_s=network.patience_ms / 1000)
    with screen(json) as console, logbook(place, held.log) as redactor:
        _run(cameras, models, Credentials(on_secret=redactor.hide), console, duration, json)


def _run(
    cameras: Sequence[tuple[str, RunConfig]],
    models: ModelService,
    credentials: Credentials,
    console: Screen,
    duration: float | None,
    json: Path | None,
) -> None:
    def on_part(camera: str, part: Part, frame: Frame | None) -> None:
        console.print(Text.assemble(f"{camera:12s} ", part_line(part)))

    def on_event(camera: str, kind: str, detail: str) -> None:
        console.print(Text.assemble(f"{camera:12s} ", (kind, "yellow"), f": {detail}"))

    with build_group(
        cameras, models, on_part=on_part, on_event=on_event, credentials=credentials
    ) as group:
        for name, station in group.stations.items():
            console.print(f"camera    {name}, run {station.run_id}")
            print_start(console, station)
        console.print(f"models    {models.loaded} loaded for {len(group.stations)} cameras")
        statuses = _follow(group, duration)
        documents = {
            name: station.document(statuses[name]) for name, station in group.stations.items()
        }
    for name, status in statuses.items():
        console.print(f"{name:12s} {headline(status)}")
    if json is not None:
        write_json({"schema": 1, "cameras": documents}, json)
    failed = problems(statuses)
    if failed:
        raise InspectorError("; ".join(failed))


def _follow(group: CameraGroup, duration: float | None) -> dict[str, PipelineStatus]:
    ending = threading.Event()
    watchdog = watchdog_of_this_process()
    with stop_signals(ending.set):
        set_aside()
        group.start()
        while not group.wait(_REFRESH_S):
            statuses = group.status()
            watchdog.follow(statuses)
            running = max(s.running_s for s in statuses.values())
            if ending.is_set() or (duration is not None and running >= duration):
                group.stop()
        watchdog.stopping()
        return group.finish()
