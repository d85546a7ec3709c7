"""``fit`` with rates that the user names."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.inference.package import load_package
from tests.support.train_cli import TrainCli
from training.calibrate import Targets
from training.probes import chosen_parts, defects_wanted


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--max-overkill", 0.01), "--max-overkill 0.01: 12 held-out good parts"),
        (("--max-review", 0.05), "19 good images would be needed"),
        (("--max-escape", 0.02), "149 would be needed"),
        (("--max-escape", 0), "expected a share above 0 and below 1"),
        (("--max-review", 2), "expected a share above 0 and below 1"),
        (("--max-overkill", "nan"), "expected a share above 0 and below 1"),
        (("--max-escape", 0.02, "--method", "classifier"), "defects promise no less than"),
    ],
)
def test_what_cannot_be_promised_is_refused_before_the_work(
    discs: Path, tmp_path: Path, train: TrainCli, arguments: tuple[object, ...], says: str
) -> None:
    done = train("fit", "--data", discs, "--category", "disc", "--out", tmp_path / "m", *arguments)
    assert done.code == 2
    assert says in done.err
    assert "features" not in done.err
    assert not (tmp_path / "m").exists()


def test_promises_are_printed_and_kept_in_manifest_and_card(
    discs: Path, tmp_path: Path, train: TrainCli
) -> None:
    where = ("--data", discs, "--category", "disc", "--out", tmp_path)
    small = ("--size", 64, "--fixture", "none")
    done = train("fit", *where, *small, "--max-overkill", 0.25, "--max-review", 0.3)
    assert done.code == 0
    assert "12 synthetic defects below T1" in done.err
    assert "of real ones unknown" in done.err
    assert "promise no less than 7.69%" in done.err
    manifest = load_package(tmp_path / "disc" / "1").manifest
    basis = manifest.threshold_basis
    assert basis.targets == Targets(max_overkill=0.25, max_review=0.3)
    assert basis.expected_overkill_t2 is not None
    assert basis.expected_overkill_t2 <= 0.25
    assert (basis.n_synthetic, basis.expected_escape) == (12, None)
    thresholds = manifest.variants[0].thresholds
    assert thresholds.pixel is not None
    assert 0 < thresholds.pixel <= thresholds.t1 == 1.0
    card = (tmp_path / "disc" / "1" / "card.md").read_text(encoding="utf-8")
    assert "12 synthetic defects" in card
    assert "promises nothing of real ones" in card
    assert "Defects are outlined" in card


def test_as_many_defects_as_the_target_takes_one_a_part() -> None:
    assert defects_wanted(Targets()) == 100
    assert defects_wanted(Targets(max_escape=0.02)) == 298
    chosen = chosen_parts(120, 100, 0)
    assert len(set(chosen.tolist())) == 100
    assert len(chosen_parts(30, 100, 0)) == 30
