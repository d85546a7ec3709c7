"""The annotated video of footage, made in the background; complete or absent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from inspector.config import RunConfig
from inspector.errors import ConfigError
from inspector.station.replaying import Phase, ReplayRun


def annotated_export(config: RunConfig, path: Path) -> ReplayRun:
    """A run, not started, that writes ``path`` (.mp4) of what ``config`` decides.

    It decides all again rather than draw from an index: what a video shows is then what
    its own run decided, with every map at hand. Cancelled or failed, it leaves nothing.

    Raises ConfigError for a place that cannot be written.
    """
    _check_place(path)
    partial = path.with_name(f"{path.stem}.exporting.mp4")

    def publish(phase: Phase) -> None:
        if phase is not Phase.FINISHED:
            partial.unlink(missing_ok=True)
            return
        try:
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise ConfigError(f"cannot keep the video {path}: {error.strerror}") from None

    drawn = replace(config, annotated=partial, db=None, archive=None, keep_around_fail=None)
    return ReplayRun(drawn, after=publish)


def _check_place(path: Path) -> None:
    if path.suffix.lower() != ".mp4":
        raise ConfigError(f"video {path}: expected a name that ends in .mp4")
    if path.is_dir():
        raise ConfigError(f"video {path} is a folder: name a file")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"video {path}: there is no folder {path.absolute().parent}")
