"""What the window remembers from one start to the next; a broken file never stops it."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inspector.platforms import fsync_folder

FILE_NAME = "window.json"


class OverlaySettings(BaseModel):
    """What is drawn over pictures."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shown: bool = True
    heat: bool = True
    heat_opacity: Annotated[float, Field(ge=0, le=1)] = 0.6
    contours: bool = True
    boxes: bool = False
    score: bool = True


class AlarmSettings(BaseModel):
    """When rejects are an alarm; zero switches a rule off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    consecutive_fails: Annotated[int, Field(ge=0, le=1000)] = 3
    fail_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    window: Annotated[int, Field(ge=1, le=1000)] = 20
    consecutive_invalid: Annotated[int, Field(ge=0, le=1000)] = 3


class GuiSettings(BaseModel):
    """Immutable; change with ``model_copy(update=…)`` through `SettingsFile.update`.

    ``geometry`` and ``docks`` are Qt's own states, base64. ``panes`` are sizes of
    splitters by name, in pixels. ``who`` signed a change last.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    theme: Literal["dark", "light"] = "dark"
    geometry: str = ""
    docks: str = ""
    page: str = ""
    last_job: str = ""
    recent_footage: tuple[str, ...] = ()
    who: str = ""
    panes: dict[str, tuple[int, ...]] = {}
    overlay: OverlaySettings = OverlaySettings()
    alarms: AlarmSettings = AlarmSettings()


def default_folder() -> Path:
    """Where a desktop program keeps its settings."""
    if os.name == "nt":
        return Path(os.environ.get("APPDATA", Path.home())) / "inspector"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "inspector"


@dataclass(slots=True)
class SettingsFile:
    """The settings in force and the file behind them (one thread).

    ``problem`` says in one line why the file could not be used; the window tells it.
    """

    path: Path | None
    values: GuiSettings
    problem: str | None = None

    @classmethod
    def load(cls, folder: Path | None) -> SettingsFile:
        """Never raises: an unusable file is kept aside as ``….broken``. None: in memory."""
        if folder is None:
            return cls(None, GuiSettings())
        path = folder / FILE_NAME
        try:
            return cls(path, GuiSettings.model_validate_json(path.read_bytes()))
        except FileNotFoundError:
            return cls(path, GuiSettings())
        except (ValidationError, OSError) as error:
            return cls(path, GuiSettings(), _set_aside(path, error))

    def update(self, **changes: object) -> None:
        """Takes the changes over and writes them; raises ValidationError for wrong ones.

        A disk that refuses becomes ``problem``: settings are no reason to stop a line.
        """
        merged = {**self.values.model_dump(), **_plain(changes)}
        values = GuiSettings.model_validate(merged)
        if values == self.values:
            return
        self.values = values
        if self.path is not None:
            self._write(self.path)

    def _write(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(path.name + ".part")
            part.write_text(self.values.model_dump_json(indent=2), encoding="utf-8")
            part.replace(path)
            fsync_folder(path.parent)
        except OSError as error:
            self.problem = f"{path} cannot be written: {error.strerror}"


def _plain(changes: dict[str, object]) -> dict[str, object]:
    return {k: v.model_dump() if isinstance(v, BaseModel) else v for k, v in changes.items()}


def _set_aside(path: Path, error: ValidationError | OSError) -> str:
    why = error.strerror if isinstance(error, OSError) else "it is not valid"
    aside = path.with_name(path.name + ".broken")
    with contextlib.suppress(OSError):
        path.replace(aside)
        return f"{path} could not be read ({why}); it is kept as {aside.name}"
    return f"{path} could not be read ({why})"
