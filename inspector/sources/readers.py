"""Recorded footage by frame number, for looking through it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from inspector.core.frame import Frame, SourceInfo
from inspector.core.protocols import FrameReader
from inspector.errors import SourceOpenError, StateError
from inspector.sources.address import parse_address
from inspector.sources.folder import SUFFIXES, FolderSource, list_images, load_image
from inspector.sources.native_env import quiet_native_logs
from inspector.sources.options import SourceOptions
from inspector.sources.stamp import looked_at
from inspector.sources.video_reader import VideoReader


def open_reader(
    address: str, known_pts: Callable[[int], int | None] = lambda index: None
) -> FrameReader:
    """The reader of a video file or a folder of images, not opened yet.

    ``known_pts`` tells a video's reader when a frame came in a run, ns; None unknown.

    Raises SourceOpenError for whatever cannot be looked through: cameras, streams, the
    simulator, and where nothing is there.
    """
    parsed = parse_address(address)
    if parsed.kind != "path":
        raise SourceOpenError(
            f"source {parsed.shown} is no recorded footage: name a video file or a folder of "
            "images, or record it first"
        )
    path = Path(parsed.target)
    if not path.exists():
        raise SourceOpenError(f"source {parsed.shown}: no such file or folder")
    quiet_native_logs()
    if path.is_dir() or path.suffix.lower() in SUFFIXES:
        return FolderReader(path)
    return VideoReader(path, known_pts=known_pts)


class FolderReader:
    """A `FrameReader` over the images of a folder, in its natural order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._info: SourceInfo | None = None
        self._images: list[Path] = []

    def open(self) -> SourceInfo:
        """As FolderSource opens it. Raises SourceOpenError."""
        source = FolderSource(self._path, SourceOptions())
        self._info = source.open()
        source.close()
        self._images = list_images(self._path)
        return self._info

    def read_at(self, index: int) -> Frame | None:
        """See FrameReader; an image that cannot be read comes with ``fault`` set."""
        if self._info is None:
            raise StateError(f"folder {self._path}: read before open")
        if not 0 <= index < len(self._images):
            return None
        image, fault = load_image(self._images[index], self._info.width, self._info.height)
        return looked_at(self._info, index, image, pts_ns=None, fault=fault)

    def close(self) -> None:
        """See FrameReader."""
        self._info = None
