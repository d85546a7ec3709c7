"""Cameras, with a scripted capture object in place of the device."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inspector.core.camera import CameraSettings
from inspector.errors import SourceError, SourceInterrupted, SourceOpenError
from inspector.sources.address import parse_address
from inspector.sources.camera import CameraSource
from inspector.sources.options import SourceOptions
from tests.support.fake_capture import FakeCapture, picture


def camera(fake: FakeCapture, settings: CameraSettings | None = None) -> CameraSource:
    options = SourceOptions(camera=settings, station_id="s7")
    return CameraSource(parse_address("3"), options, capture_factory=fake)


def test_opens_by_number_and_says_what_it_is() -> None:
    fake = FakeCapture([picture(1), picture(2)], properties={cv2.CAP_PROP_FPS: 25.0})
    source = camera(fake, CameraSettings(backend="dshow"))
    info = source.open()
    assert fake.opened_with == (3, cv2.CAP_DSHOW, ())
    assert (info.source_id, info.is_live, info.freshness) == ("camera-3", True, "pixels")
    assert (info.width, info.height, info.fps) == (64, 48, 25.0)
    frame = source.read()
    assert frame is not None
    assert (frame.index, frame.station_id, frame.pts_ns) == (0, "s7", None)
    source.close()
    assert fake.released


def test_device_path_goes_through_as_text() -> None:
    fake = FakeCapture([picture()])
    source = CameraSource(parse_address("/dev/video5"), SourceOptions(), capture_factory=fake)
    source.open()
    assert fake.opened_with[0] == "/dev/video5"


def test_settings_are_set_modes_first_and_read_back() -> None:
    fake = FakeCapture(
        [picture()],
        stubborn=[cv2.CAP_PROP_GAIN, cv2.CAP_PROP_AUTO_WB, cv2.CAP_PROP_FOURCC],
        properties={cv2.CAP_PROP_GAIN: 12.0, cv2.CAP_PROP_AUTO_WB: 1.0},
        clamp={cv2.CAP_PROP_EXPOSURE: lambda v: min(v, 100.0)},
    )
    settings = CameraSettings(
        width=640, exposure=157, gain=3, white_balance_k=4500, focus=20, pixel_format="MJPG",
        backend="v4l2",
    )  # fmt: skip
    info = camera(fake, settings).open()
    order = [prop for prop, _ in fake.sets]
    assert order[0] == cv2.CAP_PROP_FOURCC
    assert order.index(cv2.CAP_PROP_AUTO_EXPOSURE) < order.index(cv2.CAP_PROP_EXPOSURE)
    assert (cv2.CAP_PROP_AUTO_EXPOSURE, 1.0) in fake.sets
    assert (cv2.CAP_PROP_AUTOFOCUS, 0.0) in fake.sets
    assert order[-1] == cv2.CAP_PROP_BUFFERSIZE
    assert info.refused == (
        "pixel format: asked MJPG, the camera says nothing",
        "exposure: asked 157, the camera says 100",
        "gain: asked 3, the camera says 12",
        "automatic white balance off: asked 0, the camera says 1",
    )


def test_what_is_not_named_is_left_alone() -> None:
    fake = FakeCapture([picture()])
    assert camera(fake).open().refused == ()
    assert [prop for prop, _ in fake.sets] == [cv2.CAP_PROP_BUFFERSIZE]


@pytest.mark.parametrize(
    ("fake", "said"),
    [
        (FakeCapture([], opened=False), "cannot be opened"),
        (FakeCapture([]), "no picture"),
        (FakeCapture(["bad"] * 9), "no picture"),
    ],
)
def test_open_failures(fake: FakeCapture, said: str) -> None:
    with pytest.raises(SourceOpenError, match=said):
        camera(fake).open()
    assert fake.released


def test_unplugged_ends_the_source() -> None:
    source = camera(FakeCapture([picture(), picture(), None]))
    source.open()
    assert source.read()
    with pytest.raises(SourceError, match="unplugged"):
        source.read()


def test_a_spoilt_picture_is_a_fault_and_many_are_the_end() -> None:
    source = camera(FakeCapture([picture(), "bad", picture(9), *["bad"] * 9]))
    source.open()
    spoilt, sound = source.read(), source.read()
    assert spoilt is not None
    assert sound is not None
    assert spoilt.fault
    assert not spoilt.image.any()
    assert sound.fault is None
    assert (spoilt.index, sound.index) == (0, 1)
    for _ in range(4):
        assert (frame := source.read()) is not None
        assert frame.fault
    with pytest.raises(SourceError, match="5 pictures in a row"):
        source.read()


@pytest.mark.parametrize("odd", [np.zeros((0, 0, 3), np.uint8), np.zeros((4, 4), np.float32)])
def test_true_with_nothing_behind_it_is_not_trusted(odd: np.ndarray) -> None:
    source = camera(FakeCapture([picture(), odd]))
    source.open()
    frame = source.read()
    assert frame is not None
    assert frame.fault


def test_grey_becomes_bgr() -> None:
    source = camera(FakeCapture([np.full((48, 64), 77, np.uint8)] * 2))
    source.open()
    frame = source.read()
    assert frame is not None
    assert frame.image.shape == (48, 64, 3)
    assert frame.image[0, 0].tolist() == [77, 77, 77]


def test_another_size_ends_the_source() -> None:
    source = camera(FakeCapture([picture(), picture(width=32)]))
    source.open()
    with pytest.raises(SourceError, match="32x48 now, expected 64x48"):
        source.read()


def test_interrupt_until_open_and_indices_go_on() -> None:
    fake = FakeCapture([picture()] * 9)
    source = camera(fake)
    source.open()
    source.read()
    source.interrupt()
    with pytest.raises(SourceInterrupted):
        source.read()
    source.open()
    frame = source.read()
    assert frame is not None
    assert frame.index == 1
