"""``inspector record``: what it keeps, replays; what it cannot keep, it says."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer

from inspector.cli.guard import guarded
from inspector.cli.record import command
from inspector.sources.factory import open_source
from inspector.sources.options import SourceOptions

ROOT = Path(__file__).resolve().parents[2]


def record(*arguments: object) -> int:
    app = typer.Typer()
    app.command()(command)
    return guarded(app, [str(a) for a in arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve noisy pictures."""
    path = tmp_path / "pictures"
    path.mkdir()
    noise = np.random.default_rng(0)
    for number in range(12):
        image = noise.integers(0, 255, (48, 64, 3), np.uint8)
        cv2.imwrite(str(path / f"{number}.png"), image)
    return path


def images_of(address: Path) -> list[np.ndarray]:
    source = open_source(str(address), SourceOptions())
    source.open()
    images = []
    while (frame := source.read()) is not None:
        images.append(frame.image)
    source.close()
    return images


def test_what_was_recorded_replays_unchanged(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "kept.mkv"
    assert record(folder, "--out", out) == 0
    assert all(np.array_equal(a, b) for a, b in zip(images_of(folder), images_of(out), strict=True))
    said = capsys.readouterr().out
    assert "12 frames" in said
    assert "lossless" in said
    assert "lost      0 at the source, 0 in writing" in said


def test_frames_and_duration_end_it(folder: Path, tmp_path: Path) -> None:
    assert record(folder, "--out", tmp_path / "a.mkv", "--frames", 5) == 0
    assert len(images_of(tmp_path / "a.mkv")) == 5
    assert record(tmp_path / "a.mkv", "--out", tmp_path / "b.mkv", "--duration", 0.1) == 0
    assert len(images_of(tmp_path / "b.mkv")) == 3


def test_a_faulted_picture_is_left_out_and_said(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "5.png").write_bytes(b"junk")
    assert record(folder, "--out", tmp_path / "a.mkv") == 0
    assert "faulted   1" in capsys.readouterr().out
    assert len(images_of(tmp_path / "a.mkv")) == 11


def test_a_source_that_breaks_off_leaves_what_there_was(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = tmp_path / "whole.mkv"
    record(folder, "--out", whole)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert record(cut, "--out", tmp_path / "kept.mkv") == 2
    said = capsys.readouterr().err
    assert "of 12 frames could be decoded" in said
    assert len(images_of(tmp_path / "kept.mkv")) in (4, 5, 6)


@pytest.mark.parametrize(
    ("source", "out", "more", "said"),
    [
        ("nothing.mp4", "a.mkv", [], "no such file"),
        ("foo://x", "a.mkv", [], "unknown scheme"),
        (None, "a.txt", [], "unknown kind of footage"),
        (None, "a.mkv", ["--codec", "h264"], "expected auto"),
        (None, "there.mkv", [], "exists already"),
    ],
)
def test_wrong_input_is_one_line(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    source: str | None,
    out: str,
    more: list[str],
    said: str,
) -> None:
    (tmp_path / "there.mkv").write_text("mine")
    assert record(source or folder, "--out", tmp_path / out, *more) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert (tmp_path / "there.mkv").read_text() == "mine"


def test_ctrl_c_leaves_a_file_that_plays(folder: Path, tmp_path: Path) -> None:
    script = (
        "import sys, typer\n"
        "from inspector.cli.guard import guarded\n"
        "from inspector.cli.record import command\n"
        "if __name__ == '__main__':\n"
        "    app = typer.Typer(); app.command()(command); sys.exit(guarded(app))\n"
    )
    out = tmp_path / "kept.mkv"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder), "--out", str(out), "--realtime"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("recording")
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    kept = len(images_of(out)) if out.exists() else 0
    assert f"{kept} frames" in said
    assert kept < 12
