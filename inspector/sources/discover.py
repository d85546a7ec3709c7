"""Which cameras are at this machine, by the names people know them by."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2

from inspector.errors import SourceOpenError

_BY_ID = Path("/dev/v4l/by-id")
_BACKEND = {"linux": cv2.CAP_V4L2, "win32": cv2.CAP_MSMF, "darwin": cv2.CAP_AVFOUNDATION}


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """``address`` opens it (`inspector.sources.factory.open_source`); ``detail`` tells two
    of the same name apart.
    """

    name: str
    address: str
    detail: str


class CameraInfo(Protocol):
    """What we use of `cv2_enumerate_cameras.CameraInfo`."""

    index: int
    name: str
    path: str | None
    vid: int | None
    pid: int | None


def find_cameras(
    listed: Callable[[], Iterable[CameraInfo]] | None = None, *, by_id: Path = _BY_ID
) -> tuple[FoundCamera, ...]:
    """In order of their names; opens none of them. Not for the GUI thread.

    Raises SourceOpenError where the system does not tell.
    """
    try:
        found = list((listed or _listed)())
    except (OSError, ImportError, NotImplementedError, RuntimeError) as error:
        raise SourceOpenError(
            f"the cameras of this machine cannot be listed ({error}): give the number of one"
        ) from None
    links = _stable_paths(by_id)
    return tuple(sorted((_found(c, links) for c in found), key=lambda c: (c.name, c.address)))


def _listed() -> Iterable[CameraInfo]:
    from cv2_enumerate_cameras import enumerate_cameras

    infos: Iterable[CameraInfo] = enumerate_cameras(_BACKEND.get(sys.platform, cv2.CAP_ANY))
    return infos


def _found(camera: CameraInfo, links: dict[str, str]) -> FoundCamera:
    usb = (
        f"USB {camera.vid:04x}:{camera.pid:04x}"
        if camera.vid is not None and camera.pid is not None
        else ""
    )
    device = camera.path if camera.path and camera.path.startswith("/dev/") else None
    # numbers are given anew at every plugging in; the link follows the device
    address = links.get(device, device) if device else str(camera.index)
    detail = ", ".join(filter(None, (usb, device or f"number {camera.index}")))
    return FoundCamera(camera.name or address, address, detail)


def _stable_paths(by_id: Path) -> dict[str, str]:
    """By device path, the link that names the device itself."""
    if not by_id.is_dir():
        return {}
    return {str(link.resolve()): str(link) for link in sorted(by_id.iterdir(), reverse=True)}
