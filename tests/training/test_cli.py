"""The commands of ``inspector-train``, each loaded when it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from training.cli import COMMANDS, build_app


def names(arguments: list[str]) -> set[str | None]:
    return {command.name for command in build_app(arguments).registered_commands}


@pytest.mark.parametrize("arguments", [[], ["--help"], ["no-such-command"]])
def test_without_a_command_all_are_there(arguments: list[str]) -> None:
    assert names(arguments) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_loads_itself_alone_and_keeps_its_name(name: str) -> None:
    assert names([name]) == {name}
    shown = CliRunner().invoke(build_app([name]), [name, "--help"])
    assert shown.exit_code == 0
    assert f"Usage: inspector-train {name}" in shown.output


def test_who_prepares_images_does_not_wait_for_torch() -> None:
    script = (
        "import sys; sys.argv[1:] = ['prepare', '--help']\n"
        "from training.cli import build_app; build_app()\n"
        "print(*sorted({'torch', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"
