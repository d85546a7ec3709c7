"""What differs between Linux and Windows, in one place."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def fsync_folder(folder: Path) -> None:
    """Makes renames in ``folder`` durable. Raises OSError.

    Windows cannot open a folder for this, and NTFS journals the rename itself.
    """
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
