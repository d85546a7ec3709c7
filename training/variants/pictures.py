"""Which pictures variants are calibrated on and compared by: never test images."""

from __future__ import annotations

import numpy as np

from training.labelled import Indices, Labelled
from training.made_up import with_defect
from training.methods import Probes, Views
from training.variants.build import Pictures

CALIBRATION = 32
"""Good parts whose pictures set the scales of int8, two views of each."""
VALIDATION = 48
"""Good parts whose pictures, whole and spoilt, verdicts are compared on."""


def of_views(views: Views, probes: Probes, *, seed: int) -> Pictures:
    """From good parts alone: (n, v, H, W, 3), the still first, then camera views.

    Validated on the last view, which no bank holds, and on parts with a made-up defect.
    """
    order = np.random.default_rng(seed).permutation(len(views))
    whole = views[np.sort(order[-VALIDATION:]), -1]
    spoilt = probes.images[:VALIDATION, -1]
    return Pictures(
        calibration=np.concatenate(list(views[np.sort(order[:CALIBRATION]), :2])),
        validation=np.concatenate([whole, spoilt]),
        defective=np.arange(len(whole) + len(spoilt)) >= len(whole),
    )


def of_labelled(data: Labelled, chosen: Indices, validation: Indices, *, seed: int) -> Pictures:
    """From labelled images: those kept from training, and good ones among them spoilt."""
    rng = np.random.default_rng(seed)
    bad = data.defective
    train = np.setdiff1d(chosen[~bad[chosen] & data.located[chosen]], validation)
    whole = rng.permutation(validation[~bad[validation]])[:VALIDATION]
    spoilt = [with_defect(data.images[i], rng) for i in whole]
    known = validation[bad[validation]]
    parts = [data.images[whole], np.array(spoilt, np.uint8).reshape(-1, *data.images.shape[1:])]
    return Pictures(
        calibration=data.images[rng.permutation(train)[: 2 * CALIBRATION]],
        validation=np.concatenate([*parts, data.images[known]]),
        defective=np.arange(2 * len(whole) + len(known)) >= len(whole),
    )
