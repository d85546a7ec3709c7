"""MPEG transport streams taken apart: packets, and the pictures that they carry."""

from __future__ import annotations

from collections.abc import Collection

PACKET = 188
_VIDEO = 0x100
"""Packet identifier; FFmpeg's muxer gives it to the first stream."""


def packets(stream: bytes) -> list[bytes]:
    return [stream[at : at + PACKET] for at in range(0, len(stream), PACKET)]


def picture_of_packets(stream: bytes) -> list[int | None]:
    """For each packet the number of the picture that it carries a piece of; None for tables."""
    found: list[int | None] = []
    picture = -1
    for packet in packets(stream):
        is_video = ((packet[1] & 0x1F) << 8 | packet[2]) == _VIDEO
        picture += is_video and bool(packet[1] & 0x40)
        found.append(picture if is_video else None)
    return found


def without_packets(stream: bytes, first: int, count: int) -> bytes:
    """As a network loses them: ``count`` in a row."""
    return stream[: first * PACKET] + stream[(first + count) * PACKET :]


def without_pictures(stream: bytes, lost: Collection[int]) -> bytes:
    """As a sender sheds them: whole, and the counters of what is left follow each other."""
    numbers = picture_of_packets(stream)
    kept: list[bytes] = []
    counter = 0
    for packet, picture in zip(packets(stream), numbers, strict=True):
        if picture in lost:
            continue
        if picture is None:
            kept.append(packet)
            continue
        kept.append(packet[:3] + bytes([packet[3] & 0xF0 | counter]) + packet[4:])
        counter = (counter + 1) % 16
    return b"".join(kept)
