"""Two packages, variants or settings against each other: interleaved rounds in one run.

Machines drift (clocks, neighbours), so A and B take turns and every figure is a ratio of
neighbours. The interval is a percentile bootstrap over the rounds (Efron and Tibshirani,
An Introduction to the Bootstrap, 1993, chapter 13).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inspector.config import RunConfig
from inspector.errors import ConfigError
from inspector.inference.providers import NAMES
from inspector.station.bench.measure import document, run_once

_RESAMPLES = 4000
_VARIANTS = ("fp32", "fp16", "int8")
FIGURES: Mapping[str, str] = {
    "network p50": "stages_ms.network.p50",
    "network p99": "stages_ms.network.p99",
    "own p50": "own_ms_p50",
    "age at verdict p99": "age_at_verdict_ms.p99",
    "inspections a second": "inspections_per_s",
    "CPU ms an inspection": "cpu_ms_per_inspection",
}
"""What is compared, by its path in the document of a run."""

Measure = Callable[[RunConfig], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Ratio:
    """A/B of one figure: the median over the rounds and its 95 % interval."""

    figure: str
    a: float
    b: float
    ratio: float
    low: float
    high: float


def variation(config: RunConfig, text: str) -> RunConfig:
    """``config`` with another variant (``int8``), provider (``cuda``) or package
    (``models/x/2[:int8]``).

    Raises ConfigError for what is neither.
    """
    if text in _VARIANTS:
        return replace(config, variant=text)
    if text in NAMES:
        execution = config.execution.model_copy(update={"provider": text})
        return replace(config, execution=execution)
    folder, colon, variant = text.rpartition(":")
    if not colon or variant not in _VARIANTS:
        folder, variant = text, ""
    # an empty name would mean the current folder
    if not folder or not Path(folder).is_dir():
        raise ConfigError(
            f"--compare {text!r}: expected a variant ({', '.join(_VARIANTS)}), a provider"
            f" ({', '.join(NAMES)}), a package's folder, or FOLDER:VARIANT"
        )
    return replace(config, model=Path(folder), variant=variant or None)


def compare(
    a: RunConfig,
    b: RunConfig,
    *,
    rounds: int,
    measure: Measure,
    report: Callable[[int], None] = lambda done: None,
) -> list[Ratio]:
    """Runs A B, B A, A B …, ``rounds`` pairs; a first pair warms up and is not counted."""
    pairs: list[tuple[Mapping[str, object], Mapping[str, object]]] = []
    for turn in range(rounds + 1):
        if turn % 2:
            second, first = measure(b), measure(a)
        else:
            first, second = measure(a), measure(b)
        if turn:
            pairs.append((first, second))
        report(turn)
    return [_ratio(name, path, pairs) for name, path in FIGURES.items()]


def measured_for(seconds: float) -> Measure:
    """A run of so many seconds as its document."""
    return lambda config: document(run_once(config, seconds))


def _ratio(
    name: str, path: str, pairs: Sequence[tuple[Mapping[str, object], Mapping[str, object]]]
) -> Ratio:
    a = np.array([figure(first, path) for first, _ in pairs])
    b = np.array([figure(second, path) for _, second in pairs])
    ratios = a / np.maximum(b, 1e-9)
    low, high = interval(ratios)
    median = float(np.median(ratios))
    return Ratio(name, float(np.median(a)), float(np.median(b)), median, low, high)


def interval(ratios: NDArray[np.float64]) -> tuple[float, float]:
    """95 % of the median, by 4,000 resamples with a fixed seed."""
    rng = np.random.default_rng(0)
    drawn = rng.choice(ratios, (_RESAMPLES, len(ratios)))
    low, high = np.quantile(np.median(drawn, axis=1), (0.025, 0.975))
    return float(low), float(high)


def figure(run: Mapping[str, object], path: str) -> float:
    """A number of the document by its dotted path; raises KeyError."""
    value: object = run
    for key in path.split("."):
        assert isinstance(value, Mapping), f"{path} leads through a number"
        value = value[key]
    assert isinstance(value, int | float), f"{path} is no number"
    return float(value)


def as_json(ratios: Sequence[Ratio]) -> dict[str, dict[str, float]]:
    return {
        r.figure: {
            "a": round(r.a, 4),
            "b": round(r.b, 4),
            "ratio": round(r.ratio, 4),
            "ci95_low": round(r.low, 4),
            "ci95_high": round(r.high, 4),
        }
        for r in ratios
    }
