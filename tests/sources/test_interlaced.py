"""Interlaced files: OpenCV hands out whatever lay in memory for them, and says nothing.

The clips are FFmpeg's own test picture: ``testsrc``, ``interlace``, x264 and mpeg2video.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from inspector.core.protocols import FrameSource
from inspector.errors import SourceError, SourceOpenError, StateError
from inspector.sources.capture import opencv_capture
from inspector.sources.factory import open_source
from inspector.sources.isolated import IsolatedSource
from inspector.sources.options import SourceOptions
from inspector.sources.packet_size import announced, codec_of, may_be_interlaced
from inspector.sources.readers import open_reader
from inspector.sources.stored_video import StoredVideo
from inspector.sources.video import VideoSource
from tests.sources.test_video import make_video

DATA = Path(__file__).parent / "data"
SAID = "[OPENCV:FFMPEG:16] Cannot convert interlaced to progressive frames or vice versa.\n"

unheard = pytest.mark.skipif(sys.platform == "win32", reason="the decoder cannot be heard there")


def count(source: FrameSource) -> int:
    frames = 0
    while (frame := source.read()) is not None:
        assert frame.image.std() > 20  # the test picture, not what lay in memory
        frames += 1
    return frames


@unheard
@pytest.mark.parametrize("name", ["interlaced.mp4", "interlaced.mpg"])
@pytest.mark.parametrize("isolate", [True, False])
def test_they_are_refused(name: str, *, isolate: bool):
    source = open_source(str(DATA / name), SourceOptions(isolate=isolate))
    with pytest.raises(SourceOpenError, match=rf"{name}: interlaced video cannot be read; make it"):
        source.open()
    source.close()


@unheard
@pytest.mark.parametrize("name", ["interlaced.mp4", "interlaced.mpg"])
def test_nor_are_they_shown(name: str):
    reader = open_reader(str(DATA / name))
    with pytest.raises(SourceOpenError, match="interlaced"):
        reader.open()
    reader.close()


@unheard
@pytest.mark.parametrize(("name", "frames"), [("progressive.mpg", 13), ("hevc.mp4", 10)])
def test_a_file_that_only_might_be_is_read_where_the_decoder_is_heard(name: str, frames: int):
    source = open_source(str(DATA / name), SourceOptions())
    assert isinstance(source, StoredVideo)
    with closing(source):
        for _ in range(2):
            source.open()
            assert isinstance(source._source, IsolatedSource)
            assert count(source) == frames
    source.close()
    with pytest.raises(StateError, match="read before open"):
        source.read()


def test_one_that_turns_interlaced_breaks_the_source():
    """OpenCV shows the last good picture on and on."""
    source = open_source(str(DATA / "turns_interlaced.ts"), SourceOptions())
    with closing(source):
        source.open()
        seen = 0
        with pytest.raises(SourceError, match="interlaced"):  # noqa: PT012 - as far as it goes
            while source.read() is not None:
                seen += 1
    assert 0 < seen <= 10


@unheard
def test_without_a_standard_output_what_may_be_is_refused_and_starts_no_end_of_processes():
    code = (
        "from inspector.sources.factory import open_source\n"
        "from inspector.sources.options import SourceOptions\n"
        "import sys\n"
        "if __name__ == '__main__':\n"
        "    try:\n"
        f"        open_source({str(DATA / 'progressive.mpg')!r}, SourceOptions()).open()\n"
        "    except Exception as error:\n"
        "        sys.stderr.write(f'{type(error).__name__}: {error}')\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.py"
        script.write_text(code)
        told = subprocess.run(
            ["/bin/sh", "-c", 'exec "$0" "$1" 1>&-', sys.executable, str(script)],
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
            cwd=Path(__file__).parents[2],
        )
    assert "SourceOpenError" in told.stderr
    assert "without a standard output that cannot be told" in told.stderr


def test_all_others_are_read_here(tmp_path: Path):
    path = make_video(tmp_path / "a.mp4", "mp4v", count=3)
    source = StoredVideo(open_source(str(path), SourceOptions())._address, SourceOptions())  # type: ignore[attr-defined]
    source.open()
    assert isinstance(source._source, VideoSource)
    assert sum(1 for _ in iter(source.read, None)) == 3
    source.close()


def test_a_picture_that_turns_out_so_later_breaks_the_source(tmp_path: Path):
    path = make_video(tmp_path / "a.avi", "MJPG", count=5)
    said = iter(["", "", SAID])
    source = VideoSource(path, SourceOptions(), said=lambda: next(said))
    source.open()
    assert source.read() is not None
    assert source.read() is not None
    with pytest.raises(SourceError, match="interlaced"):
        source.read()
    source.close()


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("67640028acd94078044fde0220000003002000000783e2c5b2c0", True),
        ("67640015acd941709788ac0440000003004000000f03c58b6580", False),
        ("6764", True),  # cut off: nothing is known of it
        ("", True),  # joined in the middle: the decoder begins where the next one comes
    ],
)
def test_h264_says_so_beforehand(parameters: str, *, expected: bool):
    packet = b"\0\0\0\1" + bytes.fromhex(parameters)
    tag = int.from_bytes(b"avc1", "little")
    assert may_be_interlaced(tag, packet) is expected
    later = expected and parameters != ""  # one without parameters changes nothing then
    assert bool(announced("h264", packet)[1]) is later


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (b"mpg2", True),
        (b"dvsd", True),
        (b"hev1", True),
        (b"apcn", True),
        (b"MJPG", False),
        (b"FFV1", False),
        (b"mp4v", False),
    ],
)
def test_of_others_the_codec_is_known(tag: bytes, *, expected: bool):
    number = int.from_bytes(tag, "little")
    assert may_be_interlaced(number, b"\0\0\1") is expected
    codec = codec_of(number)  # later packets of these change nothing
    assert codec is None or announced(codec, b"\0\0\1")[1] is None


def test_the_first_packet_still_counts_for_the_size():
    """It is looked at for both."""
    source = VideoSource(DATA / "interlaced.mp4", SourceOptions(), capture_factory=opencv_capture)
    info = source.open()
    assert source.may_be_interlaced
    assert (info.width, info.height) == (320, 180)
    assert source._sizes is not None
    assert source._sizes.changed() is None
    assert source._sizes._size == (320, 180)
    source.close()
    assert not source.may_be_interlaced
