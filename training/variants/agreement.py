"""Does a variant judge as the fp32 model does, and where do its own thresholds lie?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspector.core.manifest import Agreement, ProposedThresholds
from inspector.inference.providers import CPU
from inspector.inference.session import open_session
from training.export import INPUT

LEAST_AGREEMENT = 0.9
"""Share of validation pictures that must get the verdict of fp32."""
_NEAR = 0.5
"""Scores from this share of T1 on say how a variant's scale lies where it matters."""
_SCORE = "anomaly_score"

_Scores = NDArray[np.float64]


class RefusedError(Exception):
    """Why a variant is not shipped; the package is written without it."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What validation pictures score, and which of them are defective.

    Attributes:
        trained: float64 (n,), by the trained network in torch.
        exported: float64 (n,), by the fp32 file.
        defective: bool (n,).
        thresholds: of fp32.
    """

    trained: _Scores
    exported: _Scores
    defective: NDArray[np.bool_]
    thresholds: ProposedThresholds


def score(onnx: bytes, images: NDArray[np.uint8]) -> _Scores:
    """float64 (n,), one picture a run, as the station does on the CPU."""
    session = open_session(onnx, provider=CPU, threads=None, where="variant")
    found = [session.run([_SCORE], {INPUT: images[i : i + 1]})[0][0] for i in range(len(images))]
    return np.array(found, np.float64)


def compare(scores: _Scores, reference: Reference) -> tuple[ProposedThresholds, Agreement]:
    """The variant's own thresholds, and how its verdicts at them compare.

    Those thresholds are fp32's, moved by the median difference of the scores near and
    above T1: the variant's scale is shifted as a whole (rounding lengthens distances), and
    the fp32 thresholds come from many more held-out views than can be scored again.

    Raises RefusedError where a picture passes by one and fails by the other (a difference
    inside the review band goes to a person either way), or too many verdicts differ.
    """
    if not np.isfinite(scores).all():
        raise RefusedError("its scores are not all finite")
    thresholds = _moved(reference, scores)
    before = _verdicts(reference.exported, reference.thresholds)
    after = _verdicts(scores, thresholds)
    opposite = int((np.abs(before - after) == 2).sum())
    if opposite:
        raise RefusedError(
            f"{opposite} of {len(scores)} validation pictures pass by it and fail by fp32, or the"
            " reverse"
        )
    same = float((before == after).mean())
    if same < LEAST_AGREEMENT:
        raise RefusedError(
            f"only {same:.1%} of {len(scores)} validation pictures get the verdict of fp32"
            f" ({LEAST_AGREEMENT:.0%} are needed)"
        )
    return thresholds, measured(scores, reference, same)


def measured(scores: _Scores, reference: Reference, same_verdict: float) -> Agreement:
    """Differences are from torch."""
    differences = np.abs(scores - reference.trained)
    return Agreement(
        largest_difference=float(differences.max()),
        typical_difference=float(np.median(differences)),
        same_verdict=same_verdict,
        n_images=len(scores),
        n_defective=int(reference.defective.sum()),
    )


def _moved(reference: Reference, scores: _Scores) -> ProposedThresholds:
    t1, t2 = reference.thresholds.t1, reference.thresholds.t2
    near = reference.exported >= _NEAR * t1
    chosen = near if near.any() else np.ones_like(near)
    shift = float(np.median(scores[chosen] - reference.exported[chosen]))
    return reference.thresholds.model_copy(update={"t1": t1 + shift, "t2": t2 + shift})


def _verdicts(scores: _Scores, thresholds: ProposedThresholds) -> NDArray[np.int64]:
    """0 PASS, 1 REVIEW, 2 FAIL."""
    reached = [scores >= thresholds.t1, scores >= thresholds.t2]
    return np.asarray(np.sum(reached, axis=0), np.int64)
