"""Work that is done while somebody waits for something else."""

from __future__ import annotations

from collections.abc import Callable


class Owed:
    """Done once, by the first call (one thread); its trouble is not the caller's, but waits for
    who owes it.
    """

    def __init__(self, work: Callable[[], None] | None) -> None:
        self._work = work
        self._problem: BaseException | None = None

    def __call__(self) -> None:
        work, self._work = self._work, None
        if work is None:
            return
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised by ``check``, on the same thread
            self._problem = error

    def check(self) -> None:
        """Raises what the work raised."""
        if self._problem is not None:
            raise self._problem
