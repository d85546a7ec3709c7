"""Folders of pictures for ``prepare``, and what it left behind."""

from __future__ import annotations

import base64
import csv
import struct
from pathlib import Path

import cv2
import numpy as np

from tests.support.cli import Result

CMYK_JPEG = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAbEhQXFBEbFxYXHhwbIChCKyglJShROj0wQmBVZWRfVV1baniZgWpxkHNb"
    "XYW1hpCeo6utq2eAvMm6pseZqKuk/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAUG"
    "/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwCjEnTT/9k="
)


def cmyk_tiff() -> bytes:
    """2 × 2 pixels, uncompressed."""
    tags = [(256, 2), (257, 2), (258, 8), (259, 1), (262, 5), (273, 120), (277, 4), (279, 16)]
    entries = b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in tags)
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    return head.ljust(120, b"\0") + bytes(range(16))


def part(seed: int, size: int = 48) -> np.ndarray:
    """A picture like no other: the near duplicates of these tests are made on purpose."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(40, 200, (12, 12, 3), np.uint8)
    return np.asarray(cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC))


def put(path: Path, image: np.ndarray, *options: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(path.suffix, image, options)
    assert done
    path.write_bytes(data.tobytes())
    return path


def flat(root: Path, good: int = 10, bad: int = 3) -> Path:
    for i in range(good):
        put(root / "good" / f"g{i:02}.png", part(i))
    for i in range(bad):
        put(root / "bad" / f"b{i:02}.jpg", part(100 + i))
        mask = np.zeros((48, 48), np.uint8)
        mask[4:9, 5:20] = i + 1
        put(root / "ground_truth" / "bad" / f"b{i:02}_mask.png", mask)
    return root


def files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def provenance(category: Path) -> list[dict[str, str]]:
    with (category / "provenance.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def refused(result: Result, out: Path) -> str:
    """The one line of an error that left nothing behind."""
    assert result.code == 2, result.err
    lines = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert not out.exists() or not any(out.iterdir())
    return lines[0]
