"""Starts the RTSP server of ``rtsp_server.py`` under the system's Python."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_PYTHON = Path("/usr/bin/python3")
_SCRIPT = Path(__file__).with_name("rtsp_server.py")


@dataclass(frozen=True)
class RtspServer:
    process: subprocess.Popen[str]
    port: int


@contextlib.contextmanager
def rtsp_server(*arguments: str) -> Iterator[RtspServer]:
    """Skips the test where GStreamer's RTSP server is not installed."""
    if not _PYTHON.exists():
        pytest.skip("no system Python for GStreamer")
    with subprocess.Popen(
        [_PYTHON, _SCRIPT, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("ready"):
            process.kill()
            pytest.skip(
                "needs gir1.2-gst-rtsp-server-1.0, python3-gi and gstreamer1.0-plugins-good"
            )
        try:
            yield RtspServer(process, int(line.split()[1]))
        finally:
            process.kill()
