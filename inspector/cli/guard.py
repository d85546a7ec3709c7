"""One clear line on stderr instead of a traceback, and the exit code that goes with it."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import typer

from inspector.core.redact import Redactor
from inspector.errors import InspectorError
from inspector.sources.address import passwords_in

INTERRUPTED = 130
WRONG_USAGE = 2
FAILED = 1
# typer keeps click to itself; of all that is wrong usage it exports BadParameter alone
_UsageError: Any = typer.BadParameter.__mro__[1]


def guarded(app: Callable[..., object], arguments: Sequence[str] | None = None) -> int:
    """Runs a typer application; errors meant for the user become one line.

    ``arguments`` are those of the command line where none are given. What is said of an
    error holds no password that stands in them or in a variable.
    """
    redactor = _redactor(sys.argv[1:] if arguments is None else arguments)
    try:
        code = app(args=arguments, standalone_mode=False)
    except InspectorError as error:
        _say(redactor.known(str(error)))
        return error.exit_code
    except _UsageError as error:
        return _wrong_usage(error, redactor)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # the reader (head, less) went away; nothing left to tell anyone
        sys.stderr.close()
        return 0
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 1
    except Exception as error:  # noqa: BLE001 - Python would print it with all that it names
        typer.echo(redactor.text("".join(traceback.format_exception(error))), err=True)
        return FAILED
    # --help and the like end with an exit code of their own
    return code if isinstance(code, int) else 0


def _redactor(arguments: Sequence[str]) -> Redactor:
    redactor = Redactor()
    redactor.hide_environment(os.environ)
    for argument in arguments:
        for password in passwords_in(argument):
            redactor.hide(password)
    return redactor


def _wrong_usage(error: Any, redactor: Redactor) -> int:  # noqa: ANN401 - of a class that has no public name
    """``error`` is click's UsageError; a bare command's help is one that shows itself."""
    if type(error).show is _UsageError.show:
        _say(redactor.text(error.format_message()))
    else:
        error.show()
    return WRONG_USAGE


def _say(message: str) -> None:
    typer.echo(f"error: {' '.join(message.split())}", err=True)
