"""A video of drawn frames for people to watch: small rather than faithful."""

from __future__ import annotations

from pathlib import Path

import cv2

from inspector.core.frame import Image
from inspector.errors import StoreError


class DrawnVideo:
    """Writes MPEG-4 in .mp4; the file appears under its name when closed (one thread)."""

    def __init__(self, path: Path, *, fps: float, width: int, height: int) -> None:
        """Raises StoreError where the file cannot be made; ``width`` and ``height`` even."""
        self._path = path
        self._partial = path.with_name(f"{path.stem}.part{path.suffix}")
        code = cv2.VideoWriter.fourcc(*"mp4v")
        self._writer = cv2.VideoWriter(str(self._partial), code, fps, (width, height))
        if not self._writer.isOpened():
            raise StoreError(f"cannot write the video {path}: check the folder and the disk")

    def write(self, image: Image) -> None:
        """uint8 (height, width, 3) BGR."""
        self._writer.write(image)

    def close(self) -> None:
        """Raises StoreError where nothing readable came of it (a full disk, say)."""
        self._writer.release()
        try:
            if self._partial.stat().st_size == 0:
                raise StoreError(f"the video {self._path} came out empty: is the disk full?")
            self._partial.replace(self._path)
        except OSError as error:
            raise StoreError(f"cannot keep the video {self._path}: {error.strerror}") from None
