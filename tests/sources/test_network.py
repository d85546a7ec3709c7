"""Network streams, against real servers on loopback."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import cv2
import pytest

from inspector.core.frame import Frame
from inspector.errors import SourceError, SourceInterrupted, SourceOpenError
from inspector.sources.address import parse_address
from inspector.sources.factory import open_source
from inspector.sources.network import NetworkSource
from inspector.sources.options import SourceOptions
from tests.support.fake_capture import FakeCapture, mjpg, picture
from tests.support.rtsp import RtspServer, rtsp_server
from tests.support.web import serving

USER, PASSWORD, ENCODED = "ad min", "Zq@7:x/9Kw", "ad%20min:Zq%407%3Ax%2F9Kw"


@pytest.fixture
def server() -> Iterator[RtspServer]:
    with rtsp_server() as running:
        yield running


@pytest.fixture(scope="module")
def locked() -> Iterator[RtspServer]:
    with rtsp_server("--user", USER, "--password", PASSWORD) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_password_anywhere(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    said = "".join(capfd.readouterr())
    assert "Zq" not in said
    assert "9Kw" not in said


def read(source: object, count: int) -> list[Frame]:
    frames = [source.read() for _ in range(count)]  # type: ignore[attr-defined]
    assert None not in frames
    return frames


def test_frames_flow_and_a_dead_server_is_noticed(server: RtspServer) -> None:
    source = open_source(f"rtsp://127.0.0.1:{server.port}/line", SourceOptions())
    info = source.open()
    assert (info.width, info.height, info.is_live) == (320, 240, True)
    frames = read(source, 30)
    assert all(f.image.any() for f in frames)
    times = [f.pts_ns or 0 for f in frames]
    assert times == sorted(set(times))
    assert time.monotonic_ns() - frames[-1].captured_ns < 1e9
    server.process.kill()
    before = time.monotonic()
    with pytest.raises(SourceError, match=r"broke off|no frame"):
        read(source, 1000)
    assert time.monotonic() - before < 2
    source.close()


def test_a_server_that_stalls_is_noticed(server: RtspServer) -> None:
    source = open_source(f"rtsp://127.0.0.1:{server.port}/line", SourceOptions(read_timeout_s=0.5))
    source.open()
    read(source, 3)
    server.process.send_signal(signal.SIGSTOP)
    before = time.monotonic()
    with pytest.raises(SourceError, match=r"no frame for 0\.5 s"):
        read(source, 1000)
    assert time.monotonic() - before < 2
    source.close()


def test_footage_over_rtsp(data_dir: Path) -> None:
    footage = data_dir / "footage" / "transistor_line.mp4"
    with rtsp_server("--file", str(footage)) as running:
        source = open_source(f"rtsp://127.0.0.1:{running.port}/line", SourceOptions())
        info = source.open()
        assert (info.width, info.height) == (1280, 720)
        read(source, 20)
        source.close()


def test_credentials_open_and_are_not_shown(locked: RtspServer) -> None:
    source = open_source(f"rtsp://{ENCODED}@127.0.0.1:{locked.port}/line", SourceOptions())
    info = source.open()
    frame = read(source, 1)[0]
    source.close()
    assert info.uri == f"rtsp://127.0.0.1:{locked.port}/line"
    assert USER not in repr(info) + repr(frame.source_id)


def test_credentials_kept_apart_from_the_address(locked: RtspServer) -> None:
    options = SourceOptions(username=USER, password=PASSWORD)
    source = open_source(f"rtsp://127.0.0.1:{locked.port}/line", options)
    source.open()
    source.close()


@pytest.mark.parametrize("userinfo", ["ad%20min:Zq-wrong-9Kw@", ""])
def test_wrong_password(locked: RtspServer, userinfo: str) -> None:
    source = open_source(f"rtsp://{userinfo}127.0.0.1:{locked.port}/line", SourceOptions())
    with pytest.raises(SourceOpenError, match="password") as raised:
        source.open()
    assert "Zq" not in str(raised.value)
    source.close()


def test_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        source = open_source(f"rtsp://u:{PASSWORD[:2]}@127.0.0.1:{port}/x", SourceOptions())
        with pytest.raises(SourceOpenError, match="unreachable"):
            source.open()
        source.close()


def test_a_server_that_never_answers_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/x"
        source = open_source(address, SourceOptions(open_timeout_s=0.5))
        before = time.monotonic()
        with pytest.raises(SourceOpenError):
            source.open()
        assert time.monotonic() - before < 4
        source.close()


class _Mjpeg(BaseHTTPRequestHandler):
    """Answers with a few hundred JPEG parts, as network cameras do."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        data = cv2.imencode(".jpg", picture(90))[1].tobytes()
        part = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data)
        try:
            for _ in range(300):
                self.wfile.write(part + data + b"\r\n")
        except ConnectionError:
            return


def test_mjpeg_over_http() -> None:
    with serving(_Mjpeg) as web:
        source = open_source(f"{web}/video", SourceOptions())
        info = source.open()
        assert (info.width, info.freshness) == (64, "pixels")
        frame = read(source, 1)[0]
        assert abs(int(frame.image.mean()) - 90) < 3
        source.close()


def test_a_playlist_cannot_reach_local_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret.ts"
    writer = cv2.VideoWriter(str(secret), cv2.VideoWriter.fourcc(*"mp4v"), 30, (64, 48))
    for _ in range(30):
        writer.write(picture(90))
    writer.release()
    assert cv2.VideoCapture(str(secret)).read()[0]
    options = SourceOptions(open_timeout_s=1.0)
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n".encode()

    class Handler(_Mjpeg):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.apple.mpegurl")
            self.end_headers()
            self.wfile.write(playlist)

    with serving(Handler) as web:
        source = open_source(f"{web}/a.m3u8", options)
        with pytest.raises(SourceOpenError):
            source.open()
        source.close()


def scripted(fake: FakeCapture, address: str = "rtsp://op:Zq7@cam/1") -> NetworkSource:
    return NetworkSource(parse_address(address), SourceOptions(), capture_factory=fake)


def test_time_outs_are_constructor_parameters() -> None:
    fake = FakeCapture([picture()])
    scripted(fake).open()
    target, backend, params = fake.opened_with
    assert (target, backend) == ("rtsp://op:Zq7@cam/1", cv2.CAP_FFMPEG)
    pairs = dict(zip(params[::2], params[1::2], strict=True))
    assert pairs[cv2.CAP_PROP_OPEN_TIMEOUT_MSEC] == pairs[cv2.CAP_PROP_READ_TIMEOUT_MSEC] == 5000


def test_a_live_stream_has_no_end_but_a_recorded_one_has() -> None:
    source = scripted(FakeCapture([picture()] * 3))
    source.open()
    read(source, 3)
    with pytest.raises(SourceError, match="broke off"):
        source.read()
    fake = FakeCapture(
        [picture()] * 3, properties={cv2.CAP_PROP_FRAME_COUNT: 3.0, cv2.CAP_PROP_FOURCC: mjpg()}
    )
    source = scripted(fake)
    assert source.open().freshness == "pixels"
    read(source, 3)
    assert source.read() is None


def test_size_change_and_interrupt() -> None:
    source = scripted(FakeCapture([picture(), picture(width=32)] + [picture()] * 5))
    source.open()
    read(source, 1)
    with pytest.raises(SourceError, match="32x48"):
        source.read()
    source.interrupt()
    with pytest.raises(SourceInterrupted):
        source.read()
    source.open()
    assert read(source, 1)[0].index == 1


def test_a_picture_whose_time_does_not_rise_is_no_new_picture() -> None:
    times = iter([40.0, 80.0, 80.0, 120.0, 60.0, 100.0])

    class Clocked(FakeCapture):
        def get(self, prop: int, /) -> float:
            return next(times) if prop == cv2.CAP_PROP_POS_MSEC else super().get(prop)

    capture = Clocked([picture(10 * n) for n in range(6)])
    source = NetworkSource(parse_address("rtsp://host/a"), SourceOptions(), capture_factory=capture)
    source.open()
    faults = [frame.fault for frame in read(source, 6)]
    assert [fault is not None for fault in faults] == [False, False, True, False, True, False]


def test_a_stream_without_times_is_trusted() -> None:
    capture = FakeCapture([picture(10 * n) for n in range(4)])
    source = NetworkSource(parse_address("rtsp://host/a"), SourceOptions(), capture_factory=capture)
    source.open()
    assert [frame.fault for frame in read(source, 4)] == [None] * 4
