"""Picture sizes out of compressed packets."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.sources.packet_size import Codec, codec_of, packet_size

# sequence parameter sets: 4:2:0 cropped, 4:4:4, interlaced; then HEVC 4:2:0 and 4:2:2
_SETS: list[tuple[Codec, str, tuple[int, int]]] = [
    ("h264", "67640015acd941709788ac0440000003004000000f03c58b6580", (354, 286)),
    ("h264", "67f40015919b282e12f1f78088000003000800000301e078b16cb0", (354, 286)),
    ("h264", "67640028acd94078044fde0220000003002000000783e2c5b2c0", (1920, 1080)),
    (
        "hevc",
        "42010101600000030090000003000003003ca00b4804872565959a4932bc05a020000003002000000303c1",
        (354, 286),
    ),
    (
        "hevc",
        "4201010408000003009d0800000300001eb020839f3e5959ae4caf016808000003000800000300f040",
        (64, 50),
    ),
]


@pytest.mark.parametrize(("codec", "parameters", "size"), _SETS)
def test_parameter_sets(codec: Codec, parameters: str, size: tuple[int, int]) -> None:
    other = b"\0\0\0\1\x06\x05\x01\x80"
    packet = other + b"\0\0\0\1" + bytes.fromhex(parameters) + other
    assert packet_size(codec, packet) == size
    assert packet_size(codec, other) is None


def test_jpeg() -> None:
    data = cv2.imencode(".jpg", np.zeros((20, 30, 3), np.uint8))[1].tobytes()
    assert packet_size("mjpeg", data) == (30, 20)


@pytest.mark.parametrize(
    ("name", "codec"), [("avc1", "h264"), ("HEVC", "hevc"), ("MJPG", "mjpeg"), ("FFV1", None)]
)
def test_codec_names(name: str, codec: Codec | None) -> None:
    assert codec_of(cv2.VideoWriter.fourcc(*name)) == codec


@given(st.sampled_from(["h264", "hevc", "mjpeg"]), st.binary(max_size=80))
def test_garbage_never_raises(codec: Codec, data: bytes) -> None:
    for head in (b"\0\0\1\x67", b"\0\0\1\x42\x01", b"\xff\xd8", b""):
        packet_size(codec, head + data)
