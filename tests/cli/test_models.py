"""``inspector models list`` and ``verify``: what they print and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector.cli.guard import guarded
from inspector.cli.models import group
from tests.support.tiny_model import Draft, write_tiny_package


def run(*args: str | Path) -> int:
    return guarded(group, [str(arg) for arg in args])


def test_list_shows_sound_and_broken_packages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def with_auroc(draft: Draft) -> None:
        draft.manifest["metrics"] = {"auroc": 0.987}

    write_tiny_package(tmp_path / "nut" / "1", category="nut", tamper=with_auroc)
    broken = write_tiny_package(tmp_path / "pin" / "7")
    (broken / "manifest.json").write_text("{}", encoding="utf-8")

    assert run("list", "--dir", tmp_path, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert run("list", "--dir", tmp_path) == 0
    table = capsys.readouterr().out

    sound, bad = document["packages"]
    assert document["schema"] == 1
    assert (sound["category"], sound["version"], sound["variants"]) == ("nut", "1", ["fp32"])
    assert (sound["auroc"], sound["problem"]) == (0.987, None)
    assert (bad["category"], bad["version"]) == ("pin", "7")
    assert "Field required" in bad["problem"]
    assert "0.987" in table
    assert "pin" in table


def test_list_of_a_missing_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--dir", tmp_path / "absent") == 2
    assert capsys.readouterr().err.startswith("error: no folder ")


def test_verify_says_what_was_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_tiny_package(tmp_path, variants=("fp32", "int8"))

    assert run("verify", folder) == 0

    text = capsys.readouterr().out
    assert "tiny@1: manifest is valid" in text
    assert "ExecutionProvider" in text
    assert text.count("golden outputs differ by") == 2


def test_verify_refuses_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_tiny_package(tmp_path)
    (folder / "model-fp32.onnx").write_bytes(b"altered")

    assert run("verify", folder) == 2

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("error: model package ")
