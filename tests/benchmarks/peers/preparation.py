"""A picture as a peer's network wants it; the same function for fitting and for measuring.

It runs in the peers' environment and in ours. The resize is the station's own, faster than
the peers' loaders, which go through PIL: whatever it saves is in their favour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.vision.resize import resize


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a peer's ONNX file takes: float32 (1, 3, height, width) RGB.

    mean, std: of values in 0..1, RGB; None where the graph itself normalises.
    """

    name: str
    height: int
    width: int
    mean: Sequence[float] | None = None
    std: Sequence[float] | None = None

    def prepare(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 (H, W, 3) BGR → the network's input."""
        small = resize(image, self.height, self.width)
        batch = cv2.dnn.blobFromImage(small, 1 / 255, swapRB=True)
        if self.mean is not None and self.std is not None:
            batch -= np.array(self.mean, np.float32).reshape(1, 3, 1, 1)
            batch /= np.array(self.std, np.float32).reshape(1, 3, 1, 1)
        return batch


def read_picture(path: Path) -> NDArray[np.uint8]:
    """uint8 (H, W, 3) BGR."""
    image: Any = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SystemExit(f"{path}: no picture that OpenCV can read")
    return image
