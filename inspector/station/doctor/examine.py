"""All checks of a station, in the order in which a person reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from inspector.core.job import archive_beside
from inspector.sources.credentials import Credentials
from inspector.station.doctor.disk import check_disk
from inspector.station.doctor.findings import Check, Finding, run_checks
from inspector.station.doctor.machine import (
    check_cameras,
    check_clock,
    check_keyring,
    check_machine,
    check_permissions,
)
from inspector.station.doctor.networks import check_gpu, check_models, check_providers
from inspector.station.doctor.people import check_people
from inspector.station.doctor.programs import (
    check_versions,
    constraints_file,
    installed_versions,
)
from inspector.station.doctor.record import check_record


@dataclass(frozen=True, slots=True)
class Patient:
    """What belongs to the station. ``quick``: leaves out what takes many seconds."""

    db: Path = Path("inspector.db")
    models: Path = Path("models")
    jobs: Path = Path("jobs")
    archive: Path | None = None
    quick: bool = False


def examine(patient: Patient) -> Iterator[Finding]:
    """Takes seconds, with models and a large record minutes; changes nothing."""
    return run_checks(_checks(patient))


def _checks(patient: Patient) -> Iterator[tuple[str, Check]]:
    archive = patient.archive or archive_beside(patient.db)
    versions = partial(check_versions, installed_versions(), constraints=constraints_file())
    folders = (patient.models, patient.jobs)
    yield "versions", versions
    yield "machine", check_machine
    yield "gpu", check_gpu
    yield "providers", check_providers
    yield "cameras", check_cameras
    yield "clock", check_clock
    yield "permissions", partial(check_permissions, patient.db, folders)
    yield "keyring", lambda: check_keyring(Credentials())
    yield "people", partial(check_people, patient.db)
    yield "disk", partial(check_disk, "disk", patient.db.absolute().parent)
    if archive.is_dir():
        yield "archive", partial(check_disk, "archive", archive)
    yield "record", partial(check_record, patient.db, quick=patient.quick)
    if not patient.quick:
        yield "models", partial(check_models, patient.models)
