"""Footage with its truth: an MP4 file and a CSV beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2

from inspector.errors import InputError, SourceError
from inspector.sources.simulator.source import FrameMaker
from inspector.sources.simulator.spec import SimulatorSpec
from inspector.sources.simulator.truth import PartTruth, all_truth

COLUMNS = (
    "part",
    "first_frame",
    "last_frame",
    "rest_first",
    "rest_last",
    "label",
    "defect_type",
    "image",
)


def export_footage(
    spec: SimulatorSpec, video: Path, *, force: bool, progress: Callable[[int], None]
) -> tuple[Path, Path]:
    """Writes ``video`` (.mp4) and the truth beside it (.csv).

    Files appear complete or not at all. ``progress`` hears of every frame written.

    Raises:
        InputError: a file exists and ``force`` is False, or the folder cannot be
            written; SourceError: the encoder failed.
    """
    frames = spec.frame_count
    if frames is None:
        raise InputError("endless footage: give --parts N or --frames N")
    truth = video.with_suffix(".csv")
    refuse_existing([video, truth], force=force)
    with complete(video) as partial:
        _encode(spec, partial, frames, progress)
    with complete(truth) as partial:
        partial.write_text(truth_csv(spec), encoding="utf-8", newline="")
    return video, truth


def truth_csv(spec: SimulatorSpec) -> str:
    """The truth of a finite spec as CSV; a part that never rests has no rest frames."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(spec, truth) for truth in all_truth(spec))
    return text.getvalue()


def _row(spec: SimulatorSpec, truth: PartTruth) -> tuple[object, ...]:
    severity = f"-{truth.defect_type}-{truth.severity:.2f}" if truth.label != "good" else ""
    rest = ("" if f is None else f for f in (truth.rest_first, truth.rest_last))
    name = f"{spec.category}-{spec.seed}-{truth.part:04d}{severity}"
    frames = (truth.part, truth.first_frame, truth.last_frame)
    return (*frames, *rest, truth.label, truth.defect_type, name)


def _encode(spec: SimulatorSpec, path: Path, frames: int, progress: Callable[[int], None]) -> None:
    """MPEG-4 Part 2: the one codec that every OpenCV wheel can write and read."""
    code = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), code, spec.fps, (spec.width, spec.height))
    try:
        if not writer.isOpened():
            raise SourceError(f"{path}: this OpenCV cannot write MPEG-4 video")
        with FrameMaker(spec) as maker:
            for number in range(frames):
                writer.write(maker.image(number))
                progress(number + 1)
    finally:
        writer.release()
    _check(path, frames)


def _check(path: Path, frames: int) -> None:
    """The encoder keeps silent where the disk is full: ask the file itself."""
    capture = cv2.VideoCapture(str(path))
    held = round(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    if held != frames:
        raise SourceError(f"{path}: holds {held} of {frames} frames: is the disk full?")


def refuse_existing(paths: list[Path], *, force: bool) -> None:
    """Raises InputError for the first that exists, unless ``force``."""
    for path in paths:
        if path.exists() and not force:
            raise InputError(f"{path} exists: choose another --out, or --force to replace it")


@contextmanager
def complete(path: Path) -> Iterator[Path]:
    """A name to write under, moved onto ``path`` at the end, removed after an error."""
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None
