"""Work that is done in another's waiting time."""

from __future__ import annotations

import pytest

from inspector.core.owed import Owed


def test_it_is_done_once():
    done: list[int] = []
    owed = Owed(lambda: done.append(1))
    owed()
    owed()
    owed.check()
    assert done == [1]


def test_its_trouble_waits_for_who_owes_it():
    def breaks() -> None:
        raise KeyError("a bug")

    owed = Owed(breaks)
    owed.check()
    owed()
    for _ in range(2):
        with pytest.raises(KeyError):
            owed.check()


def test_nothing_may_be_owed():
    owed = Owed(None)
    owed()
    owed.check()
