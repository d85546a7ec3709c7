"""Teaching the empty belt from what the picture shows: some live frames, or the still one."""

from __future__ import annotations

from inspector.core.frame import Image
from inspector.core.geometry import Roi
from inspector.core.presence import Thumbnail, teach_reference
from inspector.vision.presence import thumbnail

FRAMES = 8
"""Enough for the median to take the noise out; a quarter of a second at 30 fps."""


class Teaching:
    """Collects thumbnails until there are enough; one thread."""

    def __init__(self, roi: Roi | None, frames: int = FRAMES) -> None:
        self._roi = roi
        self._wanted = frames
        self._thumbnails: list[Thumbnail] = []

    @property
    def count(self) -> int:
        return len(self._thumbnails)

    @property
    def complete(self) -> bool:
        return self.count >= self._wanted

    def add(self, image: Image) -> None:
        """uint8 (H, W, 3) BGR."""
        if not self.complete:
            self._thumbnails.append(thumbnail(image, self._roi))

    def reference(self) -> Thumbnail:
        """Raises ConfigError where something moved, or nothing was seen."""
        return teach_reference(self._thumbnails)
