"""Pictures that FFmpeg patched up: what it says, which pictures that spoils, and the real
thing, damaged streams over HTTP, read as a capture process does.

The clips are FFmpeg's moving test picture, a key frame every 24 pictures, no B-frames, made with
``ffmpeg -f lavfi -i testsrc2=size=160x96:rate=30 -frames:v 96 -crf 34`` by x264 (main profile)
and x265.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.errors import SourceError, SourceOpenError
from inspector.sources.address import parse_address
from inspector.sources.damage import DAMAGED, DamageWatch
from inspector.sources.decoder_log import Complaint, complaints, decoder_says
from inspector.sources.factory import open_source
from inspector.sources.network import NetworkSource
from inspector.sources.options import SourceOptions
from tests.support.fake_capture import FakeCapture, picture
from tests.support.transport_stream import PACKET, without_packets, without_pictures
from tests.support.web import serving

CLIPS = Path(__file__).with_name("data")
FRAMES, GOP = 96, 24
VISIBLE = 24
"""Grey levels by which a picture must differ somewhere to count as damaged to the eye."""
ROOT = Path(__file__).resolve().parents[2]
COMPLAINT = "[OPENCV:FFMPEG:16] error while decoding MB 30 30, bytestream 771\n"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("", set()),
        (COMPLAINT, {Complaint.ERROR}),
        ("[OPENCV:FFMPEG:08] something fatal\n", {Complaint.ERROR}),
        ("[OPENCV:FFMPEG:24] Packet corrupt (stream = 0, dts = 5).\n", {Complaint.PACKET}),
        ("[OPENCV:FFMPEG:24] RTP: missed 3 packets\n", {Complaint.PACKET}),
        ("[OPENCV:FFMPEG:24] Skipping invalid undecodable NALU: 1\n", {Complaint.MISSING}),
        ("[OPENCV:FFMPEG:16] Skipping invalid undecodable NALU: 19\n", {Complaint.ERROR}),
        ("[OPENCV:FFMPEG:16] Could not find ref with POC 3\n", {Complaint.MISSING}),
        ("[OPENCV:FFMPEG:48] Frame num gap 5 3\n", {Complaint.MISSING}),
        ("[OPENCV:FFMPEG:16] non-existing PPS 0 referenced\n", {Complaint.JOINING}),
        ("[OPENCV:FFMPEG:24] deprecated pixel format used\n", set()),
        ("[OPENCV:FFMPEG:24] EOI missing, emulating\n", set()),
        ("[OPENCV:FFMPEG:24] Invalid timestamps stream=0, pts=1, dts=2\n", set()),
        ("[OPENCV:FFMPEG:16] SEI type 764 size 1216 truncated at 432\n", set()),
        ("[OPENCV:FFMPEG:16] invalid TIFF header in EXIF data: x\n", set()),
        ("[OPENCV:FFMPEG:48] nal_unit_type: 1(Coded slice), nal_ref_idc: 2\n", set()),
        (f"[OPENCV:FFMPEG:24] no new line{COMPLAINT}", {Complaint.ERROR}),
        (f"[OPENCV:FFMPEG:24] a\n[OPENCV:FFMPEG:24] b\n{COMPLAINT}", {Complaint.ERROR}),
        ("printed by somebody else: Packet corrupt (\n", set()),
    ],
)
def test_what_speaks_of_damage(said: str, found: set[Complaint]) -> None:
    assert complaints(said) == found


SAID = {
    ".": "",
    "!": COMPLAINT,
    "p": "[OPENCV:FFMPEG:24] Packet corrupt (stream = 0, dts = 5).\n",
    "m": "[OPENCV:FFMPEG:16] Could not find ref with POC 3\n",
    "j": "[OPENCV:FFMPEG:16] non-existing PPS 0 referenced\n",
}


@pytest.mark.parametrize(
    ("said", "keys", "types", "spoilt"),
    [
        ("......", "k..k..", "IPPIPP", "......"),
        # all that lean on it, up to the next key frame
        (".!....", "k..k..", "IPPIPP", ".xx..."),
        (".m....", "k..k..", "IPPIPP", ".xx..."),
        ("..m...", "k..k..", "IPPIPP", "..x..."),
        # maybe of the packet behind the picture: then that key frame is not to be trusted
        ("..p......", "k..k..k..", "IPPIPPIPP", "..xxxx..."),
        ("..!......", "k..k..k..", "IPPIPPIPP", "..xxxx..."),
        # a key frame that is damaged itself
        ("...!.....", "k..k..k..", "IPPIPPIPP", "...xxx..."),
        ("...j.....", "k..k..k..", "IPPIPPIPP", "...xxx..."),
        # pictures before a key frame were not handed out: it leans on nothing
        ("...m..", "k..k..", "IPPIPP", "......"),
        # the first picture of all
        ("!......", "k..k..k", "IPPIPPI", "xxx...."),
        # entered in the middle of a stream
        ("m.....", "k..k..", "IPPIPP", "......"),
        ("j.....", "k..k..", "IPPIPP", "......"),
        # also where its key packet went in earlier in the same grab, or it has none
        ("m.....", "...k..", "PPPIPP", "......"),
        ("!.....", "...k..", "PPPIPP", "xxx..."),
        # renewed stripe by stripe: a key packet is of a picture that leans on others
        ("...m......", "k..k..k..k", "IPPPPPPPPP", "...xxxxxx."),
        (".!........", "k..k..k..k", "IPPPPPPPPP", ".xxxxx...."),
        # with B pictures a key packet goes in beside another picture
        ("....m...", "k...k...", "IBBPBIBP", "........"),
        # an I picture that is no key frame renews nothing
        (".!.....", "k.....k", "IPPIPPI", ".xxxxx."),
        # reordered: the key packet goes in two pictures before its own comes out
        (".!........", "k....k....", "IPPPPPPIPP", ".xxxxxx..."),
        # each by itself, as MJPEG
        (".!....", "kkkkkk", "IIIIII", ".xx..."),
    ],
)
def test_which_pictures_lean_on_it(said: str, keys: str, types: str, spoilt: str) -> None:
    """``k`` in ``keys`` is a key packet."""
    told = iter([COMPLAINT, *(SAID[c] for c in said)])  # the first is about the opening
    watch = DamageWatch(lambda: next(told))
    found = ""
    for key, kind in zip(keys, types, strict=True):
        properties = {
            cv2.CAP_PROP_LRF_HAS_KEY_FRAME: float(key == "k"),
            cv2.CAP_PROP_FRAME_TYPE: float(ord(kind)),
        }
        marked = watch.fault(FakeCapture([], properties=properties)) == DAMAGED
        found += "x" if marked else "."
    assert found == spoilt


def test_opening_waits_for_a_sound_picture_and_decodes_on_one_thread() -> None:
    # after opening, and after each grab and retrieving
    said = iter(["", COMPLAINT, "", "", "", "", ""])
    pictures = [picture(value) for value in (10, 20, 30, 40)]

    class Keyed(FakeCapture):
        def get(self, prop: int, /) -> float:
            if prop == cv2.CAP_PROP_LRF_HAS_KEY_FRAME:
                return float(self.grabs in (1, 3))
            return float(ord("I")) if prop == cv2.CAP_PROP_FRAME_TYPE else super().get(prop)

    capture = Keyed(pictures)
    source = NetworkSource(
        parse_address("rtsp://host/a"),
        SourceOptions(),
        capture_factory=capture,
        said=lambda: next(said),
    )
    source.open()
    frame = source.read()
    assert frame is not None
    assert (int(frame.image.mean()), frame.fault) == (30, None)
    params = capture.opened_with[2]
    # what is said belongs to the picture just grabbed only where no other thread is ahead
    assert dict(zip(params[::2], params[1::2], strict=True))[cv2.CAP_PROP_N_THREADS] == 1


class _File(BaseHTTPRequestHandler):
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


@contextmanager
def served(content: bytes) -> Iterator[str]:
    with serving(type("Handler", (_File,), {"content": content})) as web:
        yield f"{web}/clip.ts"


@pytest.mark.parametrize("at", [0, 1])
def test_a_picture_that_opencv_could_not_convert_is_none(at: int) -> None:
    """It hands out whatever lay in memory then, and calls it good."""
    unconverted = "[OPENCV:FFMPEG:16] Cannot convert interlaced to progressive frames\n"
    said = iter(["", *["", ""] * at, "", unconverted])
    source = NetworkSource(
        parse_address("rtsp://host/a"),
        SourceOptions(),
        capture_factory=FakeCapture([picture(10), picture(20)]),
        said=lambda: next(said),
    )
    if at == 0:
        with pytest.raises(SourceOpenError, match="progressive"):
            source.open()
        return
    source.open()
    assert source.read() is not None
    with pytest.raises(SourceError, match="progressive"):
        source.read()


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


@pytest.fixture(scope="module", params=["h264", "hevc"])
def stream(request: pytest.FixtureRequest) -> bytes:
    return (CLIPS / f"{request.param}.ts").read_bytes()


@pytest.fixture(scope="module")
def sound(stream: bytes, tmp_path_factory: pytest.TempPathFactory) -> Read:
    return read_all(stream, tmp_path_factory.mktemp("sound") / "read.npz")


def test_a_sound_stream_has_no_fault(sound: Read) -> None:
    assert len(sound.images) == FRAMES
    assert not sound.faulty


@pytest.mark.parametrize("place", [0.3, 0.8])
def test_what_leans_on_lost_packets_is_marked(
    stream: bytes, sound: Read, tmp_path: Path, place: float
) -> None:
    first = round(place * len(stream) / PACKET)
    holed = read_all(without_packets(stream, first, 5), tmp_path / "read.npz")
    assert len(holed.images) > FRAMES - GOP
    assert holed.faulty
    check_marks(sound, holed)


@pytest.mark.parametrize("lost", [range(30, 34), range(60, 68)], ids=["four", "eight"])
def test_what_leans_on_pictures_that_a_sender_sheds_is_marked(
    stream: bytes, sound: Read, tmp_path: Path, lost: range
) -> None:
    holed = read_all(without_pictures(stream, lost), tmp_path / "read.npz")
    check_marks(sound, holed)
    # the decoder may keep them to itself; the next key frame leans on nothing
    times = sorted(sound.images)
    key = -(-lost.stop // GOP) * GOP
    assert not set(times[lost.stop : key]) & (set(holed.images) - holed.faulty)
    assert set(times[key:]) <= set(holed.images) - holed.faulty


def check_marks(sound: Read, holed: Read) -> None:
    assert not {
        time
        for time, image in holed.images.items()
        if time not in holed.faulty and is_spoilt(image, sound.images[time])
    }
    assert len(holed.faulty) <= 2 * GOP


def is_spoilt(image: np.ndarray, sound: np.ndarray) -> bool:
    return int(cv2.absdiff(image, sound).max()) > VISIBLE


def test_a_stream_that_is_entered_in_its_middle_is_sound(
    stream: bytes, sound: Read, tmp_path: Path
) -> None:
    entered = read_all(without_pictures(stream, range(10)), tmp_path / "read.npz")
    # its time begins where it is entered
    last = FRAMES - GOP
    after_key = sorted(entered.images)[-last:]
    expected = sorted(sound.images)[-last:]
    assert not entered.faulty & set(after_key)
    pairs = zip(after_key, expected, strict=True)
    assert not any(is_spoilt(entered.images[a], sound.images[b]) for a, b in pairs)


def test_a_capture_process_marks_them() -> None:
    """Through the ring, where frames may be lost to a slow reader."""
    stream = (CLIPS / "h264.ts").read_bytes()
    lost = {i for i in range(GOP, FRAMES) if i % GOP in (2, 3, 4, 5)}
    with served(without_pictures(stream, lost)) as address:
        source = open_source(address, SourceOptions())
        source.open()
        faults = set()
        with suppress(SourceError):
            while (frame := source.read()) is not None:
                faults.add(frame.fault)
        source.close()
    assert DAMAGED in faults


def test_where_standard_output_is_somebody_elses_nothing_is_read_off_it() -> None:
    assert decoder_says() is None
