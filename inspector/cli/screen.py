"""Where a command prints for people: plain text, and a lost reader ends no run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import typer
from rich.console import Console

_STDOUT = "-"


class Screen(Console):
    """A console that takes every text as it is (names may hold ``[brackets]``).

    Where printing fails it stops printing and keeps why in ``problem``: a line must
    not stand still because ``head`` has seen enough.
    """

    def __init__(self, *, stderr: bool = False, file: TextIO | None = None) -> None:
        super().__init__(
            stderr=stderr, file=file, soft_wrap=True, highlight=False, markup=False, emoji=False
        )
        self.problem: str | None = None

    def print(self, *objects: Any, **options: Any) -> None:  # noqa: ANN401 - as rich has it
        """As rich prints, from any thread; raises nothing where it cannot be written."""
        try:
            super().print(*objects, **options)
        except OSError as error:
            self._give_up(error.strerror or str(error))
        except UnicodeEncodeError:
            self._give_up(f"{self.encoding} cannot express all characters; set PYTHONUTF8=1")

    def on_broken_pipe(self) -> None:
        """Called by rich, which would end the program here."""
        self._give_up("its reader has gone")

    def _give_up(self, why: str) -> None:
        if self.problem is None:
            self.problem = why
        self.quiet = True
        # what the file still buffers must not fail once more when Python ends
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())
        os.close(nowhere)


@contextmanager
def screen(json: Path | None) -> Iterator[Screen]:
    """The screen of one command; beside a JSON document on stdout it is stderr.

    Says at the end, on stderr, where printing had to stop.
    """
    made = Screen(stderr=str(json) == _STDOUT)
    try:
        yield made
    finally:
        if made.problem is not None:
            typer.echo(f"warning: printing stopped before the end: {made.problem}", err=True)
