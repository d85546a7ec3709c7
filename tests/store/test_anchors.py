"""Heads kept outside the record: a file that is only added to."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from inspector.store.anchors import Anchor, Anchors, append_anchor, parse_anchor, read_anchors
from inspector.store.chain import ChainHead
from tests.support.records import NOW

ONE = Anchor(at=NOW, station_id="A", audit=ChainHead(3, b"x" * 32), parts=None)
TWO = Anchor(
    at=NOW + dt.timedelta(hours=1), station_id='B "ö', audit=None, parts=ChainHead(7, b"\0" * 32)
)


def test_what_was_added_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "anchors"
    assert read_anchors(path) == Anchors()
    append_anchor(path, ONE)
    append_anchor(path, TWO)
    assert read_anchors(path) == Anchors((ONE, TWO))


def test_a_torn_line_is_told_and_takes_no_other_with_it(tmp_path: Path) -> None:
    path = tmp_path / "anchors"
    append_anchor(path, ONE)
    with path.open("a", encoding="utf-8") as file:
        file.write(TWO.line()[:40])
    append_anchor(path, TWO)
    assert read_anchors(path) == Anchors((ONE, TWO), damaged=(2,))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "[]",
        "7",
        "[" * 5000,
        ONE.line().replace('"seq": 3', '"seq": "3"'),
        ONE.line().replace('"seq": 3', '"seq": 0'),
        ONE.line().replace("78", "7x"),
        ONE.line().replace("+00:00", ""),
        ONE.line().replace('"A"', "5"),
    ],
)
def test_what_is_no_anchor(line: str) -> None:
    assert parse_anchor(ONE.line()) == ONE
    assert parse_anchor(line) is None


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        append_anchor(tmp_path / "missing" / "anchors", ONE)
