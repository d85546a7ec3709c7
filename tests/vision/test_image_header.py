"""Header sizes agree with what the decoder finds."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.vision.image_header import image_size, is_cmyk, is_complete

_SUFFIXES = [".png", ".jpg", ".bmp", ".tif", ".webp"]


def encode(suffix: str, width: int, height: int) -> bytes:
    image = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    return cv2.imencode(suffix, image)[1].tobytes()


@pytest.mark.parametrize("suffix", _SUFFIXES)
def test_size_and_completeness(suffix: str) -> None:
    data = encode(suffix, 37, 21)
    assert image_size(data) == (37, 21)
    assert is_complete(data)
    assert not is_cmyk(data)


def test_lossless_and_plain_webp() -> None:
    image = np.zeros((21, 37, 3), np.uint8)
    for quality in (101, 60):
        data = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()
        assert image_size(data) == (37, 21)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_cut_file_is_incomplete(suffix: str) -> None:
    data = encode(suffix, 64, 64)
    assert not is_complete(data[: len(data) * 2 // 3])


@given(st.binary(max_size=64), st.sampled_from([b"", b"\xff\xd8", b"II*\0", b"BM", b"RIFF"]))
def test_garbage_never_raises(data: bytes, head: bytes) -> None:
    image_size(head + data)
    is_complete(head + data)
    is_cmyk(head + data)
