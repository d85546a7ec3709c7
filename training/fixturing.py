"""Which fixture suits a category: learnt from good images, chosen on made-up defects.

Test images have no part in it. Each candidate sees the same few good parts, held out from
a small memory bank, once as they are and once with a small patch of themselves pasted
elsewhere (CutPaste, Li et al., CVPR 2021). The one that tells the two apart best wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from inspector.core.fixture import FixtureSpec, NoFixture
from inspector.core.frame import Image
from inspector.errors import InputError
from inspector.vision.fixture import learn_axis, learn_template, prepare, propose_input
from training.methods import Report, Views
from training.methods.memory_bank import Options, score_held_out

FixtureName = Literal["auto", "none", "axis", "template"]
SAMPLE = 60
"""Good images that take part in the choice."""
COPIES = 3
"""Defective copies made of each held-out one."""
MARGIN = 0.01
"""AUROC by which a fixture must beat a simpler one: it costs a millisecond a picture."""
LARGER = 1.5
"""Side of the larger input that is tried, as a multiple of the ordinary one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A fixture with the network input (pixels) it calls for, and what spoke for it."""

    spec: FixtureSpec
    height: int
    width: int
    why: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    name: str
    spec: FixtureSpec
    height: int
    width: int


def choose_fixture(
    images: Sequence[Image], wanted: FixtureName, *, size: int, seed: int, report: Report
) -> Choice:
    """The wanted fixture, or with ``auto`` the one that finds made-up defects best.

    Args:
        images: uint8 (H, W, 3) BGR, good parts.
        size: the input has about ``size²`` pixels (``auto`` may take 2.25 times as many).

    Raises InputError where the wanted fixture cannot be learnt from these images.
    """
    candidates = _candidates(images, wanted, size)
    if len(candidates) == 1:
        only = candidates[0]
        return Choice(only.spec, only.height, only.width, f"{only.name}: nothing else to choose")
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(images))[:SAMPLE]
    sample = [images[i] for i in chosen]
    damaged = [[damage(image, rng) for _ in range(COPIES)] for image in sample]
    figures = []
    for i, candidate in enumerate(candidates):
        figures.append(_figure(candidate, sample, damaged, seed))
        report("fixture", (i + 1) / len(candidates))
    best = 0
    for i in range(1, len(candidates)):
        if figures[i] > figures[best] + MARGIN:
            best = i
    tried = ", ".join(f"{c.name} {f:.3f}" for c, f in zip(candidates, figures, strict=True))
    winner = candidates[best]
    why = (
        f"{winner.name}, by AUROC on {COPIES} pasted defects in each of {len(sample)} good: {tried}"
    )
    return Choice(winner.spec, winner.height, winner.width, why)


def _candidates(images: Sequence[Image], wanted: FixtureName, size: int) -> list[_Candidate]:
    """From the simplest on."""
    found = []
    if wanted in ("auto", "none"):
        found.append(_Candidate("none", NoFixture(), size, size))
    if wanted in ("auto", "template") and (template := learn_template(images)) is not None:
        found.append(_Candidate("template", template, size, size))
    if wanted in ("auto", "axis") and (axis := learn_axis(images)) is not None:
        for side in (size, round(LARGER * size)) if wanted == "auto" else (size,):
            height, width = propose_input(axis, images[0].shape[:2], pixels=side * side)
            found.append(_Candidate(f"axis {width}×{height}", axis, height, width))
    if not found:
        raise InputError(
            f"no {wanted} fixture can be learnt: it would not locate every good part; "
            "train with --fixture none"
        )
    return found


def damage(image: Image, rng: np.random.Generator) -> Image:
    """A copy with a small patch of itself pasted elsewhere, mostly onto the part.

    The patch has 0.1–1 % of the picture's area and 1:4 to 4:1 sides; it lands where the
    picture has structure, as parts do and belts do not.
    """
    h, w = image.shape[:2]
    area = h * w * rng.uniform(0.001, 0.01)
    aspect = np.exp(rng.uniform(np.log(0.25), np.log(4.0)))
    ph, pw = (int(np.clip(np.sqrt(v), 4, min(h, w) // 3)) for v in (area * aspect, area / aspect))
    sy, sx = rng.integers(0, h - ph), rng.integers(0, w - pw)
    ty, tx = _structured_place(image, ph, pw, rng)
    result = image.copy()
    result[ty : ty + ph, tx : tx + pw] = image[sy : sy + ph, sx : sx + pw]
    return result


def _structured_place(image: Image, ph: int, pw: int, rng: np.random.Generator) -> tuple[int, int]:
    """Of 16 random places the one with the most contrast."""
    h, w = image.shape[:2]
    places = list(zip(rng.integers(0, h - ph, 16), rng.integers(0, w - pw, 16), strict=True))
    contrast = [
        float(cv2.meanStdDev(np.ascontiguousarray(image[y : y + ph, x : x + pw, 1]))[1][0][0])
        for y, x in places
    ]
    y, x = places[int(np.argmax(contrast))]
    return int(y), int(x)


def _figure(
    candidate: _Candidate,
    sample: Sequence[Image],
    damaged: Sequence[Sequence[Image]],
    seed: int,
) -> float:
    """AUROC of damaged against sound held-out parts; one not located counts as the worst."""
    views = [
        [_input(candidate, v) for v in (image, *copies)]
        for image, copies in zip(sample, damaged, strict=True)
    ]
    blank = np.zeros((candidate.height, candidate.width, 3), np.uint8)
    stack: Views = np.stack([np.stack([blank if v is None else v for v in row]) for row in views])
    lost: NDArray[np.bool_] = np.array([[v is None for v in row] for row in views])
    scores = score_held_out(
        stack, seed=seed, options=Options(patches=1000, candidates=20_000, bank_views=1)
    )
    scores[lost] = np.inf
    sound, bad = scores[:, 0], scores[:, 1:].ravel()
    truth = np.r_[np.zeros(len(sound)), np.ones(len(bad))]
    # ranks only: infinity must merely be the highest
    ranks = np.unique(np.r_[sound, bad], return_inverse=True)[1]
    return float(roc_auc_score(truth, ranks))


def _input(candidate: _Candidate, image: Image) -> Image | None:
    prepared = prepare(image, candidate.spec, candidate.height, candidate.width)
    return None if prepared is None else prepared.image
