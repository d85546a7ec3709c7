"""Recorded lines with a model that only looks at brightness: parts are counted right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cli import InProcess


@pytest.mark.parametrize("line", ["transistor_line", "screw_line"])
def test_sixty_of_sixty_parts_are_counted(
    cli: InProcess, package: Path, data_dir: Path, tmp_path: Path, line: str
):
    footage = data_dir / "footage" / f"{line}.mp4"
    result = cli(
        *("replay", footage, "--model", package, "--roi", "320,40,640,640"),
        *("--empty-frames", "0:4", "--truth", footage.with_suffix(".csv")),
        *("--json", tmp_path / "r.json"),
    )
    assert result.code == 0, result
    document = json.loads((tmp_path / "r.json").read_text())
    assert document["parts"]["total"] == 60
    assert document["truth"]["parts_matched"] == 60
    assert document["frames"]["dropped"] == 0
