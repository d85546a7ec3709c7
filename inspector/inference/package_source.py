"""Where a package to be imported comes from: a folder, or a zip file nobody vouches for."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Protocol

from inspector.core.manifest import shortened
from inspector.errors import PackageError
from inspector.inference.package import MANIFEST, read_bounded

MAX_MEMBERS = 256
MAX_RATIO = 200
"""Expanded to compressed; networks and pictures do not shrink to a tenth of this."""
RATIO_FROM_BYTES = 1 << 20
"""Smaller members may be as repetitive as they like."""
MAX_DEPTH = 3
CHUNK = 1 << 20

_PLAIN = re.compile(r"[^\x00-\x1f\\:]+")
# what zipfile raises for damaged archives is not all BadZipFile
_ZIP_ERRORS = (
    ValueError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


class PackageFiles(Protocol):
    """The files of a package that is to be imported."""

    def where(self, file: str) -> str:
        """How error messages name a file of it."""
        ...

    def names(self) -> frozenset[str]:
        """Of the files directly in it."""
        ...

    def read(self, file: str, limit: int) -> bytes:
        """Raises PackageError: missing, a link, damaged, over ``limit`` bytes."""
        ...


class FolderFiles:
    """A package in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def where(self, file: str) -> str:
        return f"model package {self._folder}: {file}"

    def names(self) -> frozenset[str]:
        return frozenset(p.name for p in self._folder.iterdir())

    def read(self, file: str, limit: int) -> bytes:
        return read_bounded(self._folder / file, self.where(file), limit)


class ZipFiles:
    """A package in a zip file, at its top or in one folder; nothing is extracted.

    Every member is checked before any is read, those too that will not be used: an
    archive with one name that leads out of it is not to be trusted with the others.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        members = archive.infolist()
        if len(members) > MAX_MEMBERS:
            raise PackageError(
                f"{path}: {len(members)} members, but a package has at most {MAX_MEMBERS}"
            )
        for member in members:
            self._check(member)
        self._base = self._find_base([m.filename for m in members])
        self._members = {
            m.filename[len(self._base) :]: m
            for m in members
            if m.filename.startswith(self._base) and "/" not in m.filename[len(self._base) :]
        }

    def _check(self, member: zipfile.ZipInfo) -> None:
        name, shown = member.filename, shortened(member.filename)
        parts = PurePosixPath(name).parts
        if not _PLAIN.fullmatch(name) or name.startswith("/") or ".." in parts:
            raise PackageError(f"{self._path}: the name {shown!r} leads out of the package")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise PackageError(
                f"{self._path}: {shown} is a link: packages hold the files themselves"
            )
        if member.flag_bits & 1 or member.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            raise PackageError(f"{self._path}: {shown} is encrypted or packed in an unusual way")
        if member.file_size > RATIO_FROM_BYTES and (
            member.file_size > MAX_RATIO * max(1, member.compress_size)
        ):
            raise PackageError(
                f"{self._path}: {shown} would expand to more than {MAX_RATIO} times its size: "
                "not unpacked"
            )

    def _find_base(self, names: list[str]) -> str:
        found = [n for n in names if PurePosixPath(n).name == MANIFEST]
        if len(found) != 1 or len(PurePosixPath(found[0]).parts) > MAX_DEPTH:
            raise PackageError(
                f"{self._path}: {len(found)} files {MANIFEST}, but a package has one, at the "
                "top or in its folder"
            )
        if len(set(names)) != len(names):
            raise PackageError(f"{self._path}: a name stands in it twice")
        return found[0][: -len(MANIFEST)]

    def where(self, file: str) -> str:
        return f"model package {self._path}: {file}"

    def names(self) -> frozenset[str]:
        return frozenset(name for name in self._members if name)

    def read(self, file: str, limit: int) -> bytes:
        member = self._members.get(file)
        if member is None:
            raise PackageError(f"{self.where(file)} is missing: pack the package again")
        if member.file_size > limit:
            raise PackageError(f"{self.where(file)}: larger than the {limit} bytes expected")
        try:
            return self._expanded(member, limit)
        except _ZIP_ERRORS as error:
            raise PackageError(
                f"{self.where(file)}: damaged: {shortened(str(error))}: pack it again"
            ) from None

    def _expanded(self, member: zipfile.ZipInfo, limit: int) -> bytes:
        """The announced size is a claim: what really comes is counted."""
        taken = bytearray()
        with self._archive.open(member) as stream:
            while chunk := stream.read(CHUNK):
                taken += chunk
                if len(taken) > limit:
                    raise ValueError("more bytes than announced")
        return bytes(taken)


@contextmanager
def open_package_files(source: Path) -> Iterator[PackageFiles]:
    """Raises PackageError for what is neither a folder nor a zip file."""
    if source.is_dir():
        yield FolderFiles(source)
        return
    if not source.is_file():
        raise PackageError(f"{source}: no such file or folder: choose a package or a .zip of one")
    try:
        archive = zipfile.ZipFile(source)
    except _ZIP_ERRORS as error:
        raise PackageError(f"{source}: not a readable zip file: {shortened(str(error))}") from None
    with archive:
        yield ZipFiles(source, archive)
