"""``inspector replay --compare``: what another recipe or model would have done."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.cli import InProcess
from tests.support.footage import write_line
from tests.support.tiny_model import write_tiny_package


def test_two_replays_side_by_side(cli: InProcess, tmp_path: Path):
    line = write_line(tmp_path / "line.mkv", [100, 230, 170, 250, 100])
    strict = write_tiny_package(tmp_path / "strict", t1=0.6, t2=0.8)
    loose = write_tiny_package(tmp_path / "loose", t1=0.8, t2=0.95, version="2")
    common = ("--empty-frames", "0:4", "--truth", line.with_suffix(".csv"))
    first = cli("replay", line, "--model", strict, *common, "--out", tmp_path / "first")
    assert first.code == 0, first
    second = cli(
        *("replay", line, "--model", loose, *common),
        *("--compare", tmp_path / "first", "--json", tmp_path / "second.json"),
    )
    assert second.code == 0, second
    assert "2 of 5 parts changed" in second.out
    assert "REVIEW -> PASS      from frame 24  now right" in second.out
    assert "FAIL -> REVIEW" in second.out
    assert "escapes 0, overkills 1" in second.out
    comparison = json.loads((tmp_path / "second.json").read_text())["comparison"]
    changed = [(c["part"], c["before"], c["after"]) for c in comparison["changed"]]
    assert changed == [(1, "FAIL", "REVIEW"), (2, "REVIEW", "PASS")]
    assert comparison["truth_after"]["overkills"] == 0


def test_a_run_compared_with_itself(cli: InProcess, tmp_path: Path):
    line = write_line(tmp_path / "line.mkv", [100, 230])
    package = write_tiny_package(tmp_path / "package", t1=0.6, t2=0.8)
    common = ("replay", line, "--model", package, "--empty-frames", "0:4")
    assert cli(*common, "--out", tmp_path / "out").code == 0
    again = cli(*common, "--compare", tmp_path / "out" / "run.json", "--json", "-")
    assert json.loads(again.out)["comparison"]["changed"] == []
    missing = cli(*common, "--compare", tmp_path / "nothing")
    assert (missing.code, "no such file" in missing.err) == (2, True)
