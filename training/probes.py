"""Good parts with a made-up defect: what held-out detectors are asked to find.

They stand in for real defects where there are none. What share of them escapes says how a
detector treats changes of this kind and size, not what the line's own defects will do;
wherever the figure is shown, it is called synthetic.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.core.manifest import Targets
from training.made_up import with_defect
from training.methods import Views
from training.promises import defects_needed

USUAL = 100
"""Parts that get a defect where no target asks for more: one each, so that they are
independent of each other."""


def defects_wanted(targets: Targets) -> int:
    """For a promise on escapes twice as many as it takes with none missed."""
    share = targets.max_escape
    return USUAL if share is None else max(USUAL, 2 * defects_needed(share))


def chosen_parts(n: int, wanted: int, seed: int) -> NDArray[np.int64]:
    """Which of n parts get a defect: at most ``wanted``, drawn without repetition."""
    return np.sort(np.random.default_rng([seed, n]).permutation(n)[:wanted])


def probe(image: Image, part: int, views: Callable[[Image, int], Views], seed: int) -> Views:
    """The part with one defect, seen as often as a good one: ``views`` of the damaged picture.

    Args:
        image: uint8 (H, W, 3) BGR.
        views: of a picture and the part's number, uint8 (v, h, w, 3).
    """
    # a generator of its own for each, so that neither their number nor the order of work
    # changes any of them
    return views(with_defect(image, np.random.default_rng([seed, part, 1])), part)
