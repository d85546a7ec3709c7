"""Importing a package of unknown origin: checked in a hidden folder, then moved in whole."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inspector.core.manifest import ModelManifest, parse_manifest
from inspector.errors import PackageError
from inspector.inference.gallery import CARD, MAX_CARD_BYTES, Verification, verify_package
from inspector.inference.package import (
    MANIFEST,
    MAX_GOLDEN_BYTES,
    MAX_MANIFEST_BYTES,
    MAX_MODEL_BYTES,
)
from inspector.inference.package_source import PackageFiles, open_package_files
from inspector.platforms import fsync_folder, write_new

STAGING_PREFIX = ".importing-"


@dataclass(frozen=True, slots=True)
class Imported:
    """``left_out``: files that the manifest does not vouch for; they were not taken."""

    path: Path
    title: str
    verification: Verification
    left_out: tuple[str, ...]


def import_package(
    source: Path,
    root: Path,
    *,
    threads: int | None = None,
    on_step: Callable[[str], None] = lambda what: None,
) -> Imported:
    """Into ``root``/<category>/<version>, all of it or nothing; takes seconds.

    Only what the manifest names is taken (and the card), and only after every variant
    has passed its checks on this machine. A version that is there already is refused:
    records name it, so it must stay what it was.

    ``on_step`` hears what comes next, and may raise to give up; nothing is left then.

    Raises PackageError for anything wrong with the package or its place.
    """
    on_step("reading the manifest")
    with open_package_files(source) as files:
        text = files.read(MANIFEST, MAX_MANIFEST_BYTES)
        manifest = parse_manifest(text, files.where(MANIFEST))
        target = root / manifest.category / manifest.version
        _check_free(target, manifest)
        with _staging(root) as staged:
            left_out = _copy(files, manifest, text, staged, on_step)
            verification = verify_package(staged, threads=threads, on_step=on_step)
            if verification.problem is not None:
                raise PackageError(verification.problem.replace(str(staged), str(source)))
            on_step("moving it in")
            _move_in(staged, target, manifest)
    return Imported(target, manifest.title, verification, left_out)


def _check_free(target: Path, manifest: ModelManifest) -> None:
    if target.exists():
        raise PackageError(
            f"model {manifest.title} is there already, in {target}: versions do not change; "
            "export it under a new version"
        )


def _copy(
    files: PackageFiles,
    manifest: ModelManifest,
    text: bytes,
    staged: Path,
    on_step: Callable[[str], None],
) -> tuple[str, ...]:
    """Returns the names of what was left out."""
    write_new(staged / MANIFEST, text)
    wanted = {v.file: MAX_MODEL_BYTES for v in manifest.variants}
    wanted |= {v.golden.file: MAX_GOLDEN_BYTES for v in manifest.variants}
    held = files.names()
    if CARD in held:
        wanted[CARD] = MAX_CARD_BYTES
    for name, limit in wanted.items():
        on_step(f"copying {name}")
        write_new(staged / name, files.read(name, limit))
    fsync_folder(staged)
    return tuple(sorted(held - {MANIFEST, *wanted}))


@contextmanager
def _staging(root: Path) -> Iterator[Path]:
    """A hidden folder on the same disk, gone afterwards whatever happens."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=STAGING_PREFIX, dir=root))
    except OSError as error:
        raise PackageError(f"model folder {root}: cannot be written: {error.strerror}") from None
    try:
        yield folder
    except OSError as error:
        raise PackageError(f"model folder {root}: {error.strerror}: nothing imported") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _move_in(staged: Path, target: Path, manifest: ModelManifest) -> None:
    target.parent.mkdir(exist_ok=True)
    staged.chmod(0o755)
    _check_free(target, manifest)
    staged.rename(target)
    fsync_folder(target.parent)
