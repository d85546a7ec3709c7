"""One clear line on stderr instead of a traceback, and the exit code that goes with it."""

from __future__ import annotations

import sys
from collections.abc import Callable

import typer

from inspector.errors import InspectorError

INTERRUPTED = 130


def guarded(app: Callable[[], object]) -> int:
    """Runs a typer application; errors meant for the user become one line."""
    try:
        app()
    except InspectorError as error:
        typer.echo(f"error: {' '.join(str(error).split())}", err=True)
        return error.exit_code
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # the reader (head, less) went away; nothing left to tell anyone
        sys.stderr.close()
        return 0
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 1
    return 0
