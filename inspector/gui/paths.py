"""Where the window reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inspector.core.job import archive_beside


@dataclass(frozen=True, slots=True)
class Paths:
    """All may be absent yet.

    Attributes:
        jobs: folder of job files.
        models: folder of model packages, ``<category>/<version>``.
        db: the record; may not exist yet. None keeps none.
        archive: pictures of rejected parts.
        recordings: where recorded footage goes.
    """

    jobs: Path = Path("jobs")
    models: Path = Path("models")
    db: Path | None = Path("inspector.db")
    archive: Path | None = None
    recordings: Path = Path("recordings")

    @property
    def archive_folder(self) -> Path | None:
        """The archive, by default beside the record as ``inspector run`` has it."""
        if self.archive is not None or self.db is None:
            return self.archive
        return archive_beside(self.db)
