"""Entry point of ``inspector-train``: Ctrl-C ends it in one line while it is still loading."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Loading torch takes seconds on a busy machine, and people are impatient."""
    wait_asleep()
    try:
        from training import cli

        app = cli.build_app()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: nothing was begun\n")
        sys.exit(130)
    sys.exit(cli.guarded(app))


def wait_asleep() -> None:
    """Threads that wait for each other sleep; to be called before torch is loaded.

    By default OpenMP's turn in circles, which is a little quicker alone and three times slower
    wherever anything else wants the cores. A user's own OMP_WAIT_POLICY stands.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
