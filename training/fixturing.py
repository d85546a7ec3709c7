"""Which fixture suits a category: learnt from good images, chosen on made-up defects.

Test images have no part in it. Each candidate sees the same few good parts, held out from
a small memory bank, as they are and with a defect of each kind (``synthetic.PROBES``) made in
the picture before it is prepared. The one that tells them apart best wins. The defects must
be hard: where every candidate finds nearly all, nothing is said about their resolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from inspector.core.fixture import FixtureSpec, NoFixture
from inspector.core.frame import Image
from inspector.errors import InputError
from inspector.vision.fixture import learn_axis, learn_template, prepare, propose_input
from training.made_up import with_defects
from training.methods import Report, Views
from training.methods.memory_bank import Options, score_held_out
from training.synthetic import PROBES
from training.threads import in_threads

FixtureName = Literal["auto", "none", "axis", "template"]
SAMPLE = 60
"""Good images that take part in the choice."""
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


@dataclass(frozen=True, slots=True, eq=False)
class _Pictures:
    """What a candidate makes of each part: sound, then with a defect of each kind.

    Attributes:
        views: uint8 (n, 1 + kinds, H, W, 3) BGR.
        lost: bool (n, 1 + kinds): no part was located.
    """

    views: Views
    lost: NDArray[np.bool_]


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
    chosen = np.random.default_rng(seed).permutation(len(images))[:SAMPLE]
    seen = _pictures([images[i] for i in chosen], candidates, seed, report)
    figures = []
    for i, pictures in enumerate(seen):
        figures.append(_figure(pictures, seed))
        report("fixture", (i + 1) / len(candidates))
    best = 0
    for i in range(1, len(candidates)):
        if figures[i] > figures[best] + MARGIN:
            best = i
    tried = ", ".join(f"{c.name} {f:.3f}" for c, f in zip(candidates, figures, strict=True))
    winner = candidates[best]
    why = (
        f"{winner.name}, by mean AUROC on {len(PROBES)} kinds of made-up defects in"
        f" {len(chosen)} held-out good parts: {tried}"
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


def _pictures(
    sample: Sequence[Image], candidates: Sequence[_Candidate], seed: int, report: Report
) -> list[_Pictures]:
    """The same parts and defects, as each candidate prepares them."""
    count = (len(sample), 1 + len(PROBES))
    found = [
        _Pictures(np.zeros((*count, c.height, c.width, 3), np.uint8), np.zeros(count, np.bool_))
        for c in candidates
    ]

    def fill(part: int) -> None:
        # a generator of its own for each part: no order of work changes its defects
        versions = [sample[part], *with_defects(sample[part], np.random.default_rng([seed, part]))]
        for candidate, pictures in zip(candidates, found, strict=True):
            _fill(pictures, part, versions, candidate)

    for done, _ in enumerate(in_threads(fill, range(len(sample))), start=1):
        report("made-up defects", done / len(sample))
    return found


def _fill(pictures: _Pictures, part: int, versions: Sequence[Image], candidate: _Candidate) -> None:
    for k, version in enumerate(versions):
        prepared = prepare(version, candidate.spec, candidate.height, candidate.width)
        pictures.lost[part, k] = prepared is None
        if prepared is not None:
            pictures.views[part, k] = prepared.image


def _figure(pictures: _Pictures, seed: int) -> float:
    """Mean over the kinds of AUROC against sound parts; one not located counts as the worst."""
    scores = score_held_out(
        pictures.views, seed=seed, options=Options(patches=1000, candidates=20_000, bank_views=1)
    )
    scores[pictures.lost] = np.inf
    # ranks only: infinity must merely be the highest
    ranks = np.unique(scores, return_inverse=True)[1].reshape(scores.shape)
    sound = ranks[:, 0]
    truth = np.repeat([0, 1], len(sound))
    return float(np.mean([roc_auc_score(truth, np.r_[sound, bad]) for bad in ranks[:, 1:].T]))
