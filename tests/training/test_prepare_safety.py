"""``prepare`` and ``fit``: what is refused, and that nothing is half done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.prepared import CMYK_JPEG, files, flat, part, put, refused
from tests.support.train_cli import TrainCli
from training.prepare import write as writing


def test_nothing_is_overwritten_unasked(train: TrainCli, tmp_path: Path) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    assert train("prepare", source, "--out", out).code == 0
    before = files(out)
    assert "--force" in train("prepare", source, "--out", out, "--seed", 3).err
    assert files(out) == before
    assert train("prepare", source, "--out", out, "--seed", 3, "--force").code == 0
    assert files(out).keys() != before.keys()
    assert [p.name for p in out.iterdir()] == ["nuts"]


def test_force_replaces_only_what_prepare_wrote(train: TrainCli, tmp_path: Path) -> None:
    source = flat(tmp_path / "nuts")
    put(tmp_path / "out" / "nuts" / "train" / "good" / "mine.png", part(1))
    result = train("prepare", source, "--out", tmp_path / "out", "--force")
    assert result.code == 2
    assert "was not written by prepare" in result.err
    assert (tmp_path / "out" / "nuts" / "train" / "good" / "mine.png").is_file()


@pytest.mark.parametrize("out", [".", "nuts", "nuts/deeper"])
def test_sources_are_never_written_to(train: TrainCli, tmp_path: Path, out: str) -> None:
    source = flat(tmp_path / "nuts")
    before = files(tmp_path)
    result = train("prepare", source, "--out", tmp_path / out, "--force")
    assert result.code == 2
    assert "sources are never changed" in result.err
    assert files(tmp_path) == before


def test_pictures_of_a_csv_are_not_replaced_either(train: TrainCli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert train("prepare", flat(tmp_path / "nut"), "--out", out).code == 0
    before = files(out)
    paths = sorted((out / "nut" / "train" / "good").iterdir())
    table = tmp_path / "nut.csv"
    table.write_text("\n".join(["path,label", *(f"{p},good" for p in paths)]))
    result = train("prepare", table, "--out", out, "--force")
    assert result.code == 2
    assert "sources are never changed" in result.err
    assert files(out) == before


@pytest.mark.parametrize("name", ["../up", "a b", ".hidden", "x" * 65])
def test_names_must_be_plain(train: TrainCli, tmp_path: Path, name: str) -> None:
    source = flat(tmp_path / "nuts")
    result = train("prepare", source, "--out", tmp_path / "out", "--category", name)
    assert result.code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted: nothing is half-written"),
        (OSError(28, "No space left on device"), 2, "No space left on device"),
    ],
    ids=["Ctrl-C", "full disk"],
)
@pytest.mark.parametrize("at", [0, 5, 17])
def test_interrupted_writing_leaves_the_old_category(
    train: TrainCli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    said: str,
    at: int,
) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    assert train("prepare", source, "--out", out).code == 0
    before = files(out)
    calls = iter(range(1000))

    def fsync(descriptor: int) -> None:
        if next(calls) == at:
            raise error

    monkeypatch.setattr("inspector.platforms.os.fsync", fsync)
    result = train("prepare", source, "--out", out, "--seed", 3, "--force")
    assert result.code == code
    assert said in result.err
    assert files(out) == before
    assert [p.name for p in out.iterdir()] == ["nuts"]


def test_interrupted_between_the_renames(
    train: TrainCli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    assert train("prepare", source, "--out", out).code == 0
    before = files(out)
    rename = Path.rename

    def interrupted(self: Path, target: Any) -> Path:
        moved = rename(self, target)
        if self == out / "nuts":
            raise KeyboardInterrupt
        return moved

    monkeypatch.setattr(Path, "rename", interrupted)
    assert train("prepare", source, "--out", out, "--seed", 3, "--force").code == 130
    assert files(out) == before


def test_a_source_that_changes_meanwhile(
    train: TrainCli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    read = writing.read_bytes

    def changed(path: Path) -> bytes:
        return read(path) + (b"\0" if path.name == "g04.png" else b"")

    monkeypatch.setattr(writing, "read_bytes", changed)
    line = refused(train("prepare", source, "--out", out), out)
    assert "g04.png changed while it was prepared" in line


@pytest.mark.parametrize(
    ("good", "said"),
    [(0, "no good images in"), (1, "only one good image in")],
)
def test_fit_refuses_too_few_good_images(
    train: TrainCli, tmp_path: Path, good: int, said: str
) -> None:
    (tmp_path / "data" / "nut" / "train" / "good").mkdir(parents=True)
    for i in range(good):
        put(tmp_path / "data" / "nut" / "train" / "good" / f"{i}.png", part(i))
    out = tmp_path / "models"
    result = train("fit", "--data", tmp_path / "data", "--category", "nut", "--out", out)
    assert said in refused(result, out)


def test_fit_refuses_inks(train: TrainCli, tmp_path: Path) -> None:
    for i in range(3):
        put(tmp_path / "nut" / "train" / "good" / f"{i}.png", part(i))
    (tmp_path / "nut" / "train" / "good" / "inks.jpg").write_bytes(CMYK_JPEG)
    out = tmp_path / "models"
    result = train("fit", "--data", tmp_path, "--category", "nut", "--out", out, "--size", 64)
    assert "inks.jpg cannot be used (CMYK" in refused(result, out)
