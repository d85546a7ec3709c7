"""How a source is to be opened, whatever its kind."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.core.camera import CameraSettings


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """Picklable, for sources that run in a process of their own.

    Attributes:
        station_id: written on every frame.
        realtime: pace a file, folder or simulator by its own fps.
        as_live: treat it as live (implies pacing): frames may be dropped.
        camera: settings to ask of a camera.
        open_timeout_s, read_timeout_s: for devices and streams; a loss must be told within
            a second, so that much is left for telling it.
        isolate: read files and folders in a process of their own, too.
        spare: keep a second process ready for a camera or stream that is lost: opening it
            again then starts no interpreter.
        username, password: for streams, kept apart from the address.
    """

    station_id: str = "station"
    realtime: bool = False
    as_live: bool = False
    camera: CameraSettings | None = None
    open_timeout_s: float = 5.0
    read_timeout_s: float = 0.75
    isolate: bool = False
    spare: bool = False
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        """Without the password, wherever it is printed."""
        return (
            f"SourceOptions(station_id={self.station_id!r}, realtime={self.realtime}, "
            f"as_live={self.as_live}, camera={self.camera!r})"
        )
