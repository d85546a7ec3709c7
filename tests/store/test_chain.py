"""The chain itself, without a database: any single change is found, and where."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.store.chain import FIRST, ChainHead, Link, Sealing

SEALING = Sealing(b"k" * 32, "A")
CONTENTS = st.lists(
    st.lists(st.text() | st.integers() | st.none(), min_size=1, max_size=4), min_size=1, max_size=8
)


def made(contents: list[list[object]]) -> tuple[list[Link], ChainHead]:
    links: list[Link] = []
    mac = FIRST
    for seq, content in enumerate(contents, 1):
        mac = SEALING.row(mac, seq, content)
        links.append(Link(seq, content, mac))
    return links, SEALING.head(len(links), mac)


def test_an_empty_chain_is_sound_until_something_says_otherwise() -> None:
    assert SEALING.check([], None).is_sound
    assert SEALING.check([], ChainHead(1, b"")).at_seq == 1
    assert SEALING.check([], None, [ChainHead(3, b"x")]).problem == (
        "rows 1 to 3 at the end are missing"
    )


@settings(max_examples=40)
@given(CONTENTS)
def test_what_was_written_is_sound_for_its_key_station_and_kind(contents) -> None:
    links, head = made(contents)
    found = SEALING.check(links, head, [head])
    assert (found.is_sound, found.rows, found.anchored) == (True, len(links), len(links))
    for other in (
        replace(SEALING, key=b"x" * 32),
        replace(SEALING, station_id="B"),
        replace(SEALING, tag=b"other"),
    ):
        assert other.check(links, head).at_seq == 1


@settings(max_examples=40)
@given(CONTENTS, st.data())
def test_a_changed_row_is_named(contents, data) -> None:
    links, head = made(contents)
    at = data.draw(st.integers(0, len(links) - 1))
    other = data.draw(st.lists(st.text(), max_size=4).filter(lambda c: c != links[at].content))
    links[at] = replace(links[at], content=other)
    found = SEALING.check(links, head)
    assert (found.at_seq, found.rows) == (at + 1, at)


@settings(max_examples=40)
@given(CONTENTS, st.data())
def test_a_removed_row_is_named_also_when_the_rest_is_numbered_anew(contents, data) -> None:
    links, head = made(contents)
    at = data.draw(st.integers(0, len(links) - 1))
    del links[at]
    assert SEALING.check(links, head).at_seq == at + 1
    renumbered = [replace(link, seq=n) for n, link in enumerate(links, 1)]
    shorter = replace(head, seq=len(renumbered))
    assert SEALING.check(renumbered, shorter).at_seq == at + 1


@settings(max_examples=40)
@given(CONTENTS, st.data())
def test_a_cut_tail_shows_and_the_last_anchored_row_is_named(contents, data) -> None:
    links, head = made(contents)
    kept = data.draw(st.integers(0, len(links) - 1))
    anchors = [SEALING.head(link.seq, link.mac) for link in links]
    # the head of the cut chain as it once was: only an anchor tells
    then = anchors[kept - 1] if kept else None
    assert SEALING.check(links[:kept], then).is_sound
    found = SEALING.check(links[:kept], then, anchors)
    assert found.problem == f"rows {kept + 1} to {len(links)} at the end are missing"
    assert found.anchored == (kept or None)
    assert not SEALING.check(links[:kept], head).is_sound


@settings(max_examples=40)
@given(CONTENTS, st.data())
def test_reordered_rows_show(contents, data) -> None:
    links, head = made(contents)
    order = data.draw(st.permutations(links).filter(lambda o: o != links))
    assert not SEALING.check(order, head).is_sound
    renumbered = [replace(link, seq=n) for n, link in enumerate(order, 1)]
    assert not SEALING.check(renumbered, head).is_sound


def test_a_chain_that_went_on_otherwise_does_not_hold_the_anchor() -> None:
    _, head = made([["a"], ["b"]])
    links, other = made([["a"], ["c"]])
    found = SEALING.check(links, other, [head])
    assert found.problem == "row 2 is not the one that was anchored"
    assert found.rows == 1
