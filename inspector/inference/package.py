"""Model packages: a folder with a manifest and the files it vouches for.

Everything read here is untrusted until its size and checksum are verified, and all
later steps work on the verified bytes, never on the file again.
"""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

from inspector.core.manifest import ModelManifest, parse_manifest
from inspector.errors import InputError, PackageError
from inspector.inference.golden import Golden, parse_golden
from inspector.inference.safety import check_onnx

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 1 << 20
MAX_MODEL_BYTES = 1 << 30
MAX_GOLDEN_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Package:
    """A package whose manifest is valid; its files are verified as they are read."""

    path: Path
    manifest: ModelManifest

    def variant_bytes(self, name: str) -> bytes:
        """The .onnx file of a variant: size, checksum and safety checked.

        Raises PackageError.
        """
        variant = self.manifest.variant(name)
        where = self.where(variant.file)
        if variant.size_bytes > MAX_MODEL_BYTES:
            raise PackageError(
                f"{where}: the manifest announces {variant.size_bytes} bytes, but models over"
                f" {MAX_MODEL_BYTES} are not loaded: export a smaller one"
            )
        data = read_bounded(self.path / variant.file, where, variant.size_bytes)
        if len(data) != variant.size_bytes:
            raise PackageError(
                f"{where}: {len(data)} bytes where the manifest expects"
                f" {variant.size_bytes}: copy the package again"
            )
        _check_sha256(data, variant.sha256, where)
        check_onnx(data, where)
        return data

    def golden(self, name: str) -> Golden:
        """The golden file of a variant, checksum and shapes checked; raises PackageError."""
        spec = self.manifest.variant(name).golden
        where = self.where(spec.file)
        data = read_bounded(self.path / spec.file, where, MAX_GOLDEN_BYTES)
        _check_sha256(data, spec.sha256, where)
        return parse_golden(data, self.manifest, spec.atol, where)

    def where(self, file: str) -> str:
        """How error messages name a file of this package."""
        return f"model package {self.path}: {file}"


def load_package(path: Path) -> Package:
    """Reads and checks the manifest of the package in the folder ``path``.

    Raises PackageError, with one line that names package, file, what is wrong and
    what to do; of the model files too, once they are asked for.
    """
    if not path.is_dir():
        found = "it is a file" if path.exists() else "there is no such folder"
        raise PackageError(f"model package {path}: {found}: give a folder with a {MANIFEST}")
    where = f"model package {path}: {MANIFEST}"
    text = read_bounded(path / MANIFEST, where, MAX_MANIFEST_BYTES)
    return Package(path, parse_manifest(text, where))


def find_packages(root: Path) -> dict[Path, Package | PackageError]:
    """All packages at ``root``/<category>/<version>, sound or with what is wrong.

    Raises InputError where ``root`` is no folder.
    """
    if not root.is_dir():
        raise InputError(f"no folder {root}: give the folder that holds the model packages")
    folders = sorted(p.parent for p in root.glob(f"*/*/{MANIFEST}"))
    return {folder: _loaded(folder) for folder in folders}


def _loaded(folder: Path) -> Package | PackageError:
    try:
        return load_package(folder)
    except PackageError as error:
        return error


def read_bounded(path: Path, where: str, limit: int) -> bytes:
    """At most ``limit`` bytes of a regular file; names are plain, so links alone lead out."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            raise PackageError(f"{where} is a link: packages must hold the files themselves")
        if not stat.S_ISREG(mode):
            raise PackageError(f"{where} is no regular file: copy the package again")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise PackageError(f"{where} is missing: copy the package again, all of it") from None
    except OSError as error:
        raise PackageError(f"{where} cannot be read: {error.strerror}") from None
    if len(data) > limit:
        raise PackageError(f"{where} is larger than the {limit} bytes expected: not loaded")
    return data


def _check_sha256(data: bytes, expected: str, where: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise PackageError(
            f"{where}: wrong checksum: sha256 {found[:12]}… where the manifest expects"
            f" {expected[:12]}…: the file was altered or damaged, copy the package again"
        )
