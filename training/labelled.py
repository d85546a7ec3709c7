"""Labelled images of one category, in memory, for methods that learn from defects too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspector.core.fixture import FixtureSpec
from inspector.core.frame import Image
from inspector.vision.fixture import apply, prepare
from inspector.vision.resize import resize
from training.datasets import GOOD, Sample, is_grey, read_image, read_mask
from training.methods import Report

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Images with what is known of them, prepared as the station prepares them.

    Attributes:
        images: uint8 (n, H, W, 3) BGR; black where the part was not located.
        masks: uint8 (n, H, W), 255 on the defect.
        kinds: ``good`` or the type of defect, of each image.
        located: bool (n,); the station calls the others INVALID without asking a network.
        outlined: bool (n,): good, or with a mask; of the others nobody knows where.
        aspect: the usual width / height before resizing.
        monochrome: whether no image has any colour.
    """

    images: Image
    masks: NDArray[np.uint8]
    kinds: tuple[str, ...]
    located: NDArray[np.bool_]
    outlined: NDArray[np.bool_]
    aspect: float
    monochrome: bool

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, pixels."""
        return self.images.shape[1], self.images.shape[2]

    @property
    def defective(self) -> NDArray[np.bool_]:
        """bool (n,)."""
        return np.array([kind != GOOD for kind in self.kinds])

    def types_in(self, chosen: Indices) -> tuple[str, ...]:
        """The types of defect among some images, sorted."""
        return tuple(sorted({self.kinds[i] for i in chosen} - {GOOD}))


def load(
    samples: Sequence[Sample], spec: FixtureSpec, height: int, width: int, report: Report
) -> Labelled:
    """Reads and prepares; raises InputError naming a bad file."""
    n = len(samples)
    images = np.zeros((n, height, width, 3), np.uint8)
    masks = np.zeros((n, height, width), np.uint8)
    located, aspects, greys = np.zeros(n, np.bool_), [], []
    for i, sample in enumerate(samples):
        image = read_image(sample.path)
        aspects.append(image.shape[1] / image.shape[0])
        greys.append(is_grey(image))
        prepared = prepare(image, spec, height, width)
        if prepared is not None:
            located[i], images[i] = True, prepared.image
            if sample.mask is not None:
                mask = _mask_image(sample, image)
                fitted = (
                    resize(mask, height, width)
                    if prepared.pose is None
                    else apply(mask, prepared.pose, height, width)
                )
                masks[i] = fitted[..., 0]
        report("images", (i + 1) / n)
    return Labelled(
        images=images,
        masks=masks,
        kinds=tuple(sample.kind for sample in samples),
        located=located,
        outlined=np.array([s.mask is not None or not s.is_defective for s in samples]),
        aspect=float(np.median(aspects)),
        monochrome=all(greys),
    )


def _mask_image(sample: Sample, image: Image) -> Image:
    """The mask as a picture, so that it goes through the same steps as its image."""
    assert sample.mask is not None
    mask = read_mask(sample.mask, image.shape[0], image.shape[1]).astype(np.uint8) * 255
    return np.ascontiguousarray(np.repeat(mask[..., None], 3, axis=2))
