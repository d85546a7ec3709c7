"""Images that cannot be used, through the command line: one clear line, nothing half-written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support.parts_folder import disc, write_category, write_image
from tests.support.train_cli import TrainCli
from training.start import wait_asleep

QUICK = ("--category", "disc", "--size", 64, "--fixture", "none")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_category(tmp_path / "data", good=3)


def _first(data: Path) -> Path:
    return data / "disc" / "train" / "good" / "000.png"


def _only(data: Path, keep: int) -> None:
    for file in sorted((data / "disc" / "train" / "good").iterdir())[keep:]:
        file.unlink()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda d: _only(d, 0), "no good images"),
        (lambda d: _only(d, 1), "only one good image"),
        (lambda d: _first(d).write_bytes(_first(d).read_bytes()[:200]), "cut off"),
        (lambda d: _first(d).write_bytes(b""), "empty"),
        (lambda d: _first(d).write_text("a note"), "not an image"),
        (
            lambda d: write_image(_first(d).with_suffix(".tif"), disc(0).astype(np.float32)),
            "8 or 16",
        ),
    ],
)
def test_fit_refuses_in_one_line(
    data: Path, tmp_path: Path, train: TrainCli, spoil: Callable[[Path], object], said: str
) -> None:
    spoil(data)
    done = train("fit", "--data", data, "--out", tmp_path / "m", *QUICK)
    assert done.code == 2
    last = done.err.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert said in last
    assert "Traceback" not in done.err
    assert not (tmp_path / "m").exists()


def test_odd_but_usable_images(data: Path, tmp_path: Path, train: TrainCli) -> None:
    folder = _first(data).parent
    write_image(folder / "wide.png", cv2.resize(disc(4), (200, 120)))
    write_image(folder / "deep.png", disc(5).astype(np.uint16) * 257)
    write_image(folder / "clear.png", np.dstack([disc(6), np.full((96, 96), 90, np.uint8)]))
    write_image(folder / "grey.png", disc(7)[..., 0])
    done = train("fit", "--data", data, "--out", tmp_path / "m", *QUICK)
    assert done.code == 0, done.err


def test_a_mask_of_another_size(data: Path, tmp_path: Path, train: TrainCli) -> None:
    assert train("fit", "--data", data, "--out", tmp_path / "m", *QUICK).code == 0
    mask = data / "disc" / "ground_truth" / "blot" / "001_mask.png"
    write_image(mask, np.full((50, 60), 255, np.uint8))
    model = tmp_path / "m" / "disc" / "1"
    file = tmp_path / "e.json"
    args = ("--model", model, "--data", data, "--category", "disc")
    done = train("evaluate", *args, "--json", file)
    assert done.code == 2
    assert "001_mask.png is 60×50 where its image is 96×96" in done.err
    assert not file.exists()


def test_a_full_disk_leaves_the_old_figures(
    data: Path, tmp_path: Path, train: TrainCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert train("fit", "--data", data, "--out", tmp_path / "m", *QUICK).code == 0
    file = tmp_path / "e.json"
    file.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.staging.os.fsync", full)
    args = ("--model", tmp_path / "m" / "disc" / "1", "--data", data, "--category", "disc")
    done = train("evaluate", *args, "--json", file)
    assert done.code == 2
    assert "e.json cannot be written: No space left" in done.err.strip().splitlines()[-1]
    assert file.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "e.json", "m"]


@pytest.mark.parametrize("module", ["training", "training.datasets"])
def test_an_interrupt_while_loading_is_one_line(module: str) -> None:
    script = (
        "import sys, builtins; real = builtins.__import__; sys.argv[1:] = ['evaluate']\n"
        "from training.start import main\n"
        "def stop(name, *a, **k):\n"
        f"    if name == {module!r}: raise KeyboardInterrupt\n"
        "    return real(name, *a, **k)\n"
        "builtins.__import__ = stop\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "interrupted: nothing was begun\n")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems' OpenMP does not tell")
def test_threads_of_a_training_wait_asleep() -> None:
    """As torch's own OpenMP says when it is loaded: how often it turns before it sleeps."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("OMP_")}
    environment["OMP_DISPLAY_ENV"] = "VERBOSE"
    command = [sys.executable, "-m", "training", "fingerprint", "nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert "GOMP_SPINCOUNT = '0'" in done.stderr


def test_how_a_user_wants_threads_to_wait_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    wait_asleep()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
