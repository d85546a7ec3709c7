"""One clear line on stderr instead of a traceback, and the exit code that goes with it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer

from inspector.errors import InspectorError

INTERRUPTED = 130
WRONG_USAGE = 2
# typer keeps click to itself; of all that is wrong usage it exports BadParameter alone
_UsageError: Any = typer.BadParameter.__mro__[1]


def guarded(app: Callable[..., object], arguments: Sequence[str] | None = None) -> int:
    """Runs a typer application; errors meant for the user become one line.

    ``arguments`` are those of the command line where none are given.
    """
    try:
        code = app(args=arguments, standalone_mode=False)
    except InspectorError as error:
        _say(str(error))
        return error.exit_code
    except _UsageError as error:
        return _wrong_usage(error)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # the reader (head, less) went away; nothing left to tell anyone
        sys.stderr.close()
        return 0
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 1
    # --help and the like end with an exit code of their own
    return code if isinstance(code, int) else 0


def _wrong_usage(error: Any) -> int:  # noqa: ANN401 - of a class that has no public name
    """``error`` is click's UsageError; a bare command's help is one that shows itself."""
    if type(error).show is _UsageError.show:
        _say(error.format_message())
    else:
        error.show()
    return WRONG_USAGE


def _say(message: str) -> None:
    typer.echo(f"error: {' '.join(message.split())}", err=True)
