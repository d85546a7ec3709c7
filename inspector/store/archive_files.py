"""The files of the image archive: their names, atomic writing, finding them again.

``<run number>-<run id>/<part>_<VERDICT>_<frame>.png`` beside the same name in ``.json``.
Names sort in the order of production and the order needs no valid clock: run numbers
count up. Whatever is named otherwise is not ours and is never touched.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from inspector.core.frame import Frame, Image
from inspector.core.inspection import Part, Verdict
from inspector.errors import StoreUnavailableError
from inspector.platforms import fsync_folder
from inspector.store.rows import finite

_FOLDER = re.compile(r"(?P<number>\d{6,})-(?P<run>[0-9A-Z]{26})", re.ASCII)
_FILE = re.compile(
    r"(?P<stem>(?P<part>\d{6,})_(?P<verdict>PASS|REVIEW|FAIL|INVALID)_(?P<frame>\d{8,}))"
    r"\.(?:png|json)(?:\.part)?",
    re.ASCII,
)
# Run lengths of the differences to the row above: a noisy 720p picture takes 20 ms and
# 1.5 MB (measured); level 1 by itself takes 50 ms and 1.7 MB.
_PNG = (
    cv2.IMWRITE_PNG_COMPRESSION,
    1,
    cv2.IMWRITE_PNG_STRATEGY,
    cv2.IMWRITE_PNG_STRATEGY_RLE,
    cv2.IMWRITE_PNG_FILTER,
    cv2.IMWRITE_PNG_FILTER_UP,
)


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """An archived picture with its sidecar; sorts from the oldest to the newest."""

    number: int
    part_index: int
    frame_index: int
    folder: Path
    stem: str
    verdict: Verdict
    bytes: int

    def files(self) -> list[Path]:
        """Every name that belongs to it, whether it is there or not."""
        names = (f"{self.stem}{suffix}" for suffix in (".png", ".json"))
        return [self.folder / f"{name}{rest}" for name in names for rest in ("", ".part")]


def check_folder(folder: Path) -> None:
    """Refuses what must never be filled and emptied: raises StoreUnavailableError."""
    place = folder.resolve()
    if place in (Path(place.anchor), _home()) or place.is_mount():
        raise StoreUnavailableError(
            f"archive {folder} is the root of a disk or a home folder: name a folder inside it"
        )
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailableError(
            f"archive {folder} cannot be made: {error.strerror}: name a folder that can be written"
        ) from error


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:  # a service account may have none
        return None


def encode_png(image: Image) -> bytes:
    """Lossless. image: uint8 (H, W, 3) BGR. Raises cv2.error for an empty one."""
    _, data = cv2.imencode(".png", image, _PNG)
    return data.tobytes()


def sidecar(part: Part, frame: Frame) -> dict[str, Any]:
    """What is known of the picture, JSON-ready; boxes are half-open image pixels."""
    return {
        "schema": 1,
        "part_id": part.part_id,
        "run_id": part.run_id,
        "part_index": part.part_index,
        "verdict": part.verdict.value,
        "score": finite(part.score),
        "reason": part.reason,
        "defect_type": part.defect_type,
        "defects": [
            {
                "box": d.box.as_tuple(),
                "area_px": finite(d.area_px),
                "peak": finite(d.peak),
            }
            for d in part.defects
        ],
        "model_id": part.model_id,
        "recipe_id": part.recipe_id,
        "frame_index": frame.index,
        "captured_at": frame.captured_at.astimezone(dt.UTC).isoformat(),
        "station_id": frame.station_id,
        "source_id": frame.source_id,
        "fault": frame.fault,
        "width": int(frame.image.shape[1]),
        "height": int(frame.image.shape[0]),
    }


def encode_entry(part: Part, frame: Frame) -> tuple[bytes, bytes]:
    """Picture and sidecar as they will lie on the disk. Raises cv2.error."""
    text = json.dumps(sidecar(part, frame), indent=1, allow_nan=False)
    return encode_png(frame.image), text.encode()


def write_entry(
    root: Path, number: int, part: Part, frame: Frame, encoded: tuple[bytes, bytes]
) -> Entry:
    """Sidecar first, picture last: a picture that is there is complete.

    Leaves nothing behind where it raises OSError.
    """
    png, text = encoded
    folder = root / f"{number:06d}-{part.run_id}"
    stem = f"{part.part_index:06d}_{part.verdict.value}_{frame.index:08d}"
    size = len(png) + len(text)
    entry = Entry(number, part.part_index, frame.index, folder, stem, part.verdict, size)
    folder.mkdir(exist_ok=True)
    try:
        write_atomically(folder / f"{stem}.json", text)
        write_atomically(folder / f"{stem}.png", png)
        fsync_folder(folder)
    except OSError:
        # the first error is the one to tell, whether or not the clearing up works
        with suppress(OSError):
            delete_entry(entry)
        raise
    return entry


def write_atomically(path: Path, data: bytes) -> None:
    """Whole or not at all; durable once its folder is (``fsync_folder``). Raises OSError."""
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def delete_entry(entry: Entry) -> None:
    """And its folder, once that is empty; what is gone already is fine. Raises OSError."""
    for path in entry.files():
        path.unlink(missing_ok=True)
    if entry.folder.is_dir() and not any(entry.folder.iterdir()):
        entry.folder.rmdir()


def scan(root: Path) -> list[Entry]:
    """Everything of ours below ``root``, oldest first; links are not followed."""
    return sorted(entry for folder in _own_folders(root) for entry in _entries(folder))


def next_run_number(root: Path) -> int:
    """One more than the highest there."""
    return 1 + max((_number(folder) for folder in _own_folders(root)), default=0)


def _own_folders(root: Path) -> Iterator[Path]:
    for item in os.scandir(root):
        if item.is_dir(follow_symlinks=False) and _FOLDER.fullmatch(item.name):
            yield Path(item.path)


def _number(folder: Path) -> int:
    return int(folder.name.partition("-")[0])


def _entries(folder: Path) -> Iterator[Entry]:
    sizes: defaultdict[str, int] = defaultdict(int)
    found: dict[str, re.Match[str]] = {}
    for item in os.scandir(folder):
        match = _FILE.fullmatch(item.name)
        if match and item.is_file(follow_symlinks=False):
            found[match["stem"]] = match
            sizes[match["stem"]] += item.stat(follow_symlinks=False).st_size
    for stem, match in found.items():
        indices = int(match["part"]), int(match["frame"])
        yield Entry(_number(folder), *indices, folder, stem, Verdict(match["verdict"]), sizes[stem])
