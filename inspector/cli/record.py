"""``inspector record``: keeps footage that ``inspector replay`` can load."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from inspector.cli import options
from inspector.cli.running import stop_signals
from inspector.core.frame import Frame, SourceInfo
from inspector.core.protocols import FrameSource
from inspector.errors import InputError, SourceInterrupted
from inspector.sources.factory import open_source
from inspector.sources.options import SourceOptions
from inspector.store.footage import Codec, FootageSummary, FootageWriter, choose_codec

_ASSUMED_FPS = 25.0


@dataclass(slots=True)
class _Tally:
    """What came from the source."""

    taken: int = 0
    last_index: int = -1
    lost: int = 0
    faulted: int = 0
    first_ns: int | None = None
    last_ns: int = 0

    def count(self, frame: Frame, time_ns: int) -> None:
        self.taken += 1
        self.lost += frame.index - self.last_index - 1
        self.last_index = frame.index
        self.faulted += frame.fault is not None
        self.first_ns = time_ns if self.first_ns is None else self.first_ns
        self.last_ns = time_ns

    def seconds_at(self, time_ns: int) -> float:
        return (time_ns - (time_ns if self.first_ns is None else self.first_ns)) / 1e9


@dataclass(frozen=True, slots=True)
class _Limits:
    """When to stop: after so long, after so many, or when ``ending`` is set."""

    duration_s: float | None
    frames: int | None
    ending: threading.Event


def command(
    source: Annotated[
        str,
        typer.Argument(
            help="Camera index or device path; rtsp://… or http://…; a video file; a folder of "
            "images; sim:CATEGORY?key=value&… (the simulator).",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", help=".mkv or .avi keep every pixel; .mp4 does not.")
    ],
    duration: options.Duration = None,
    frames: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Stop after so many frames.")
    ] = None,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="Pace a file, folder or simulator by its own rate.")
    ] = False,
    as_live: Annotated[
        bool, typer.Option("--as-live", help="Treat it as a camera: frames may be lost.")
    ] = False,
    codec: Annotated[
        str, typer.Option(help="auto, ffv1, huffyuv (both lossless), mjpeg or mpeg4.")
    ] = "auto",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Record a source. Ctrl-C ends it with a file that plays."""
    opened = open_source(source, SourceOptions(realtime=realtime, as_live=as_live))
    ending = threading.Event()

    def stop() -> None:
        ending.set()
        opened.interrupt()

    with stop_signals(stop), contextlib.closing(opened):
        info = opened.open()
        for refusal in info.refused:
            typer.echo(f"camera    refused {refusal}", err=True)
        writer = _writer(info, out, codec, force=force)
        typer.echo(f"recording {info.uri}, {info.width}x{info.height}, to {out}", err=True)
        tally = _Tally()
        try:
            for frame in _until(opened, info, tally, _Limits(duration, frames, ending)):
                if frame.fault is None:
                    writer.write(frame)
        finally:
            # what was recorded before an error is kept, too
            typer.echo(_report(writer.close(), tally, info))


def _writer(info: SourceInfo, out: Path, codec: str, *, force: bool) -> FootageWriter:
    fps = info.fps or _ASSUMED_FPS
    pixels_per_s = info.width * info.height * fps if info.is_live else None
    return FootageWriter(
        out,
        fps=fps,
        size=(info.width, info.height),
        codec=_codec(codec, out, pixels_per_s),
        wait=not info.is_live,
        force=force,
    )


def _codec(name: str, out: Path, pixels_per_s: float | None) -> Codec:
    match name:
        case "auto":
            return choose_codec(out, pixels_per_s=pixels_per_s)
        case "ffv1" | "huffyuv" | "mjpeg" | "mpeg4":
            return name
    raise InputError(f"--codec {name}: expected auto, ffv1, huffyuv, mjpeg or mpeg4")


def _until(
    source: FrameSource, info: SourceInfo, tally: _Tally, limits: _Limits
) -> Iterator[Frame]:
    while limits.frames is None or tally.taken < limits.frames:
        frame = None if limits.ending.is_set() else _next(source)
        if frame is None:
            return
        time_ns = _time_of(frame, info)
        if limits.duration_s is not None and tally.seconds_at(time_ns) >= limits.duration_s:
            return
        tally.count(frame, time_ns)
        yield frame


def _next(source: FrameSource) -> Frame | None:
    try:
        return source.read()
    except SourceInterrupted:
        return None


def _time_of(frame: Frame, info: SourceInfo) -> int:
    """A camera's time is ours; a file's is its own, however fast it is read."""
    if info.is_live:
        return frame.captured_ns
    if frame.pts_ns is not None:
        return frame.pts_ns
    return round(frame.index * 1e9 / (info.fps or _ASSUMED_FPS))


def _report(kept: FootageSummary, tally: _Tally, info: SourceInfo) -> str:
    quality = "lossless" if kept.codec in ("ffv1", "huffyuv") else "lossy"
    seconds = kept.frames / (info.fps or _ASSUMED_FPS)
    size_mb = kept.size_bytes / 1e6
    lines = [
        f"kept      {kept.path}: {kept.frames} frames, {seconds:.1f} s, {size_mb:.1f} MB",
        f"codec     {kept.codec}, {quality}",
        f"lost      {tally.lost} at the source, {kept.dropped} in writing",
    ]
    if kept.dropped:
        lines.append("          the encoder or disk is too slow: try --codec huffyuv or mjpeg")
    if tally.faulted:
        lines.append(f"faulted   {tally.faulted} pictures left out")
    if kept.padded:
        lines.append("padded    odd width or height widened by one pixel")
    if info.fps is None:
        lines.append(f"rate      unknown; the file says {_ASSUMED_FPS:g} fps")
    return "\n".join(lines)
