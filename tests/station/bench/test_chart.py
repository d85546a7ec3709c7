from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from inspector.errors import ConfigError
from inspector.station.bench.chart import svg, write_chart

RUN = {
    "stages_ms": {"read": {"p50": 1.0, "p99": 2.0}, "network": {"p50": 8.0, "p99": 16.0}},
    "age_at_verdict_ms": {"p50": 10.0, "p99": 20.0},
}
SVG = "{http://www.w3.org/2000/svg}"


def test_every_stage_has_a_bar_in_proportion():
    root = ElementTree.fromstring(svg([("fp32 <CPU>", RUN)]))
    bars = list(root.iter(f"{SVG}rect"))[2:]
    widths = [float(r.get("width", "0")) for r in bars]
    assert widths == [32.0, 256.0, 320.0]
    assert "fp32 <CPU>: bar p50, line p99, ms" in [t.text for t in root.iter(f"{SVG}text")]


def test_two_runs_stand_side_by_side():
    root = ElementTree.fromstring(svg([("a", RUN), ("b", RUN)]))
    assert len(list(root.iter(f"{SVG}rect"))) == 1 + 2 + 2 * 3


def test_nothing_measured_is_no_division_by_zero():
    zero = {"stages_ms": {}, "age_at_verdict_ms": {"p50": 0.0, "p99": 0.0}}
    ElementTree.fromstring(svg([("a", zero)]))


def test_a_chart_that_cannot_be_written_is_a_clear_error(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot write"):
        write_chart(tmp_path / "no" / "folder.svg", [("a", RUN)])
