"""What holds for every command."""

from __future__ import annotations

import os

import pytest

from inspector.cli import app


def test_processes_that_a_command_starts_run_no_python_file_of_the_working_folder(
    monkeypatch: pytest.MonkeyPatch,
):
    seen: list[str | None] = []

    def guarded(made: object) -> int:
        seen.append(os.environ.get("PYTHONSAFEPATH"))
        return 0

    monkeypatch.setenv("PYTHONSAFEPATH", "")
    monkeypatch.setattr(app, "guarded", guarded)
    with pytest.raises(SystemExit):
        app.main()
    assert seen == ["1"]
