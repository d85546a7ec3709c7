"""Several seeds of one protocol: the figures, and going on after a kill."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.parts_folder import disc, write_category, write_image
from tests.support.train_cli import TrainCli
from training import seeds as seeding
from training.datasets import find_category
from training.evaluation import Evaluation
from training.fit import Order
from training.provenance import package_fingerprint
from training.seeds import Plan, Seeds, run_seeds

QUICK = ("--size", "64", "--fixture", "none")


def test_official(discs: Path, tmp_path: Path, train: TrainCli) -> None:
    out = tmp_path / "out"
    args = ("seeds", "--data", discs, "--category", "disc", "--seeds", 2, "--out", out, *QUICK)
    done = train(*args, "--json", "-")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document == json.loads((out / "seeds-official-memory-bank.json").read_text())
    [category] = document["categories"]
    assert (category["category"], category["n_good"], category["n_defective"]) == ("disc", 5, 5)
    assert [row["seed"] for row in category["seeds"]] == [0, 1]
    for row in category["seeds"]:
        folder = out / "models" / "disc" / f"memory-bank-seed-{row['seed']}"
        assert row["package"] == package_fingerprint(folder)
        assert row["auroc"] == 1.0
        assert row["pixel_auroc"] > 0.9
    assert category["summary"]["auroc"]["ci95"] == [1.0, 1.0]
    table = (out / "seeds-official-memory-bank.md").read_text(encoding="utf-8")
    assert [line.split(" | ")[0] for line in table.splitlines()[6:]] == [
        "| 0",
        "| 1",
        "| **mean**",
        "| 95 % of the mean",
    ]
    again = train(*args)
    assert again.err.count("finished before, kept") == 2


def test_supervised(discs: Path, tmp_path: Path, train: TrainCli) -> None:
    args = ("--protocol", "supervised", "--method", "memory-bank", "--folds", 2, "--seeds", 1)
    done = train("seeds", "--data", discs, "--out", tmp_path, *args, *QUICK)
    assert done.code == 0, done.err
    document = json.loads((tmp_path / "seeds-supervised-memory-bank.json").read_text())
    [category] = document["categories"]
    assert (category["n_good"], category["options"]["folds"]) == (17, 2)
    assert category["summary"]["f1"]["ci95"] is None


def _figures(auroc: float) -> Evaluation:
    image = {
        "auroc": auroc,
        "average_precision": 0.9,
        "accuracy": 0.8,
        "f1": 0.7,
        "escapes": 1,
        "overkills": 2,
        "review": 3,
    }
    return {  # type: ignore[typeddict-item,return-value]
        "image": image,
        "pixel": None,
        "n_good": 5,
        "n_defective": 5,
        "floors": {"all_pass_accuracy": 0.5, "all_fail_f1": 0.67},
        "milliseconds_per_image": 1.5,
    }


class _Work:
    """Stands for training and measuring; raises at the call numbered ``fails_at``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fails_at: int = -1) -> None:
        self.seeds: list[int] = []
        self._fails_at = fails_at
        monkeypatch.setattr(seeding, "_official", self)

    def __call__(self, order: Order, plan: Plan, report: object) -> object:
        if len(self.seeds) == self._fails_at:
            raise KeyboardInterrupt
        self.seeds.append(order.seed)
        result = _figures(0.9 + order.seed / 100)
        figures = seeding._figures(order.seed, result, 2.0, None)
        return {"figures": figures, "evaluation": dict(result)}


def _run(data: Path, out: Path, **changed: object) -> Seeds:
    order = Order(find_category(data, "disc"), out, **changed)  # type: ignore[arg-type]
    plan = Plan((0, 1, 2), "official", out)
    return run_seeds(order, plan, lambda step, share: None, lambda line: None)


def test_goes_on_where_it_was_killed(
    discs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _Work(monkeypatch, fails_at=2)
    with pytest.raises(KeyboardInterrupt):
        _run(discs, tmp_path)
    assert first.seeds == [0, 1]
    second = _Work(monkeypatch)
    document = _run(discs, tmp_path)
    assert second.seeds == [2]
    assert [row["auroc"] for row in document["seeds"]] == [0.9, 0.91, 0.92]
    assert document["summary"]["auroc"]["mean"] == pytest.approx(0.91)
    low, high = document["summary"]["auroc"]["ci95"] or ()
    # t(2) = 4.303
    assert (low, high) == pytest.approx((0.91 - 4.303 * 0.01 / 3**0.5, 0.91 + 0.02484), abs=1e-4)
    assert "pro" not in document["summary"]


def test_what_changed_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_category(tmp_path / "data", good=3)
    _Work(monkeypatch)
    _run(data, tmp_path)
    same = _Work(monkeypatch)
    _run(data, tmp_path)
    assert same.seeds == []
    other_size = _Work(monkeypatch)
    _run(data, tmp_path, size=64)
    assert other_size.seeds == [0, 1, 2]
    write_image(data / "disc" / "test" / "good" / "new.png", disc(9))
    other_data = _Work(monkeypatch)
    _run(data, tmp_path, size=64)
    assert other_data.seeds == [0, 1, 2]
    monkeypatch.setattr("training.provenance.code_digest", lambda: "another program")
    other_code = _Work(monkeypatch)
    _run(data, tmp_path, size=64)
    assert other_code.seeds == [0, 1, 2]


def test_a_damaged_record_is_done_again(
    discs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _Work(monkeypatch)
    _run(discs, tmp_path)
    file = tmp_path / "official" / "disc" / "memory-bank" / "seed-1.json"
    file.write_bytes(file.read_bytes()[:100])
    work = _Work(monkeypatch)
    _run(discs, tmp_path)
    assert work.seeds == [1]


def test_one_failing_category_does_not_stop_the_rest(
    discs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, train: TrainCli
) -> None:
    data = write_category(tmp_path / "data", "a", good=1)
    write_category(data, "b", good=3)
    work = _Work(monkeypatch)
    monkeypatch.setattr(seeding, "data_digest", _refuse_a)
    done = train("seeds", "--data", data, "--out", tmp_path / "out", "--seeds", 1)
    assert done.code == 1
    assert work.seeds == [0]
    last = done.err.strip().splitlines()[-1]
    assert last.startswith("error: 1 of 2 categories failed: a: ")
    written = json.loads((tmp_path / "out" / "seeds-official-memory-bank.json").read_text())
    assert [c["category"] for c in written["categories"]] == ["b"]
    assert list(written["failed"]) == ["a"]


def _refuse_a(category: object) -> str:
    if category.name == "a":  # type: ignore[attr-defined]
        raise OSError(5, "Input/output error")
    return "digest"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--method", "classifier"), "use --protocol supervised"),
        (("--method", "magic"), "no method 'magic'"),
        (("--category", "nut"), "no category 'nut'"),
        (("--category", "disc", "--category", "disc"), "given twice"),
        (("--size", "100"), "multiple of 32"),
        (("--max-escape", "0"), "expected a share above 0"),
    ],
)
def test_wrong_usage(
    discs: Path, tmp_path: Path, train: TrainCli, args: tuple[str, ...], said: str
) -> None:
    done = train("seeds", "--data", discs, "--out", tmp_path / "out", *args)
    assert done.code == 2
    assert said in done.err.strip().splitlines()[-1]
    assert not (tmp_path / "out").exists()
