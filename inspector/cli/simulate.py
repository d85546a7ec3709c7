"""``inspector simulate``: footage with truth, or training images with masks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from inspector.errors import InputError
from inspector.sources.simulator.export_footage import export_footage
from inspector.sources.simulator.export_images import ImageCounts, export_images
from inspector.sources.simulator.spec import SimulatorSpec, parse_spec


class Kind(StrEnum):
    """What to write."""

    footage = "footage"
    images = "images"


def command(
    source: Annotated[str, typer.Argument(help="sim:CATEGORY?key=value&…")],
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    kind: Annotated[
        Kind, typer.Option(help="footage: MP4 and CSV; images: MVTec AD layout.")
    ] = Kind.footage,
    parts: Annotated[int | None, typer.Option(min=1, help="Parts of the footage.")] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="Frames of the footage.")] = None,
    name: Annotated[str | None, typer.Option(help="File name of the footage.")] = None,
    train_good: Annotated[int, typer.Option(min=0, help="Good images to train on.")] = 60,
    test_good: Annotated[int, typer.Option(min=0, help="Good images to test on.")] = 20,
    per_defect: Annotated[int, typer.Option(min=0, help="Images of each kind of defect.")] = 6,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
) -> None:
    """Write simulated footage with its truth, or training images with masks."""
    spec = _limited(parse_spec(source), parts, frames)
    if kind is Kind.images:
        if parts is not None or frames is not None or name is not None:
            raise InputError("--parts, --frames and --name belong to --kind footage")
        _images(spec, out, ImageCounts(train_good, test_good, per_defect), force=force)
    else:
        _footage(spec, out, name or f"{spec.category}_line", force=force)


def _limited(spec: SimulatorSpec, parts: int | None, frames: int | None) -> SimulatorSpec:
    """The options win over the same keys of the address."""
    if parts is not None:
        spec = replace(spec, parts=parts)
    if frames is not None:
        spec = replace(spec, frames=frames)
    return spec


def _footage(spec: SimulatorSpec, out: Path, name: str, *, force: bool) -> None:
    if Path(name).name != name:
        raise InputError(f"--name {name!r}: expected a plain file name without folders")
    with _progress("footage", spec.frame_count or 0) as done:
        video, truth = export_footage(spec, out / f"{name}.mp4", force=force, progress=done)
    size = video.stat().st_size / 1e6
    typer.echo(f"{video} ({spec.frame_count} frames, {size:.1f} MB), {truth}, ROI {spec.roi}")


def _images(spec: SimulatorSpec, out: Path, counts: ImageCounts, *, force: bool) -> None:
    total = counts.total(len(spec.defect_kinds))
    with _progress("images", total) as done:
        root = export_images(spec, out, counts, force=force, progress=done)
    typer.echo(f"{root} ({total} images of {spec.roi.width}×{spec.roi.height} pixels)")


@contextmanager
def _progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, where that is a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.update(task, completed=done)
