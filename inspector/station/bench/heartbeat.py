"""A heart that should beat every few milliseconds: how late it once was says how long all stood
still. In a process of its own (this file is its program, and needs nothing of ours) it tells of
the machine, on a thread of ours also of the interpreter's lock.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

PERIOD_S = 0.005
READY = "ready"


@dataclass(frozen=True, slots=True)
class Stall:
    """The longest one: milliseconds, and when it ended by ``time.monotonic``."""

    worst_ms: float = 0.0
    at_s: float = 0.0


def beat(is_over: Callable[[float], bool], clock: Callable[[], float] = time.monotonic) -> Stall:
    """Until ``is_over`` says so after so many seconds of waiting."""
    worst = Stall()
    while True:
        due = clock() + PERIOD_S
        over = is_over(PERIOD_S)
        now = clock()
        if over:
            return worst
        late_ms = 1000 * (now - due)
        if late_ms > worst.worst_ms:
            worst = Stall(late_ms, now)


def main() -> None:
    """Beats until standard input is closed, then prints the worst as a line of JSON. Ctrl-C is
    for whoever started it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    over = threading.Event()
    threading.Thread(target=_listen, args=(over,), daemon=True).start()
    print(READY, flush=True)  # noqa: T201 - to whoever started it
    print(json.dumps(asdict(beat(over.wait))), flush=True)  # noqa: T201


def _listen(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


if __name__ == "__main__":
    main()
