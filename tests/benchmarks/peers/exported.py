"""What the export in the peers' environment hands over to the comparison in ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.peers.preparation import InputSpec, read_picture

DOCUMENT = "peer.json"
RANDOM = "random"
_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp"}


@dataclass(frozen=True, slots=True)
class Exported:
    """A peer's ONNX file and how to use it.

    weights: of its backbone; ``random`` means that only its time may be looked at.
    score: name of the output with the score of the picture, higher is worse.
    """

    library: str
    title: str
    weights: str
    onnx: str
    input: InputSpec
    score: str
    fit_seconds: float
    version: str = ""

    def write(self, folder: Path) -> None:
        (folder / DOCUMENT).write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")

    @classmethod
    def read(cls, folder: Path) -> Exported:
        document = json.loads((folder / DOCUMENT).read_text("utf-8"))
        return cls(**{**document, "input": InputSpec(**document["input"])})


@dataclass(frozen=True, slots=True)
class Job:
    """What a peer is fitted on, and where its files go."""

    good: list[Path]
    folder: Path
    resnet18: Path | None

    def batches(self, spec: InputSpec, size: int) -> Iterator[NDArray[np.float32]]:
        """float32 (n, 3, h, w) RGB, all good pictures in order."""
        for start in range(0, len(self.good), size):
            pictures = (read_picture(path) for path in self.good[start : start + size])
            yield np.concatenate([spec.prepare(picture) for picture in pictures])


def good_pictures(category: Path) -> list[Path]:
    """Of ``train/good``, sorted."""
    folder = category / "train" / "good"
    found = folder.iterdir() if folder.is_dir() else ()
    good = sorted(path for path in found if path.suffix.lower() in _SUFFIXES)
    if not good:
        raise SystemExit(f"no pictures in {folder}: give a category in MVTec AD's layout")
    return good
