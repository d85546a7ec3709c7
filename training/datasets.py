"""Categories in MVTec AD layout: ``train/good``, ``test/<kind>``, ``ground_truth/<kind>``."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.core.manifest import DataFingerprint
from inspector.errors import InputError
from inspector.vision.still import decode_still

GOOD = "good"
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True, slots=True)
class Sample:
    """An image file and what is known of it.

    ``kind`` is the name of its folder; ``mask`` is None for good ones, and for
    defective ones whose defect nobody has outlined.
    """

    path: Path
    kind: str
    mask: Path | None = None

    @property
    def is_defective(self) -> bool:
        return self.kind != GOOD


@dataclass(frozen=True, slots=True)
class Category:
    """The folder of one kind of part."""

    name: str
    path: Path

    def train_good(self) -> list[Path]:
        """The good images to train on, sorted; raises InputError for fewer than two."""
        folder = self.path / "train" / GOOD
        files = list_images(folder)
        if not files:
            raise InputError(f"no good images in {folder}: put images of sound parts there")
        if len(files) == 1:
            raise InputError(
                f"only one good image in {folder}: thresholds need at least two (good ones are"
                " held out in turn); 20 and more are advised"
            )
        return files

    def train_defective(self) -> list[Sample]:
        """Defective images to train on, from ``train/<kind>``, sorted; usually there are none.

        Their masks lie in ``ground_truth/train/<kind>``.
        """
        folder = self.path / "train"
        kinds = sorted(p for p in folder.iterdir() if p.is_dir() and p.name != GOOD)
        return [
            Sample(file, kind.name, self._mask(f"train/{kind.name}", file))
            for kind in kinds
            for file in list_images(kind)
        ]

    def test(self) -> list[Sample]:
        """The labelled test images, sorted by kind and name.

        Raises InputError unless there are both good and defective ones.
        """
        folder = self.path / "test"
        kinds = sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
        samples = [
            Sample(file, kind.name, self._mask(kind.name, file))
            for kind in kinds
            for file in list_images(kind)
        ]
        for wanted in (False, True):
            if not any(s.is_defective is wanted for s in samples):
                missing = "test/<kind of defect>" if wanted else f"test/{GOOD}"
                raise InputError(f"no images in {self.path / missing}: nothing to evaluate against")
        return samples

    def _mask(self, kind: str, file: Path) -> Path | None:
        if kind == GOOD:
            return None
        folder = self.path / "ground_truth" / kind
        candidates = (folder / f"{file.stem}{end}" for end in ("_mask.png", ".png"))
        return next((c for c in candidates if c.is_file()), None)


def find_category(data: Path, name: str) -> Category:
    """``data/name``, or ``data`` itself where that is the category; raises InputError."""
    for path in (data / name, data):
        if (path / "train").is_dir() or (path / "test").is_dir():
            return Category(name, path)
    raise InputError(
        f"no category {name!r} in {data}: expected {data / name} with the folders"
        f" train/{GOOD} and test/<kind>"
    )


def list_images(folder: Path) -> list[Path]:
    """Image files of a folder by name; none where the folder is absent."""
    if not folder.is_dir():
        return []
    found = (p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and p.name[0] != ".")
    return sorted(p for p in found if p.is_file())


def read_image(path: Path) -> Image:
    """uint8 (H, W, 3) BGR; raises InputError naming the file."""
    image = decode_still(read_bytes(path))
    if isinstance(image, str):
        raise InputError(f"image {path} cannot be used ({image}): mend or remove it")
    return image


def read_mask(path: Path, height: int, width: int) -> NDArray[np.bool_]:
    """bool (height, width), True on the defect; raises InputError, for another size too."""
    mask = read_image(path)
    if mask.shape[:2] != (height, width):
        found = f"{mask.shape[1]}×{mask.shape[0]}"
        raise InputError(
            f"mask {path} is {found} where its image is {width}×{height} pixels: outline the"
            " defect again, or remove the mask"
        )
    return np.asarray(mask.max(axis=2) > 127)


def read_bytes(path: Path) -> bytes:
    """Raises InputError naming the file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


def fingerprint(files: Sequence[Path]) -> DataFingerprint:
    """Digest over the sorted digests of the files: their names and order do not matter.

    Raises InputError where all of them are the same picture.
    """
    digests = sorted(hashlib.sha256(read_bytes(f)).digest() for f in files)
    if len(set(digests)) == 1:
        raise InputError(
            f"all {len(files)} images in {files[0].parent} are the same picture: give images of"
            " different parts"
        )
    return DataFingerprint(
        sha256=hashlib.sha256(b"".join(digests)).hexdigest(), n_images=len(files)
    )


def is_grey(image: Image) -> bool:
    """Whether all three channels are equal."""
    blue, green, red = cv2.split(image)
    return bool((blue == green).all() and (green == red).all())
