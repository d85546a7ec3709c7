"""The ``inspector`` command: one typer application, one thin file a command."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import typer

from inspector.cli.guard import guarded

_COMMANDS = (
    "gui",
    "run",
    "station",
    "record",
    "replay",
    "teach",
    "stats",
    "simulate",
    "bench",
    "backup",
    "restore",
    "doctor",
    "diagnostics",
)
_GROUPS = ("models", "labels", "users", "verify")


def build_app() -> typer.Typer:
    """Every command is the function ``command`` of its module, a group is its ``group``."""
    app = typer.Typer(
        name="inspector",
        help="Real-time camera inspection.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    for name in _COMMANDS:
        app.command(name)(import_module(f"inspector.cli.{name}").command)
    for name in _GROUPS:
        app.add_typer(import_module(f"inspector.cli.{name}").group, name=name)
    return app


def main() -> None:
    """Entry point; exit codes: 0 done, 1 a run ended in an error, 2 wrong usage or input."""
    # processes that are started from here run no Python files of the folder that somebody works
    # in: beside a stranger's footage there may lie a ``json.py``
    os.environ["PYTHONSAFEPATH"] = "1"
    sys.exit(guarded(build_app()))
