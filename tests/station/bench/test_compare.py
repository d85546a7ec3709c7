"""Comparisons: turns alternate, the warm-up pair is left out, ratios are of pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.config import RunConfig
from inspector.errors import ConfigError
from inspector.station.bench.compare import as_json, compare, figure, interval, variation

CONFIG = RunConfig(source="sim:metal_nut", model=Path("models/x/1"))


def run_of(network_p50: float) -> dict[str, object]:
    return {
        "stages_ms": {"network": {"p50": network_p50, "p99": 4.0}},
        "age_at_verdict_ms": {"p99": 8.0},
        "own_ms_p50": 1.0,
        "inspections_per_s": 50.0,
        "cpu_ms_per_inspection": 9.0,
    }


def test_a_and_b_take_turns_and_the_first_pair_only_warms_up():
    order: list[str] = []

    def measure(config: RunConfig) -> Mapping[str, object]:
        order.append(str(config.variant))
        warm = len(order) > 2
        return run_of((3.0 if config.variant == "int8" else 6.0) if warm else 1000.0)

    ratios = compare(
        variation(CONFIG, "fp32"), variation(CONFIG, "int8"), rounds=3, measure=measure
    )
    assert order == ["fp32", "int8", "int8", "fp32", "fp32", "int8", "int8", "fp32"]
    network = as_json(ratios)["network p50"]
    assert network == {"a": 6.0, "b": 3.0, "ratio": 2.0, "ci95_low": 2.0, "ci95_high": 2.0}


def test_drift_that_both_share_does_not_move_the_ratio():
    clock = iter([1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 8.0, 8.0])

    def measure(config: RunConfig) -> Mapping[str, object]:
        return run_of(next(clock) * (2.0 if config.variant == "fp32" else 1.0))

    [first, *_] = compare(
        variation(CONFIG, "fp32"), variation(CONFIG, "int8"), rounds=3, measure=measure
    )
    assert (first.ratio, first.low, first.high) == (2.0, 2.0, 2.0)


@given(st.lists(st.floats(0.1, 10.0), min_size=2, max_size=30))
def test_the_interval_holds_the_median_and_lies_within_the_data(values: list[float]):
    ratios = np.array(values)
    low, high = interval(ratios)
    assert ratios.min() <= low <= np.median(ratios) <= high <= ratios.max()


def test_variations_name_a_variant_a_package_or_both(tmp_path: Path):
    assert variation(CONFIG, "int8") == replace(CONFIG, variant="int8")
    assert variation(CONFIG, str(tmp_path)) == replace(CONFIG, model=tmp_path)
    assert variation(CONFIG, f"{tmp_path}:fp16") == replace(CONFIG, model=tmp_path, variant="fp16")


@pytest.mark.parametrize("text", ["int4", "no/such/folder", "no/such/folder:int8", ""])
def test_anything_else_is_refused_by_name(text: str):
    with pytest.raises(ConfigError, match="--compare"):
        variation(CONFIG, text)


def test_figures_are_found_by_path():
    assert figure(run_of(5.0), "stages_ms.network.p50") == 5.0
    with pytest.raises(KeyError):
        figure(run_of(5.0), "stages_ms.nothing.p50")


def test_a_provider_can_be_compared_with_another():
    cpu, cuda = (variation(CONFIG, name).execution.provider for name in ("cpu", "cuda"))
    assert (cpu, cuda) == ("cpu", "cuda")
