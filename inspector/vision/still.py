"""Image files to pixels, with a reason where that is not possible."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from inspector.core.frame import Image
from inspector.vision.image_header import image_size, is_cmyk, is_complete

MAX_PIXELS = 100_000_000

Undecodable = str
"""Why there is no picture, in words."""


def decode_still(data: bytes) -> Image | Undecodable:
    """uint8 (H, W, 3) BGR from a PNG, JPEG, BMP, TIFF or WebP file, or what is wrong with it.

    16-bit values are scaled to 8 bit by their full range (65535 becomes 255), alpha is
    dropped, grey becomes three equal channels; an EXIF orientation is ignored, as the
    sensor's own rows and columns are what a region of interest refers to.
    """
    size = image_size(data)
    if size is None:
        return "not an image" if data else "the file is empty"
    if size[0] * size[1] > MAX_PIXELS or min(size) < 1:
        return f"its header says {size[0]}x{size[1]} pixels; at most {MAX_PIXELS} are decoded"
    if not is_complete(data):
        return "the file is cut off"
    if is_cmyk(data):
        return "CMYK colours; expected RGB or grey"
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        image = None
    return _as_bgr(image) if image is not None and image.size else "damaged"


def _as_bgr(image: np.ndarray) -> Image | Undecodable:
    if image.dtype == np.uint16:
        image = ((image.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if image.dtype != np.uint8:
        return f"pixels of type {image.dtype}; expected 8 or 16 bit"
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels == 3:
        return image
    if channels == 4:
        return np.ascontiguousarray(image[:, :, :3])
    return cast(
        "Image", cv2.cvtColor(image[..., :1] if image.ndim == 3 else image, cv2.COLOR_GRAY2BGR)
    )
