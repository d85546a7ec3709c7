"""Entry point of ``inspector-train``: Ctrl-C ends it in one line while it is still loading."""

from __future__ import annotations

import sys


def main() -> None:
    """Loading torch takes seconds on a busy machine, and people are impatient."""
    try:
        from training.cli import main as run
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: nothing was begun\n")
        sys.exit(130)
    run()
