"""A folder of images (or one image) as a source, in natural order."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from inspector.core.frame import Frame, Image, SourceInfo
from inspector.errors import SourceOpenError, StateError
from inspector.sources.options import SourceOptions
from inspector.sources.pacing import Pacer
from inspector.sources.stamp import FrameStamper
from inspector.vision.still import decode_still

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})
PACED_FPS = 10.0
"""Stills have no rate of their own; this is theirs with ``realtime`` or ``as_live``."""


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sorts ``2.png`` before ``10.png``; the case of letters does not matter."""
    pieces = re.findall(r"[0-9]+|[^0-9]+", name)
    return tuple((0, int(p)) if p[0] in "0123456789" else (1, p.casefold()) for p in pieces)


def list_images(path: Path) -> list[Path]:
    """Images of a folder in natural order; sub-folders and hidden files are left out."""
    if path.is_file():
        return [path]
    found = [p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and p.name[0] != "."]
    return sorted((p for p in found if p.is_file()), key=lambda p: (natural_key(p.name), p.name))


class FolderSource:
    """Every image one frame; all are expected to have the size of the first sound one.

    An image that is damaged, or of another size, comes as a frame with ``fault`` set.
    """

    def __init__(self, path: Path, options: SourceOptions, *, pacer: Pacer | None = None) -> None:
        self._path = path
        self._options = options
        self._pacer = pacer or Pacer()
        self._stamper = FrameStamper(
            station_id=options.station_id, source_id=path.resolve().name or "folder"
        )
        self._images: list[Path] = []
        self._info: SourceInfo | None = None
        self._next = 0

    def open(self) -> SourceInfo:
        """Raises SourceOpenError: missing, unreadable, or without a sound image."""
        self.close()
        self._images = self._found()
        width, height = self._size_of_first()
        paced = self._options.realtime or self._options.as_live
        self._pacer.reset()
        self._next = 0
        self._info = SourceInfo(
            source_id=self._path.resolve().name or "folder",
            uri=str(self._path),
            is_live=self._options.as_live,
            width=width,
            height=height,
            fps=PACED_FPS if paced else None,
            frame_count=len(self._images),
            is_recorded=True,
        )
        return self._info

    def _found(self) -> list[Path]:
        try:
            images = list_images(self._path)
        except FileNotFoundError:
            raise SourceOpenError(f"folder {self._path}: no such folder") from None
        except OSError as error:
            raise SourceOpenError(f"folder {self._path}: {error.strerror}") from error
        if not images:
            raise SourceOpenError(f"folder {self._path}: no images in it{self._hint()}")
        return images

    def _hint(self) -> str:
        folders = sorted(p.name for p in self._path.iterdir() if p.is_dir())
        kinds = ", ".join(sorted(s[1:] for s in SUFFIXES))
        return f" ({kinds})" + (f"; name one of its folders, e.g. {folders[0]}" if folders else "")

    def _size_of_first(self) -> tuple[int, int]:
        problem = ""
        for path in self._images:
            image = _load(path)
            if not isinstance(image, str):
                return image.shape[1], image.shape[0]
            problem = problem or f"{path.name}: {image}"
        raise SourceOpenError(f"folder {self._path}: none of its images can be read ({problem})")

    def read(self) -> Frame | None:
        """The next image; raises SourceInterrupted after ``interrupt``."""
        info = self._info
        if info is None:
            raise StateError(f"folder {self._path}: read before open")
        self._pacer.check()
        pts_ns = round(self._next * 1e9 / PACED_FPS) if info.fps else None
        if pts_ns is not None:
            pts_ns = self._paced(info, pts_ns)
        if self._next >= len(self._images):
            return None
        image, fault = load_image(self._images[self._next], info.width, info.height)
        self._next += 1
        return self._stamper.stamp(image, pts_ns=pts_ns, fault=fault)

    def _paced(self, info: SourceInfo, pts_ns: int) -> int:
        late = int(self._pacer.late_ns(pts_ns) * PACED_FPS / 1e9) if info.is_live else 0
        lost = min(late, len(self._images) - 1 - self._next) if late > 3 else 0
        if lost > 0:
            self._stamper.skip(lost)
            self._next += lost
            pts_ns = round(self._next * 1e9 / PACED_FPS)
        if self._next < len(self._images):
            self._pacer.wait_for(pts_ns)
        return pts_ns

    def interrupt(self) -> None:
        """See FrameSource."""
        self._pacer.interrupt()

    def close(self) -> None:
        """See FrameSource."""
        self._info = None


def load_image(path: Path, width: int, height: int) -> tuple[Image, str | None]:
    """uint8 (height, width, 3) BGR, and why it cannot be used (then it is black)."""
    image = _load(path)
    if isinstance(image, str):
        fault = f"{path.name}: {image}"
    elif image.shape[:2] != (height, width):
        size = f"{image.shape[1]}x{image.shape[0]}"
        fault = f"{path.name}: {size}, expected {width}x{height}"
    else:
        return image, None
    return np.zeros((height, width, 3), np.uint8), fault


def _load(path: Path) -> Image | str:
    try:
        data = path.read_bytes()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return decode_still(data)
