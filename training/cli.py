"""The ``inspector-train`` command."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType

import typer

from inspector.errors import InspectorError

INTERRUPTED = 130
COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "prepare": "training.prepare.command",
        "fit": "training.fit_command",
        "evaluate": "training.evaluate_command",
        "cross-validate": "training.supervised_command",
        "ablation": "training.supervised_command",
        "seeds": "training.seeds_command",
        "fingerprint": "training.all_command",
        "report": "training.report.command",
    }
)
"""Where each one is; its function has its name."""


def build_app(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Only the command that ``arguments`` (those of the command line where none are given) begin
    with is loaded, for torch and what is with it take seconds; all where they begin with none.
    """
    app = typer.Typer(
        name="inspector-train",
        help="Train models for Inspector from images of good parts, and measure them.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    # without it, an application of a single command would not take that command's name
    app.callback()(lambda: None)
    first = (sys.argv[1:] if arguments is None else arguments)[:1]
    for name in [name for name in COMMANDS if name in first] or COMMANDS:
        module = import_module(COMMANDS[name])
        app.command(name)(getattr(module, name.replace("-", "_")))
    return app


def main() -> None:
    """Entry point; exit codes: 0 done, 1 a run ended in an error, 2 wrong usage or input."""
    sys.exit(guarded(build_app()))


def guarded(app: typer.Typer) -> int:
    """One clear line on stderr instead of a traceback (as the station's commands do)."""
    try:
        app()
    except InspectorError as error:
        typer.echo(f"error: {' '.join(str(error).split())}", err=True)
        return error.exit_code
    except KeyboardInterrupt:
        return _interrupted()
    except SystemExit as done:
        # newer versions of typer turn Ctrl-C into this code without a word
        if done.code == INTERRUPTED:
            return _interrupted()
        return done.code if isinstance(done.code, int) else 1
    return 0


def _interrupted() -> int:
    typer.echo("interrupted: nothing is half-written; what was finished before is kept", err=True)
    return INTERRUPTED


if __name__ == "__main__":
    main()
