"""From an address to a source: the one place that knows every kind."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from inspector.core.protocols import FrameMemory, FrameSource
from inspector.errors import SourceOpenError
from inspector.sources.address import Address, parse_address
from inspector.sources.camera import CameraSource
from inspector.sources.decoder_log import decoder_says
from inspector.sources.folder import SUFFIXES, FolderSource
from inspector.sources.isolated import IsolatedSource
from inspector.sources.native_env import quiet_native_logs
from inspector.sources.network import NetworkSource
from inspector.sources.options import SourceOptions
from inspector.sources.stored_video import StoredVideo
from inspector.sources.video import VideoSource


def open_source(
    address: str, options: SourceOptions, memory: FrameMemory | None = None
) -> FrameSource:
    """The source that ``address`` names, not opened yet.

    Cameras and streams run in a process of their own, everything else in this one
    (files too in their own with ``options.isolate``).

    Args:
        address: a camera index (``0``), a device path (``/dev/video0``), ``rtsp(s)://…``,
            ``http(s)://…`` (MJPEG, HLS), a video file, a folder of images (or one
            image), or ``sim:CATEGORY?…``. Credentials may stand in a network address.
        options: see SourceOptions; credentials there win over those in the address.
        memory: where the pictures of another process are put; None: anywhere.

    Raises:
        SourceOpenError: unknown scheme, malformed address, or nothing there. The
            message holds no credentials.
    """
    parsed = parse_address(address)
    if parsed.kind == "path":
        _check_there(parsed)
    if parsed.kind in ("camera", "network") or (options.isolate and parsed.kind == "path"):
        return IsolatedSource(parsed, _with_credentials(parsed, options), memory=memory)
    quiet_native_logs()
    if parsed.kind == "path" and not _is_pictures(parsed) and sys.platform != "win32":
        return StoredVideo(parsed, options, memory)  # on Windows no process hears its decoder
    return _in_this_process(parsed, options)


def open_direct(address: str, options: SourceOptions) -> FrameSource:
    """As ``open_source``, but always in the calling process."""
    return _in_this_process(parse_address(address), options)


def _in_this_process(address: Address, options: SourceOptions) -> FrameSource:
    match address.kind:
        case "simulator":
            from inspector.sources.simulator import open_simulator

            return open_simulator(address.target, options)
        case "camera":
            return CameraSource(address, options)
        case "network":
            known = _with_credentials(address, options)
            return NetworkSource(address, known, said=decoder_says())
        case "path":
            return _stored(address, options)


def _stored(address: Address, options: SourceOptions) -> FrameSource:
    _check_there(address)
    path = Path(address.target)
    if _is_pictures(address):
        return FolderSource(path, options)
    return VideoSource(path, options, said=decoder_says(), suspects=sys.platform == "win32")


def _is_pictures(address: Address) -> bool:
    path = Path(address.target)
    return path.is_dir() or path.suffix.lower() in SUFFIXES


def _check_there(address: Address) -> None:
    if not Path(address.target).exists():
        raise SourceOpenError(f"source {address.shown}: no such file or folder")


def _with_credentials(address: Address, options: SourceOptions) -> SourceOptions:
    if options.username is not None or options.password is not None:
        return options
    return replace(options, username=address.username, password=address.password)
