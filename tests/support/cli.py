"""Runs the command line as a user would, in this process or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from inspector.cli.app import build_app
from inspector.cli.guard import guarded

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


class InProcess:
    """``cli("replay", path, "--model", package)``: quick, with pytest's capture."""

    def __init__(self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capfd = capfd
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: object) -> Result:
        self._monkeypatch.setattr(sys, "argv", ["inspector", *map(str, arguments)])
        self._capfd.readouterr()
        code = guarded(build_app())
        out, err = self._capfd.readouterr()
        return Result(code, out, err)


def start(*arguments: object, cwd: Path, **environment: str) -> subprocess.Popen[str]:
    """The command in a process of its own, its output unbuffered."""
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "inspector", *map(str, arguments)],
        cwd=cwd,
        # this tree, whichever one is installed
        env={**os.environ, "COLUMNS": "200", "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
