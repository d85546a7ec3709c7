"""Pictures and outlines as they will be written."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.core.geometry import Roi
from inspector.errors import InputError
from inspector.vision.still import decode_still
from training.prepare.items import Item

_PNG_PLAIN = (0, 2, 3)
"""Colour types of PNG without alpha: grey, colour, palette."""


def decode(data: bytes, roi: Roi | None) -> Image:
    """uint8 (H, W, 3) BGR, the region cut out; raises InputError with the reason alone."""
    image = decode_still(data)
    if isinstance(image, str):
        raise InputError(image)
    if roi is None:
        return image
    height, width = image.shape[:2]
    if roi.box.x2 > width or roi.box.y2 > height:
        raise InputError(f"the region {roi} does not lie inside its {width}×{height} pixels")
    return image[roi.y : roi.box.y2, roi.x : roi.box.x2]


def is_plain(data: bytes) -> bool:
    """Whether a sound picture has 8 bits a channel and no alpha: its bytes can be copied."""
    if data[:2] == b"\xff\xd8":
        return True
    if data[:4] == b"\x89PNG":
        transparent = b"tRNS" in data[: data.find(b"IDAT")]
        return data[24] <= 8 and data[25] in _PNG_PLAIN and not transparent
    raw = _raw(data)
    return raw.dtype == np.uint8 and (raw.ndim == 2 or raw.shape[2] == 3)


def as_written(item: Item, data: bytes) -> tuple[bytes, str]:
    """The bytes to write and their suffix: the source's own, or 8-bit colour PNG.

    16 bits, alpha and regions cannot be copied; they become what the station would see.
    """
    if item.roi is None and is_plain(data):
        return data, item.path.suffix.lower()
    return encode_png(decode(data, item.roi)), ".png"


def read_outline(data: bytes) -> NDArray[np.bool_]:
    """bool (H, W), True where any colour is above 0; raises InputError with the reason alone.

    In a JPEG above 127: its compression leaves faint waves around an outline.
    """
    decode(data, None)
    raw = _raw(data)
    colours = raw if raw.ndim == 2 else raw[..., :3].max(axis=2)
    return np.asarray(colours > (127 if data[:2] == b"\xff\xd8" else 0))


def encode_png(image: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def _raw(data: bytes) -> NDArray[np.unsignedinteger[Any]]:
    """As stored: 8 or 16 bits, one, three or four channels; of a sound picture only."""
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED))
