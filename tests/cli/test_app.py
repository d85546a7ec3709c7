"""What holds for every command."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

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


NAMES = (*app._COMMANDS, *app._GROUPS)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["no-such-command"], ["--x", "stats"]])
def test_without_a_command_all_are_there(arguments: list[str]):
    """For the help, and for the one that was meant."""
    assert names_of(app.build_app(arguments)) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_command_loads_itself_alone_and_keeps_its_name(name: str):
    made = app.build_app([name, "--help"])
    assert names_of(made) == {name}
    shown = CliRunner().invoke(made, [name, "--help"])
    assert shown.exit_code == 0
    assert f"Usage: inspector {name}" in shown.output


def test_a_small_command_does_not_wait_for_the_libraries_of_large_ones():
    script = (
        "import sys; sys.argv[1:] = ['users', '--help']\n"
        "from inspector.cli.app import build_app; build_app()\n"
        "print(*sorted({'onnxruntime', 'cv2', 'PySide6'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"


def names_of(made: typer.Typer) -> set[str | None]:
    return {c.name for c in made.registered_commands} | {g.name for g in made.registered_groups}
