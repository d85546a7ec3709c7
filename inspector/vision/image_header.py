"""The size of an image from its header: known before memory is spent on its pixels."""

from __future__ import annotations

import struct


def image_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) of a PNG, JPEG, BMP, TIFF or WebP file, None if it is none of these."""
    try:
        if data[:8] == b"\x89PNG\r\n\x1a\n":
            return struct.unpack_from(">II", data, 16)
        if data[:2] == b"\xff\xd8":
            return _jpeg_size(data)
        if data[:2] == b"BM":
            width, height = struct.unpack_from("<ii", data, 18)
            return width, abs(height)
        if data[:4] in (b"II*\0", b"MM\0*"):
            return _tiff_size(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp_size(data)
    except (struct.error, KeyError):
        return None
    return None


def is_complete(data: bytes) -> bool:
    """False for a PNG or JPEG without its end: decoders fill the rest with grey."""
    if data[:2] == b"\xff\xd8":
        return data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")
    if data[:4] == b"\x89PNG":
        return data.rfind(b"IEND") > 0
    return True


def is_cmyk(data: bytes) -> bool:
    """Whether a JPEG or TIFF file holds printing inks, of which no true colours can be had."""
    try:
        if data[:2] == b"\xff\xd8":
            at = _jpeg_frame_header(data)
            return at is not None and data[at + 9 : at + 10] == b"\x04"
        # 5 is "separated" among the photometric interpretations
        return data[:4] in (b"II*\0", b"MM\0*") and _tiff_tags(data).get(262) == 5
    except struct.error:
        return False


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = _jpeg_frame_header(data)
    if at is None:
        return None
    height, width = struct.unpack_from(">HH", data, at + 5)
    return width, height


def _jpeg_frame_header(data: bytes) -> int | None:
    """Where the SOF marker begins."""
    at = 2
    while True:
        marker, length = struct.unpack_from(">HH", data, at)
        # SOF0…SOF15, without DHT (C4), JPG (C8) and DAC (CC)
        if 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
            return at
        if marker < 0xFFC0 or length < 2:
            return None
        at += 2 + length


def _tiff_size(data: bytes) -> tuple[int, int]:
    tags = _tiff_tags(data)
    return tags[256], tags[257]


def _tiff_tags(data: bytes) -> dict[int, int]:
    order = "<" if data[:2] == b"II" else ">"
    (directory,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, directory)
    values: dict[int, int] = {}
    for entry in range(min(count, 64)):
        at = directory + 2 + 12 * entry
        tag, kind = struct.unpack_from(f"{order}HH", data, at)
        # 3 is SHORT, anything else that may stand here is LONG
        (values[tag],) = struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", data, at + 8)
    return values


def _webp_size(data: bytes) -> tuple[int, int] | None:
    chunk = data[12:16]
    if chunk == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        return width, int.from_bytes(data[27:30], "little") + 1
    if chunk == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None
