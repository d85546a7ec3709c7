"""95 % intervals; none of them shrinks to nothing where no error was seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Z95 = 1.959964
_DRAWS = 20_000
_ROUNDS = 400
_TAILS = (2.5, 97.5)


def wilson(share: float, n: int) -> list[float]:
    """Of a share of ``n`` things (Wilson's score interval); [0, 1] for none.

    Of an average precision too, with ``n`` the defective ones: the binomial interval of
    Boyd et al. (ECML 2013) in its score form, which keeps its width at 1.0.
    """
    if n == 0:
        return [0.0, 1.0]
    centre = (share + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    reach = Z95 / (1 + Z95**2 / n) * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    # at 0 and 1 the bound is exact, but for rounding
    low = 0.0 if share == 0 else max(centre - reach, 0.0)
    high = 1.0 if share == 1 else min(centre + reach, 1.0)
    return [low, high]


def f1_interval(tp: int, fp: int, fn: int, tn: int) -> list[float]:
    """Of F1 at the given numbers of good and defective ones (Goutte & Gaussier, ECIR 2005).

    Recall and false alarm rate are drawn from their posteriors under Jeffreys' prior, with
    a fixed seed: the same counts give the same interval.
    """
    rng = np.random.default_rng(0)
    found = rng.beta(tp + 0.5, fn + 0.5, _DRAWS) * (tp + fn)
    false = rng.beta(fp + 0.5, tn + 0.5, _DRAWS) * (fp + tn)
    drawn = 2 * found / np.maximum(found + false + tp + fn, 1e-12)
    low, high = np.percentile(drawn, _TAILS)
    seen = 2 * tp / max(2 * tp + fp + fn, 1)
    return [min(float(low), seen), max(float(high), seen)]


def bootstrap(figure: Callable[[NDArray[np.float64]], float], n: int) -> list[float]:
    """Percentiles of ``figure`` over resamples of ``n`` images, fixed seed.

    ``figure`` is given how often each image was drawn, float64 (n,); draws for which it is
    not finite (none had a defect) are left out.
    """
    rng = np.random.default_rng(0)
    weights = rng.multinomial(n, np.full(n, 1 / n), _ROUNDS).astype(np.float64)
    values = np.array([figure(row) for row in weights])
    known = values[np.isfinite(values)]
    return [float(v) for v in np.percentile(known, _TAILS)] if len(known) else [0.0, 1.0]


def mean_interval(values: Sequence[float]) -> list[float] | None:
    """Student's t interval of the mean of independent runs; None for fewer than two."""
    n = len(values)
    if n < 2:
        return None
    reach = float(stats.t.ppf(0.975, n - 1)) * float(np.std(values, ddof=1)) / math.sqrt(n)
    mean = float(np.mean(values))
    return [mean - reach, mean + reach]
