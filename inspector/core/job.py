"""Job: source, camera settings, model and recipe under the name of a product."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from inspector.core.camera import CameraSettings
from inspector.core.manifest import Name, Strict, first_problem
from inspector.core.toml_text import read_toml
from inspector.errors import ConfigError


def archive_beside(db: Path) -> Path:
    """Where pictures lie if nobody says: beside the record."""
    return db.parent / f"{db.stem}-parts"


class ArchiveRule(Strict):
    """Which parts' pictures are kept, and how much disk they may take.

    Every FAIL, REVIEW and INVALID part is kept, PASS one in ``pass_one_in`` (0: none).
    """

    quota_mb: Annotated[int, Field(ge=1)] = 2000
    keep_free_mb: Annotated[int, Field(ge=0)] = 500
    pass_one_in: Annotated[int, Field(ge=0)] = 0


class Job(Strict):
    """One product on one line. Paths are relative to the job's file.

    ``credential`` names what the system's keyring holds for the source; a user name or
    password never stands in a job.
    """

    schema_version: Literal[1] = 1
    name: Name
    source: str | None = None
    credential: Name | None = None
    model: str | None = None
    recipe: str | None = None
    camera: CameraSettings | None = None
    archive: ArchiveRule = ArchiveRule()


def parse_job(text: str, where: str) -> Job:
    """From TOML; raises ConfigError that names the file and the key."""
    try:
        return Job.model_validate(read_toml(text, f"job {where}"))
    except ValidationError as error:
        raise ConfigError(f"job {where}: {first_problem(error)}") from None
