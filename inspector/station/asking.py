"""Asking programs of the system, where there are any."""

from __future__ import annotations

import shutil
import subprocess

_ASK_S = 5.0


def asked(*command: str, timeout_s: float = _ASK_S) -> str | None:
    """What a program of the system says; None where there is none, or it fails."""
    found = shutil.which(command[0])
    if found is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands of the system
            [found, *command[1:]], capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
