"""The jobs of a folder, by product name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inspector.config import load_job
from inspector.errors import ConfigError


@dataclass(frozen=True, slots=True)
class JobEntry:
    """``problem`` says why the file is no usable job, None for a sound one."""

    id: str
    name: str
    path: Path
    problem: str | None = None


def list_jobs(folder: Path) -> tuple[JobEntry, ...]:
    """By name; recipes (``*.recipe.toml``) are no jobs. Reads every file: off the GUI thread."""
    files = sorted(p for p in folder.glob("*.toml") if not p.name.endswith(".recipe.toml"))
    return tuple(sorted((_entry(path) for path in files), key=lambda j: j.name.casefold()))


def _entry(path: Path) -> JobEntry:
    try:
        job, _ = load_job(str(path), path.parent)
    except ConfigError as error:
        return JobEntry(path.stem, path.stem, path, str(error))
    return JobEntry(path.stem, job.name, path)
