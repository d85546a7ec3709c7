"""One small category and one package made of it, shared by these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.parts_folder import write_category
from tests.support.train_cli import TrainCli
from training.datasets import find_category
from training.fit import Order, Trained, fit


@pytest.fixture(scope="session")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that holds the category ``disc``; read only."""
    return write_category(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def trained(discs: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Trained at 64 px on ``discs``; read only."""
    out = tmp_path_factory.mktemp("models")
    return fit(
        Order(find_category(discs, "disc"), out, size=64, fixture="none"), lambda step, share: None
    )


@pytest.fixture
def train(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> TrainCli:
    """``inspector-train`` as it is typed."""
    return TrainCli(capfd, monkeypatch)
