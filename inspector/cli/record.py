"""``inspector record``: keeps footage that ``inspector replay`` can load."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import Annotated

import typer

from inspector.cli import options
from inspector.cli.running import stop_signals
from inspector.core.frame import SourceInfo
from inspector.sources.factory import open_source
from inspector.sources.options import SourceOptions
from inspector.station.recording import (
    ASSUMED_FPS,
    Limits,
    RecordingTally,
    open_footage,
    record_frames,
)
from inspector.store.footage import FootageSummary


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
        writer = open_footage(info, out, codec, force=force)
        typer.echo(f"recording {info.uri}, {info.width}x{info.height}, to {out}", err=True)
        tally = RecordingTally()
        try:
            record_frames(opened, info, writer, tally, Limits(duration, frames), ending)
        finally:
            # what was recorded before an error is kept, too
            typer.echo(_report(writer.close(), tally, info))


def _report(kept: FootageSummary, tally: RecordingTally, info: SourceInfo) -> str:
    quality = "lossless" if kept.codec in ("ffv1", "huffyuv") else "lossy"
    seconds = kept.frames / (info.fps or ASSUMED_FPS)
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
        lines.append(f"rate      unknown; the file says {ASSUMED_FPS:g} fps")
    return "\n".join(lines)
