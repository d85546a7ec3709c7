"""Every category in one run: what fails, what is kept after a kill, what the table says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.support.parts_folder import disc, write_category, write_image
from tests.support.train_cli import TrainCli
from training import fit_all as running
from training.fit_all_show import fit_all_markdown
from training.provenance import package_fingerprint


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """``a`` is sound, ``b`` has a damaged image, ``c`` no test images."""
    root = write_category(tmp_path / "data", "a", good=4)
    write_category(root, "b", good=3)
    broken = root / "b" / "train" / "good" / "001.png"
    broken.write_bytes(broken.read_bytes()[:150])
    write_category(root, "c", good=3)
    shutil.rmtree(root / "c" / "test")
    (root / "notes").mkdir()
    (root / ".hidden" / "train").mkdir(parents=True)
    return root


def _fit(train: TrainCli, data: Path, out: Path, *args: object) -> tuple[int, str, dict]:
    done = train(
        "fit", "--all", "--data", data, "--out", out, "--size", 64, "--fixture", "none", *args
    )
    file = out / "fit-all.json"
    return done.code, done.err, json.loads(file.read_text()) if file.exists() else {}


def test_goes_on_past_a_failure_and_after_it_was_mended(
    data: Path, tmp_path: Path, train: TrainCli
) -> None:
    out = tmp_path / "models"
    code, err, document = _fit(train, data, out)
    assert code == 1
    assert err.strip().splitlines()[-1] == "error: 1 of 3 categories failed: b; see above"
    assert [(r["category"], r["state"]) for r in document["rows"]] == [
        ("a", "trained"),
        ("b", "failed"),
        ("c", "trained"),
    ]
    assert "001.png" in document["rows"][1]["error"]
    assert document["rows"][0]["figures"]["image"]["auroc"] == 1.0
    assert document["rows"][2]["figures"] is None
    assert not (out / "b").exists()
    first = package_fingerprint(out / "a" / "1")
    write_image(data / "b" / "train" / "good" / "001.png", disc(1))
    code, err, document = _fit(train, data, out)
    assert (code, [r["state"] for r in document["rows"]]) == (0, ["kept", "trained", "kept"])
    assert err.count("kept, the same images and options") == 2
    assert document["rows"][0]["fingerprint"] == first
    assert [p.name for p in (out / "a").iterdir()] == ["1"]
    table = (out / "fit-all.md").read_text(encoding="utf-8").splitlines()
    assert [line.split(" | ")[:2] for line in table[2:]] == [
        ["| a", "kept"],
        ["| b", "trained"],
        ["| c", "kept"],
    ]


def test_a_kill_between_training_and_measuring(
    data: Path, tmp_path: Path, train: TrainCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(data / "b")
    shutil.rmtree(data / "c")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(running, "evaluate", killed)
        assert _fit(train, data, tmp_path / "m")[0] == 130

    def never(*_: object) -> None:
        raise AssertionError("it was trained before the kill")

    monkeypatch.setattr(running, "_fit", never)
    code, _, document = _fit(train, data, tmp_path / "m")
    assert (code, document["rows"][0]["state"]) == (0, "kept")
    assert document["rows"][0]["figures"]["n_good"] == 5


def test_what_changed_is_trained_again(data: Path, tmp_path: Path, train: TrainCli) -> None:
    shutil.rmtree(data / "b")
    shutil.rmtree(data / "c")
    out = tmp_path / "m"
    _fit(train, data, out)
    altered = out / "a" / "1" / "card.md"
    altered.write_text("mine")
    assert _fit(train, data, out)[2]["rows"][0]["package"] == str(out / "a" / "2")
    assert altered.read_text() == "mine"
    assert _fit(train, data, out, "--seed", 1)[2]["rows"][0]["package"] == str(out / "a" / "3")
    # the first two are remembered side by side
    assert _fit(train, data, out)[2]["rows"][0]["package"] == str(out / "a" / "2")


def test_same_order_same_fingerprint_with_and_without_cache(
    discs: Path, tmp_path: Path, train: TrainCli
) -> None:
    args = ("--data", discs, "--category", "disc", "--size", 64, "--fixture", "none")
    for name, cache in (
        ("m", ()),
        ("n", ("--cache", tmp_path / "c")),
        ("o", ("--cache", tmp_path / "c")),
    ):
        done = train("fit", *args, "--out", tmp_path / name, *cache)
        assert done.code == 0
    assert "120 found in the cache, 0 computed" in done.err
    folders = [tmp_path / name / "disc" / "1" for name in "mno"]
    done = train("fingerprint", *folders, "--files")
    lines = done.out.splitlines()
    assert len({line.split()[0] for line in lines if line[0] != " "}) == 1
    assert len({line.strip() for line in lines if line[0] == " "}) == 8, (
        "three variants with their golden files, manifest, card"
    )
    card = folders[1] / "card.md"
    card.write_text(card.read_text() + "more")
    assert package_fingerprint(folders[1]) != package_fingerprint(folders[0])


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "give --category NAME"),
        (("--all", "--category", "a"), "give --category NAME"),
        (("--category", "a", "--json", "x"), "--json is for fit --all"),
        (("--all", "--cache", "data/a/train/good/000.png"), "cannot be made"),
    ],
)
def test_wrong_usage(
    data: Path,
    tmp_path: Path,
    train: TrainCli,
    monkeypatch: pytest.MonkeyPatch,
    args: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = train("fit", "--data", data, "--out", tmp_path / "m", *args)
    assert done.code == 2
    assert said in done.err.strip().splitlines()[-1]
    assert not (tmp_path / "m" / "a").exists()


def test_an_empty_folder(tmp_path: Path, train: TrainCli) -> None:
    (tmp_path / "nothing").mkdir()
    done = train("fit", "--all", "--data", tmp_path / "nothing", "--out", tmp_path / "m")
    assert done.code == 2
    assert "no category" in done.err.strip().splitlines()[-1]


def test_names_cannot_break_the_table() -> None:
    row = running._failed(_order("a|b"), "no <b>image</b> in [red]c|d")
    text = fit_all_markdown([row])
    assert "| a\\|b | failed |" in text
    assert "\\<b\\>" in text


def _order(name: str) -> running.Order:
    return running.Order(running_category(name), Path("m"))


def running_category(name: str) -> object:
    from training.datasets import Category

    return Category(name, Path(name))


def test_digests_ignore_only_the_time(tmp_path: Path) -> None:
    for name, created, value in (("a", "1", 1), ("b", "2", 1), ("c", "1", 2)):
        (tmp_path / name).mkdir()
        manifest = {"created": created, "value": value}
        (tmp_path / name / "manifest.json").write_text(json.dumps(manifest))
    a, b, c = (package_fingerprint(tmp_path / name) for name in "abc")
    assert a == b != c
    np.save(tmp_path / "b" / "more.npy", np.zeros(2))
    assert package_fingerprint(tmp_path / "b") != a
