"""Pictures that FFmpeg patched up: what it complains of, which pictures that spoils, and the
real thing, a damaged stream over HTTP read by a capture process.
"""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.errors import SourceError
from inspector.sources.damage import DAMAGED, DamageWatch
from inspector.sources.decoder_log import complaints, is_telling
from inspector.sources.factory import open_source
from inspector.sources.native_env import quiet_native_logs
from inspector.sources.options import SourceOptions
from tests.support.fake_capture import FakeCapture

PACKET = 188
"""Bytes of an MPEG transport stream."""
FRAMES, GOP, WIDTH, HEIGHT = 72, 12, 160, 120
LOST = 5
"""Packets."""
ROOT = Path(__file__).resolve().parents[2]
VISIBLE = 24
"""Grey levels by which a picture must differ somewhere to count as damaged to the eye."""


@pytest.mark.parametrize(
    ("said", "telling"),
    [
        ("", False),
        ("[OPENCV:FFMPEG:16] error while decoding MB 30 30, bytestream 771\n", True),
        ("[OPENCV:FFMPEG:08] something fatal\n", True),
        ("[OPENCV:FFMPEG:24] Packet corrupt (stream = 0, dts = 5).\n", True),
        ("[OPENCV:FFMPEG:24] RTP: missed 3 packets\n", True),
        ("[OPENCV:FFMPEG:24] Skipping invalid undecodable NALU: 1\n", True),
        ("[OPENCV:FFMPEG:24] deprecated pixel format used\n", False),
        ("[OPENCV:FFMPEG:16] SEI type 764 size 1216 truncated at 432\n", False),
        ("[OPENCV:FFMPEG:32] 12 corrupt things, told as news\n", False),
        ("[OPENCV:FFMPEG:24] a\n[OPENCV:FFMPEG:24] b\n[OPENCV:FFMPEG:16] c\n", True),
        ("printed by somebody else: corrupt\n", False),
    ],
)
def test_what_speaks_of_damage(said: str, telling: bool) -> None:
    assert is_telling(said) is telling


def faults(complaints: Sequence[bool], keys: str, types: str) -> list[bool]:
    """Of the pictures after the opening; ``k`` in ``keys`` is a key packet."""
    said = iter([True, *complaints])  # the first is about the opening
    watch = DamageWatch(lambda: next(said))
    found = []
    for key, kind in zip(keys, types, strict=True):
        properties = {
            cv2.CAP_PROP_LRF_HAS_KEY_FRAME: float(key == "k"),
            cv2.CAP_PROP_FRAME_TYPE: float(ord(kind)),
        }
        found.append(watch.fault(FakeCapture([], properties=properties)) == DAMAGED)
    return found


@pytest.mark.parametrize(
    ("complaints", "keys", "types", "spoilt"),
    [
        ("......", "k..k..", "IPPIPP", "......"),
        # all that lean on it, up to the next key frame
        (".!....", "k..k..", "IPPIPP", ".xx..."),
        # the complaint may be of the packet behind it: that key frame is not to be trusted
        ("..!......", "k..k..k..", "IPPIPPIPP", "..xxxx..."),
        # a key frame that is damaged itself
        ("...!.....", "k..k..k..", "IPPIPPIPP", "...xxx..."),
        # the first picture of all
        ("!......", "k..k..k", "IPPIPPI", "xxx...."),
        # an I picture that is no key frame renews nothing
        (".!.....", "k.....k", "IPPIPPI", ".xxxxx."),
        # reordered: the key packet goes in two pictures before its own comes out
        (".!........", "k....k....", "IPPPPPPIPP", ".xxxxxx..."),
        # each by itself, as MJPEG
        (".!....", "kkkkkk", "IIIIII", ".xx..."),
    ],
)
def test_which_pictures_lean_on_it(complaints: str, keys: str, types: str, spoilt: str) -> None:
    said = [c == "!" for c in complaints]
    assert faults(said, keys, types) == [c == "x" for c in spoilt]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MPEG-4, a key frame every twelve pictures, every picture unlike the one before."""
    quiet_native_logs()
    path = tmp_path_factory.mktemp("clip") / "clip.ts"
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), 25, (WIDTH, HEIGHT)
    )
    chance = np.random.default_rng(1)
    texture = cv2.resize(chance.integers(0, 256, (60, 160, 3), np.uint8), (2 * WIDTH, HEIGHT))
    for i in range(FRAMES):
        writer.write(np.ascontiguousarray(texture[:, 2 * i : 2 * i + WIDTH]))
    writer.release()
    return path


class _File(http.server.BaseHTTPRequestHandler):
    content = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "video/mp2t")
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        try:
            self.wfile.write(self.content)
        except ConnectionError:
            return

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(content: bytes) -> Iterator[str]:
    handler = type("Handler", (_File,), {"content": content})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{web.server_port}/clip.ts"
        web.shutdown()
        thread.join()


@dataclass(frozen=True)
class Read:
    """Pictures by their time, and those of them that have a fault."""

    images: dict[int, np.ndarray]
    faulty: set[int]


def read_all(content: bytes, out: Path) -> Read:
    with served(content) as address:
        command = [sys.executable, "-m", "tests.support.direct_reader", address, str(out)]
        subprocess.run(command, check=True, cwd=ROOT, timeout=60)
    with np.load(out) as found:
        times = [int(t) for t in found["pts_ns"]]
        faults = [str(f) for f in found["faults"]]
        assert set(faults) <= {"", DAMAGED}
        return Read(
            dict(zip(times, found["images"], strict=True)),
            {t for t, fault in zip(times, faults, strict=True) if fault},
        )


@pytest.fixture(scope="module")
def sound(clip: Path) -> Read:
    return read_all(clip.read_bytes(), clip.with_suffix(".npz"))


def test_a_sound_stream_has_no_fault(sound: Read) -> None:
    assert len(sound.images) == FRAMES
    assert not sound.faulty


@pytest.mark.parametrize("place", [0.3, 0.55, 0.8])
def test_lost_packets_spoil_what_leans_on_them_and_no_more(
    clip: Path, sound: Read, tmp_path: Path, place: float
) -> None:
    whole = clip.read_bytes()
    at = PACKET * round(place * len(whole) / PACKET)
    holed = read_all(whole[:at] + whole[at + LOST * PACKET :], tmp_path / "read.npz")
    assert len(holed.images) > FRAMES // 2
    spoilt = {t for t, image in holed.images.items() if is_spoilt(image, sound.images[t])}
    assert spoilt
    assert spoilt <= holed.faulty
    assert len(holed.faulty) <= 2 * GOP + 1


def is_spoilt(image: np.ndarray, sound: np.ndarray) -> bool:
    return int(cv2.absdiff(image, sound).max()) > VISIBLE


def test_a_capture_process_marks_them(clip: Path) -> None:
    """Through the ring, where frames may be lost to a slow reader."""
    whole = clip.read_bytes()
    holed = bytearray(whole)
    for at in range(len(whole) // 4, len(whole), len(whole) // 12):
        holed[at : at + 4 * PACKET] = bytes(4 * PACKET)
    with served(bytes(holed)) as address:
        source = open_source(address, SourceOptions())
        source.open()
        faults = set()
        with suppress(SourceError):
            while (frame := source.read()) is not None:
                faults.add(frame.fault)
        source.close()
    assert DAMAGED in faults


def test_where_standard_output_is_somebody_elses_nothing_is_read_off_it() -> None:
    assert complaints() is None
