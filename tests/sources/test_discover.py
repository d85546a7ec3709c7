from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from inspector.errors import SourceOpenError
from inspector.sources.address import parse_address
from inspector.sources.discover import FoundCamera, find_cameras


@dataclass
class Info:
    index: int
    name: str
    path: str | None = None
    vid: int | None = None
    pid: int | None = None


def test_none_are_none():
    assert find_cameras(list) == ()


def test_cameras_have_names_and_addresses_that_can_be_opened(tmp_path: Path):
    found = find_cameras(
        lambda: [
            Info(1, "Webcam", "/dev/video2", 0x046D, 0x0825),
            Info(3, "Basler", r"\\?\usb#vid_1"),
            Info(0, "", "/dev/video0"),
        ],
        by_id=tmp_path,
    )
    assert found == (
        FoundCamera("/dev/video0", "/dev/video0", "/dev/video0"),
        FoundCamera("Basler", "3", "number 3"),
        FoundCamera("Webcam", "/dev/video2", "USB 046d:0825, /dev/video2"),
    )
    assert {parse_address(c.address).kind for c in found} == {"camera"}


def test_the_link_that_follows_the_device_is_preferred(tmp_path: Path):
    device = tmp_path / "video2"
    device.touch()
    by_id = tmp_path / "by-id"
    by_id.mkdir()
    link = by_id / "usb-cam-index0"
    link.symlink_to(device)
    # the library names devices below /dev only
    from inspector.sources import discover

    assert discover._stable_paths(by_id) == {str(device): str(link)}


def test_a_system_that_does_not_tell_is_one_line():
    def broken():
        raise OSError("no such ioctl")

    with pytest.raises(SourceOpenError, match="cannot be listed"):
        find_cameras(broken)


def test_the_library_answers_on_this_machine():
    assert all(parse_address(c.address).kind == "camera" for c in find_cameras())
