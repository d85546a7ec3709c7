"""The demo that ships with the project holds what the README says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cli import InProcess

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("product", ["metal_nut", "bottle_cap"])
def test_the_demo_finds_every_part_and_lets_no_defect_escape(
    cli: InProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, product: str
):
    monkeypatch.chdir(ROOT)
    result = cli(
        *("replay", "--job", product, "--jobs", "assets/jobs"),
        *("--truth", f"assets/footage/{product}.csv", "--json", tmp_path / "r.json"),
    )
    assert result.code == 0, result
    truth = json.loads((tmp_path / "r.json").read_text())["truth"]
    assert truth["parts_matched"] == truth["parts_expected"] == 24
    assert truth["escapes"] == 0
    assert truth["accuracy"] >= 0.9


@pytest.mark.parametrize("product", ["metal_nut", "bottle_cap"])
def test_the_bundled_packages_pass_their_checks(cli: InProcess, product: str):
    result = cli("models", "verify", ROOT / "models" / product / "1")
    assert result.code == 0, result
