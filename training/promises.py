"""What a number of images can promise, and refusing what they cannot.

Good parts: of n held-out ones the next is as likely to rank in any of n + 1 places, so no
share below 1/(n + 1) can be promised (conformal prediction, Vovk et al. 2005). Defects: with
none of m missed the true share of escapes may still be about 3/m (Clopper–Pearson, 95 %).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspector.core.manifest import Targets
from inspector.core.whatif import CONFIDENCE, upper_bound
from inspector.errors import InputError

Scores = NDArray[np.float64]
TARGET_REVIEW, FEW_REVIEWS = 0.05, 3
"""Share of good parts that may go to review unasked, to catch more defects; and how many where
so few parts cannot tell that share from this number of them."""
_EPS = 1e-9
"""Of counts: a target of 0.05 must allow 1 of 20 whatever the floating point says."""


@dataclass(frozen=True, slots=True)
class Escapes:
    """``missed`` of ``n`` defects score below T1; ``synthetic`` where they were made up."""

    missed: int
    n: int
    synthetic: bool

    @property
    def share(self) -> float:
        return self.missed / self.n

    @property
    def at_most(self) -> float:
        """The true share of defects like these, at 95 % confidence."""
        return upper_bound(self.missed, self.n)


def good_needed(share: float) -> int:
    """Good parts that a promise on good parts takes."""
    return max(1, math.ceil(1.0 / share - _EPS) - 1)


def defects_needed(share: float) -> int:
    """Defects that a promise on escapes takes, none of them missed."""
    return max(1, math.ceil(math.log(1.0 - CONFIDENCE) / math.log1p(-share) - _EPS))


def allowed_good(share: float, n: int) -> int:
    """How many of n good parts may lie beyond a threshold for that promise; -1 for none can."""
    return math.floor(share * (n + 1) + _EPS) - 1


def left_out(share: float, n: int) -> int:
    """The same, where one has to stay and none is asked for in vain: 0 to n - 1."""
    return min(max(allowed_good(share, n), 0), n - 1)


def review_share(n: int) -> float:
    """Share of n good parts that may be beyond T1 unasked, the next one counted with them.

    Three of the n + 1 where these are more than 5 %: n parts none of which is beyond may
    still come from a line where 3/n are (rule of three, 95 %).
    """
    return max(TARGET_REVIEW, FEW_REVIEWS / (n + 1))


def allowed_escapes(share: float, n: int) -> int:
    """How many of n defects may be missed for that promise; -1 where n are too few."""
    missed = -1
    while missed + 1 < n and upper_bound(missed + 1, n) <= share:
        missed += 1
    return missed


def expected_share(count: int, n: int) -> float:
    """Of the next good parts, where ``count`` of n held-out ones lay beyond."""
    return (count + 1) / (n + 1)


def check_supported(targets: Targets, n_good: int, n_defects: int) -> None:
    """Raises InputError for a target that these numbers cannot promise, saying what would."""
    for name, share in (("overkill", targets.max_overkill), ("review", targets.max_review)):
        if share is not None and allowed_good(share, n_good) < 0:
            raise InputError(
                f"--max-{name} {share:g}: {n_good} held-out good parts promise no less than"
                f" {1 / (n_good + 1):.2%}; {good_needed(share)} good images would be needed"
            )
    share = targets.max_escape
    if share is not None and allowed_escapes(share, n_defects) < 0:
        least = f"{upper_bound(0, n_defects):.2%}" if n_defects else "nothing"
        raise InputError(
            f"--max-escape {share:g}: {n_defects} defects promise no less than {least}, even if"
            f" none is missed; {defects_needed(share)} would be needed (made-up ones: as many"
            " good images, one defect in each)"
        )
