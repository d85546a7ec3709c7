"""A bundle for whoever helps from afar: what this station is and did, without secrets."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspector import __version__
from inspector.core.job import archive_beside
from inspector.core.redact import Redactor
from inspector.errors import InputError, InspectorError
from inspector.inference.gallery import gallery
from inspector.station.audit_key import key_path
from inspector.station.doctor.examine import Patient, examine
from inspector.station.doctor.findings import Finding, exit_code
from inspector.station.doctor.programs import installed_versions
from inspector.station.logbook import log_beside
from inspector.store.backup import table_rows
from inspector.store.opening import open_reader, raw_connection

LOG_TAIL = 512 << 10
MAX_CONFIG = 1 << 20
MAX_FILES = 200
_NEWEST = "SELECT * FROM {} ORDER BY id DESC LIMIT 50"
_HIDDEN_COLUMNS = frozenset({"mac", "pin_hash", "hash"})


@dataclass(frozen=True, slots=True)
class Bundle:
    """``left_out``: what could not be read, a line each (it is in the bundle, too)."""

    path: Path
    names: tuple[str, ...]
    left_out: tuple[str, ...]


def make_bundle(
    out: Path,
    patient: Patient,
    *,
    configs: Sequence[Path] = (),
    log: Path | None = None,
    pictures: int = 0,
) -> Bundle:
    """Writes a zip file, whole or not at all.

    Args:
        configs: files to add to the jobs and recipes in the folder of jobs.
        log: its older files are taken too; None: the one beside the record.
        pictures: so many of the newest rejected parts; none unless asked for.

    Raises InputError for a place that cannot be written, or a file that exists.
    """
    if out.exists():
        raise InputError(f"{out} exists already: name another file")
    writer = _Writer(_redactor(patient.db))
    for part in (
        _health(patient),
        _versions(patient.models),
        _record(patient.db),
        _configs([*_configs_in(patient.jobs), *configs]),
        _logs(log or log_beside(patient.db)),
    ):
        writer.take(part)
    archive = patient.archive or archive_beside(patient.db)
    newest = _newest_pictures(archive, pictures) if pictures else []
    return _written(out, writer, newest)


def _redactor(db: Path) -> Redactor:
    redactor = Redactor()
    redactor.hide_environment(os.environ)
    key = key_path(db)
    if key.is_file():
        redactor.hide(key.read_bytes().hex())
    return redactor


class _Writer:
    """Texts by name in the bundle, cleaned as they come."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self.texts: dict[str, str] = {}
        self.left_out: list[str] = []

    def take(self, texts: Iterator[tuple[str, object]]) -> None:
        """What breaks is said, and the rest still taken."""
        try:
            for name, held in texts:
                self.texts[name] = self._clean(held)
        except (InspectorError, OSError) as error:
            self.left_out.append(self._redactor.text(" ".join(str(error).split())))

    def _clean(self, held: object) -> str:
        if isinstance(held, str):
            return self._redactor.text(held)
        return json.dumps(self._redactor.value(held), indent=1, default=str, ensure_ascii=False)


def _health(patient: Patient) -> Iterator[tuple[str, object]]:
    found = list(examine(patient))
    yield "doctor.txt", "\n".join(_lines(found)) + "\n"
    document = [finding.as_dict() for finding in found]
    yield "doctor.json", {"schema": 1, "exit_code": exit_code(found), "findings": document}


def _lines(found: Sequence[Finding]) -> Iterator[str]:
    for one in found:
        yield f"{one.severity.name.lower():8s} {one.what:12s} {one.found}"
        if one.todo:
            yield f"{'':21s} -> {one.todo}"


def _versions(models: Path) -> Iterator[tuple[str, object]]:
    yield "versions.json", {"inspector": __version__, "installed": installed_versions()}
    if models.is_dir():
        yield (
            "models.json",
            [
                {"title": e.title, "variants": dict(e.variants), "problem": e.problem}
                for e in gallery(models)
            ],
        )


def _record(db: Path) -> Iterator[tuple[str, object]]:
    """Schema, counts, and the newest runs and events; no rows of parts or people."""
    if not db.exists():
        return
    store = open_reader(db)
    try:
        with raw_connection(store) as raw:
            schema = [str(row[0]) for row in raw.execute("SELECT sql FROM sqlite_master") if row[0]]
            yield "record/schema.sql", ";\n".join(schema) + ";\n"
            pragmas = ("page_size", "page_count", "freelist_count", "journal_mode")
            facts = {name: raw.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas}
            yield "record/counts.json", {"rows": table_rows(raw), **facts}
            for table in ("runs", "events"):
                cursor = raw.execute(_NEWEST.format(table))
                names = [column[0] for column in cursor.description]
                rows = [dict(zip(names, row, strict=True)) for row in cursor]
                yield f"record/{table}.json", [_without_seals(row) for row in rows]
    finally:
        store.close()


def _without_seals(row: dict[str, object]) -> dict[str, object]:
    return {k: v for k, v in row.items() if not (k in _HIDDEN_COLUMNS or isinstance(v, bytes))}


def _configs_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.toml"))[:MAX_FILES] if folder.is_dir() else []


def _configs(paths: Sequence[Path]) -> Iterator[tuple[str, object]]:
    for number, path in enumerate(dict.fromkeys(paths)):
        with path.open("rb") as file:
            text = file.read(MAX_CONFIG).decode("utf-8", "replace")
        yield f"config/{number:03d}-{path.name}", f"# {path}\n{text}"


def _logs(log: Path) -> Iterator[tuple[str, object]]:
    for path in sorted(log.parent.glob(f"{log.name}*"))[:MAX_FILES]:
        if path.is_file():
            yield f"logs/{path.name}", _tail(path)


def _tail(path: Path) -> str:
    """The last lines, whole ones: a line cut in two might hide a secret from its pattern."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - LOG_TAIL))
        data = file.read(LOG_TAIL)
    if size > LOG_TAIL:
        data = data[data.find(b"\n") + 1 :]
    return data.decode("utf-8", "replace")


def _newest_pictures(archive: Path, count: int) -> list[Path]:
    found = [p for p in archive.rglob("*.png") if p.is_file() and not p.is_symlink()]
    return sorted(found, key=lambda p: p.stat().st_mtime)[-count:]


def _written(out: Path, writer: _Writer, pictures: Sequence[Path]) -> Bundle:
    if writer.left_out:
        writer.texts["left-out.txt"] = "\n".join(writer.left_out) + "\n"
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{out.name}-", dir=out.absolute().parent)
        partial = Path(name)
        try:
            with (
                os.fdopen(descriptor, "wb") as file,
                zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
            ):
                for entry, text in writer.texts.items():
                    archive.writestr(entry, text)
                for picture in pictures:
                    archive.write(picture, f"pictures/{picture.name}")
            partial.replace(out)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from None
    names = (*writer.texts, *(f"pictures/{p.name}" for p in pictures))
    return Bundle(out, names, tuple(writer.left_out))
