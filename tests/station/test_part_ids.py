"""Ids of parts: ULIDs in order, unlike those of any other run, made without asking the system."""

from __future__ import annotations

import itertools
import os

import pytest
from ulid import ULID

from inspector.station.build import part_ids


def test_ids_rise_and_differ_from_those_of_other_runs():
    makers = [part_ids() for _ in range(16)]
    found = [[make() for _ in range(200)] for make in makers]
    assert all(ids == sorted(ids) for ids in found)
    assert len(set(itertools.chain.from_iterable(found))) == 16 * 200
    assert all(str(ULID.from_str(ids[0])) == ids[0] for ids in found)


def test_a_part_does_not_wait_for_the_systems_randomness(monkeypatch: pytest.MonkeyPatch):
    """Its lock and the interpreter's were let go of and queued for by all cameras."""
    make = part_ids()
    monkeypatch.setattr(os, "urandom", lambda count: pytest.fail("the system was asked"))
    assert make() < make()
