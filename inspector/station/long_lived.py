"""What lives as long as the program is not looked through while a line runs."""

from __future__ import annotations

import gc


def set_aside() -> None:
    """Before a line starts: collects what nobody holds, and has Python pass over the rest from
    now on (``gc.freeze``).

    A full collection looks at every object, a hundred thousand of modules and models among them,
    with all threads standing still: 50 to 75 ms here, once in the first seconds of a station, in
    which each of its cameras lost a frame. What comes later is little. To be called again where a
    program runs one line after the other: what the one before left behind is collected then.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
