"""The ``inspector`` command: one typer application, one thin file a command."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
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


def build_app(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Every command is the function ``command`` of its module, a group is its ``group``.

    Only the command that ``arguments`` (those of the command line where none are given) begin
    with is loaded; all of them where they begin with none, as for the help.
    """
    app = typer.Typer(
        name="inspector",
        help="Real-time camera inspection.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    # without it, an application of a single command would not take that command's name
    app.callback()(lambda: None)
    first = (sys.argv[1:] if arguments is None else arguments)[:1]
    known = {*_COMMANDS, *_GROUPS}
    wanted = known.intersection(first) or known
    for name in _COMMANDS:
        if name in wanted:
            app.command(name)(import_module(f"inspector.cli.{name}").command)
    for name in _GROUPS:
        if name in wanted:
            app.add_typer(import_module(f"inspector.cli.{name}").group, name=name)
    return app


def main() -> None:
    """Entry point; exit codes: 0 done, 1 a run ended in an error, 2 wrong usage or input."""
    # processes that are started from here run no Python files of the folder that somebody works
    # in: beside a stranger's footage there may lie a ``json.py``
    os.environ["PYTHONSAFEPATH"] = "1"
    sys.exit(guarded(build_app()))
