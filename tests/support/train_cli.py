"""Runs ``inspector-train`` as a user would, in this process."""

from __future__ import annotations

import sys

import pytest

from tests.support.cli import Result
from training.cli import main


class TrainCli:
    """``train("prepare", source, "--out", folder)``, with pytest's capture."""

    def __init__(self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capfd = capfd
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("COLUMNS", "200")

    def __call__(self, *arguments: object) -> Result:
        self._monkeypatch.setattr(sys, "argv", ["inspector-train", *map(str, arguments)])
        self._capfd.readouterr()
        with pytest.raises(SystemExit) as done:
            main()
        out, err = self._capfd.readouterr()
        assert isinstance(done.value.code, int)
        return Result(done.value.code, out, err)
