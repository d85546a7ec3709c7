"""What is small and wants to become large, and what is inside and wants to get out."""

from __future__ import annotations

import io
import json
import struct
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from inspector.core.manifest import parse_manifest
from inspector.errors import ConfigError, InspectorError, PackageError
from inspector.inference import golden
from inspector.inference.golden import parse_golden
from inspector.inference.importing import import_package
from inspector.vision.still import decode_still
from tests.support.tiny_model import write_tiny_package

MEGABYTE = 1 << 20


@contextmanager
def little_memory(most_mb: int = 120) -> Iterator[None]:
    """Fails where resident memory peaks above what it was; looked at all the while."""
    process = psutil.Process()
    before, peak = process.memory_info().rss, 0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.002):
            peak = max(peak, process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert peak - before < most_mb * MEGABYTE, f"took {(peak - before) >> 20} MB"


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return made.getvalue()


def package_members(tmp_path: Path) -> dict[str, bytes]:
    package = write_tiny_package(tmp_path / "seed", size=16, map_size=4)
    return {p.name: p.read_bytes() for p in package.iterdir()}


def _understated(data: bytes) -> bytes:
    """The directory says 100 bytes of what expands to far more."""
    at = data.rfind(b"PK\x01\x02")
    return data[: at + 24] + struct.pack("<I", 100) + data[at + 28 :]


@pytest.mark.parametrize(
    ("extra", "change", "words"),
    [
        ({"bomb": b"\0" * (64 << 20)}, bytes, "times its size"),
        ({f"{n}": b"" for n in range(300)}, bytes, "at most 256"),
        ({"../../out": b"x"}, bytes, "leads out"),
        ({"/etc/out": b"x"}, bytes, "leads out"),
        ({"a\\..\\out": b"x"}, bytes, "leads out"),
        ({"C:out": b"x"}, bytes, "leads out"),
        ({"deep/er/manifest.json": b"{}"}, bytes, "a package has one"),
    ],
)
def test_zip_files_that_mean_harm(
    tmp_path: Path, extra: dict[str, bytes], change: Callable[[bytes], bytes], words: str
) -> None:
    source = tmp_path / "in" / "p.zip"
    source.parent.mkdir()
    source.write_bytes(change(zipped(package_members(tmp_path) | extra)))
    with little_memory(), pytest.raises(PackageError, match=words):
        import_package(source, tmp_path / "models")
    assert {p.name for p in tmp_path.iterdir()} <= {"in", "models", "seed"}
    root = tmp_path / "models"
    assert not root.exists() or list(root.iterdir()) == []


def test_a_member_that_is_larger_than_it_says(tmp_path: Path) -> None:
    members = package_members(tmp_path)
    manifest = members.pop("manifest.json")
    source = tmp_path / "p.zip"
    padded = manifest + b" " * (8 << 20)
    source.write_bytes(_understated(zipped(members | {"manifest.json": padded})))
    with little_memory(), pytest.raises(PackageError):
        import_package(source, tmp_path / "models")


def test_a_golden_file_that_expands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golden, "MAX_EXPANDED_BYTES", 1 << 20)
    members = package_members(tmp_path)
    manifest = parse_manifest(members["manifest.json"], "m")
    with zipfile.ZipFile(io.BytesIO(members["golden-fp32.npz"])) as archive:
        arrays = {name: archive.read(name) for name in archive.namelist()}
    arrays["image.npy"] += b"\0" * (8 << 20)
    data = zipped(arrays)
    with little_memory(4), pytest.raises(PackageError, match="when expanded"):
        parse_golden(data, manifest, 1e-5, "g")


@pytest.mark.parametrize("key", ["category", "version"])
@pytest.mark.parametrize("name", ["..", "../out", "/out", "a/b", "", "CON ", "a\x00"])
def test_names_in_a_manifest_that_lead_elsewhere(tmp_path: Path, key: str, name: str) -> None:
    document = json.loads(package_members(tmp_path)["manifest.json"])
    document[key] = name
    with pytest.raises(PackageError):
        parse_manifest(json.dumps(document).encode(), "m")


def _png(width: int, height: int, filler: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(filler))
        + chunk(b"IEND", b"")
    )


def _tiff(first: tuple[int, int], then: tuple[int, int]) -> bytes:
    """A grey TIFF that states its size twice."""
    entries = [
        (256, 4, first[0]), (257, 4, first[1]), (256, 4, then[0]), (257, 4, then[1]),
        (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 200), (277, 3, 1),
        (278, 4, 4), (279, 4, 16),
    ]  # fmt: skip
    packed = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + struct.pack("<I", 0)
    return head.ljust(200, b"\0") + b"\x80" * 16


def _second_size(data: bytes) -> bytes:
    """A JPEG whose first frame header says 8×8 and whose second one says 65000×65000."""
    at = data.find(b"\xff\xc0")
    length = 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    small = bytearray(data[at : at + length])
    small[5:9] = struct.pack(">HH", 8, 8)
    large = bytearray(small)
    large[5:9] = struct.pack(">HH", 65000, 65000)
    return data[:at] + bytes(small) + bytes(large) + data[at + length :]


def _jpeg() -> bytes:
    return bytes(cv2.imencode(".jpg", np.full((16, 16, 3), 90, np.uint8))[1])


@pytest.mark.parametrize(
    "data",
    [
        _png(60_000, 60_000, b"\0" * MEGABYTE),
        _png(1, 2**31 - 1, b"\0" * 100),
        _tiff((4, 4), (30_000, 30_000)),
        _tiff((30_000, 30_000), (4, 4)),
        b"BM" + struct.pack("<IIIIiiHHII", 200, 0, 54, 40, 40_000, -40_000, 1, 24, 0, 0),
        b"BM" + struct.pack("<IIIIiiHHII", 200, 0, 54, 40, -5, 2**31 - 1, 1, 24, 0, 0),
        _second_size(_jpeg()),
        b"RIFF\xff\xff\xff\xffWEBPVP8X\n\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff",
    ],
)
def test_pictures_that_claim_to_be_huge(data: bytes) -> None:
    with little_memory():
        assert isinstance(decode_still(data), str)


def test_a_picture_of_many_equal_pixels_is_bounded_by_its_size_in_pixels() -> None:
    with little_memory(most_mb=100):
        image = decode_still(_png(2_000, 2_000, (b"\0" * 6_001) * 2_000))
    assert not isinstance(image, str)


def test_documents_that_are_deep_or_long(tmp_path: Path) -> None:
    from inspector.config import load_job, load_recipe

    key = "a." * 100_000 + "a"
    for text in (
        "a = " + "[" * 200_000,
        "a = {b = " * 50_000,
        f"[{key}]",
        f"[[ {key} ]]",
        f"{key} = 1",
        f"x = 1\n  {key} = 1",
        f"x = {{y = 1, {key} = 1}}",
        "a = " + "9" * 5_000,
    ):
        path = tmp_path / "x.toml"
        path.write_text(text)
        for load in (load_recipe, lambda p: load_job(str(p), tmp_path)):
            with little_memory(), pytest.raises(ConfigError):
                load(path)
    with pytest.raises(InspectorError):
        parse_manifest(b'{"a":' * 100_000, "m")
