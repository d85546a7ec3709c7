"""Threads with one guard each: the first error is kept, the neighbours are woken."""

from __future__ import annotations

import threading
from collections.abc import Callable

from inspector.engine.channel import ChannelClosed


class GuardedThread(threading.Thread):
    """Runs ``work``; whatever it raises goes to ``on_error``, then ``on_exit`` runs."""

    def __init__(
        self,
        name: str,
        work: Callable[[], None],
        *,
        on_error: Callable[[BaseException], None],
        on_exit: Callable[[], None],
        may_hang: bool = False,
    ) -> None:
        """``may_hang``: in native code that nothing interrupts; the program's end must not
        wait for it.
        """
        super().__init__(name=name, daemon=may_hang)
        self.may_hang = may_hang
        self._work = work
        self._on_error = on_error
        self._on_exit = on_exit

    def run(self) -> None:
        try:
            self._work()
        except ChannelClosed:
            # a neighbour ended first and has said why
            return
        except BaseException as error:  # noqa: BLE001 - the one guard of a thread
            self._on_error(error)
        finally:
            self._on_exit()
