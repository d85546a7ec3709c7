"""CamerasFile: a station with several cameras, each with a job of its own, in one file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from inspector.core.execution import Execution
from inspector.core.log_rule import LogRule
from inspector.core.manifest import Name, first_problem
from inspector.core.strict import Strict
from inspector.core.toml_text import read_toml
from inspector.errors import ConfigError


class CameraEntry(Strict):
    """One camera. ``job`` is a file relative to this one; ``source`` wins over the job's."""

    name: Name
    job: Annotated[str, Field(pattern=r"\.toml$")]
    source: Annotated[str, Field(min_length=1)] | None = None


class NetworkRule(Strict):
    """How the cameras share the networks.

    Attributes:
        most: pictures of one batch on a GPU.
        patience_ms: how long a picture may wait there for those of other cameras.
        variant, require_gpu, threads: as the options of ``inspector run``.
        execution: on which provider, and how much of a GPU each model may take.
    """

    most: Annotated[int, Field(ge=1, le=256)] = 8
    patience_ms: Annotated[float, Field(ge=0, le=100)] = 2.0
    variant: Literal["fp32", "fp16", "int8"] | None = None
    require_gpu: bool = False
    threads: Annotated[int, Field(ge=1, le=256)] | None = None
    execution: Execution = Execution()


class CamerasFile(Strict):
    """Paths are relative to the file; ``archive`` and the log are beside the record by default."""

    schema_version: Literal[1] = 1
    station: Name = "station"
    db: str = "inspector.db"
    archive: str | None = None
    network: NetworkRule = NetworkRule()
    log: LogRule = LogRule()
    cameras: Annotated[list[CameraEntry], Field(min_length=1, max_length=64)]

    @model_validator(mode="after")
    def _distinct(self) -> CamerasFile:
        names = [camera.name for camera in self.cameras]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two cameras are called {twice[0]!r}")
        return self


def parse_cameras(text: str, where: str) -> CamerasFile:
    """From TOML; raises ConfigError that names the file and the key."""
    try:
        return CamerasFile.model_validate(read_toml(text, f"cameras {where}"))
    except ValidationError as error:
        raise ConfigError(f"cameras {where}: {first_problem(error)}") from None
