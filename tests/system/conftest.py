from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import InProcess
from tests.support.tiny_model import write_tiny_package


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> InProcess:
    return InProcess(capfd, monkeypatch)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A tiny model: the score is the brightness of the brightest place."""
    folder = tmp_path / "package"
    folder.mkdir()
    return write_tiny_package(folder, t1=0.6, t2=0.8)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Ten pictures of 64×64: eight good, one bad (bright), one corrupt."""
    import cv2
    import numpy as np

    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for n in range(10):
        level = 240 if n == 4 else 90
        image = rng.normal(level, 4, (64, 64, 3)).clip(0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{n:03d}.png"), image)
    (folder / "007.png").write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    return folder


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
