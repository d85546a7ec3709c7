"""What a run is to be: read from job and recipe files and the command line, checked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from inspector.core.camera import CameraSettings
from inspector.core.cameras import CamerasFile, parse_cameras
from inspector.core.execution import Execution
from inspector.core.geometry import Roi
from inspector.core.job import ArchiveRule, Job, archive_beside, parse_job
from inspector.core.recipe import Recipe, parse_recipe
from inspector.errors import ConfigError

MAX_DOCUMENT_BYTES = 1_000_000
MAX_INDEX_DIGITS = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """Everything that ``build_station`` needs to know.

    Attributes:
        source: address, see ``inspector.sources.factory.open_source``.
        model: folder of the model package.
        recipe: None makes one of the thresholds that the package proposes.
        roi: region to inspect; only where there is no recipe.
        empty_frames: (first, end) frames said to show the empty belt: presence mode.
        trigger_frames: frame indices that count as triggers: trigger mode.
        live: the source does not wait: frames may be dropped.
        recorded_only: refuse sources that do not wait (cameras, streams).
        realtime: pace a recorded source by its own clock, losing nothing.
        job: name of the job that this is, for the record.
        db: the record; None keeps none.
        archive: folder for pictures of rejected parts; None keeps none.
        annotated: annotated video to write; None writes none.
        keep_around_fail: folder and seconds of footage to keep around failed parts.
        isolate: files are decoded in a process of their own, as cameras are.
        credential: name under which the keyring holds user name and password of the source.
    """

    source: str
    model: Path
    recipe: Recipe | None = None
    roi: Roi | None = None
    empty_frames: tuple[int, int] | None = None
    trigger_frames: frozenset[int] = frozenset()
    live: bool = False
    recorded_only: bool = False
    realtime: bool = False
    job: str | None = None
    db: Path | None = None
    archive: Path | None = None
    archive_rule: ArchiveRule = field(default_factory=ArchiveRule)
    annotated: Path | None = None
    keep_around_fail: tuple[Path, float] | None = None
    variant: str | None = None
    require_gpu: bool = False
    threads: int | None = None
    execution: Execution = field(default_factory=Execution)
    camera: CameraSettings | None = None
    credential: str | None = None
    isolate: bool = False
    station_id: str = "station"

    @property
    def pictures(self) -> int:
        """Of one frame, that the network is asked about at once: a region each."""
        return len(self.recipe.regions) if self.recipe else 1


def read_document(path: Path, what: str, *, most_bytes: int = MAX_DOCUMENT_BYTES) -> str:
    """A small UTF-8 text file; raises ConfigError saying what could not be read."""
    try:
        if path.stat().st_size > most_bytes:
            raise ConfigError(f"{what} {path}: larger than {most_bytes} bytes")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{what} {path}: no such file") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{what} {path}: not a UTF-8 text file") from None
    except OSError as error:
        raise ConfigError(f"{what} {path}: cannot be read: {error.strerror}") from None


def load_recipe(path: Path) -> Recipe:
    """Raises ConfigError."""
    return parse_recipe(read_document(path, "recipe"), str(path))


def load_job(name: str, folder: Path) -> tuple[Job, Path]:
    """The job and its file: ``name`` is a path to a .toml, or a name in ``folder``.

    Raises ConfigError; for an unknown name it lists the known ones.
    """
    path = Path(name) if name.endswith(".toml") else folder / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.toml"))) or "none"
        raise ConfigError(f"job {name!r}: no file {path}; jobs in {folder}: {known}")
    return parse_job(read_document(path, "job"), str(path)), path


def config_for_job(name: str, folder: Path, *, source: str | None = None) -> RunConfig:
    """A run as the job itself describes it, from another ``source`` where one is given.

    Raises ConfigError.
    """
    job, path = load_job(name, folder)
    if (source or job.source) is None or job.model is None:
        missing = "model" if job.model is None else "source"
        raise ConfigError(f"job {path}: names no {missing}, so it cannot be run as it is")
    return RunConfig(
        source=source or beside(path, job.source or ""),
        model=path.parent / job.model,
        recipe=load_recipe(path.parent / job.recipe) if job.recipe else None,
        camera=job.camera,
        credential=job.credential,
        archive_rule=job.archive,
    )


def beside(job: Path, source: str) -> str:
    """A file or folder named relative to the job's own, or the address as it is."""
    found = job.parent / source
    try:
        return str(found) if found.exists() else source
    except OSError:
        # a name that is too long for a file, say: what opens it says so
        return source


def load_cameras(path: Path) -> list[tuple[str, RunConfig]]:
    """The cameras of a station file by name, each with the run that it describes.

    All write to one record; pictures lie in a folder for each. Raises ConfigError.
    """
    held = load_cameras_file(path)
    db = path.parent / held.db
    pictures = path.parent / held.archive if held.archive else archive_beside(db)
    return [
        (
            camera.name,
            replace(
                config_for_job(str(path.parent / camera.job), path.parent, source=camera.source),
                station_id=f"{held.station}.{camera.name}",
                live=True,
                db=db,
                archive=pictures / camera.name,
                variant=held.network.variant,
                require_gpu=held.network.require_gpu,
                threads=held.network.threads,
                execution=held.network.execution,
            ),
        )
        for camera in held.cameras
    ]


def load_cameras_file(path: Path) -> CamerasFile:
    """Raises ConfigError."""
    return parse_cameras(read_document(path, "cameras"), str(path))


def parse_frame_range(text: str) -> tuple[int, int]:
    """``"A:B"``, frames A to before B; raises ConfigError."""
    try:
        first, end = (int(v) for v in text.split(":"))
    except ValueError:
        raise ConfigError(f"frames {text!r}: expected A:B, two whole numbers") from None
    if not 0 <= first < end:
        raise ConfigError(f"frames {text!r}: expected 0 <= A < B")
    if end - first > 1000:
        raise ConfigError(f"frames {text!r}: at most 1000 frames")
    return (first, end)


def load_trigger_frames(path: Path) -> frozenset[int]:
    """One frame index a line; raises ConfigError naming the line."""
    indices = set()
    for number, line in enumerate(read_document(path, "triggers").splitlines(), 1):
        if not line.strip():
            continue
        indices.add(_frame_index(line.strip(), f"triggers {path}, line {number}"))
    if not indices:
        raise ConfigError(f"triggers {path}: names no frame")
    return frozenset(indices)


def _frame_index(text: str, where: str) -> int:
    # isdigit alone also holds for digits that int does not take, such as "²"
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_INDEX_DIGITS):
        raise ConfigError(f"{where}: {text[:40]!r} is no frame index")
    return int(text)
