"""Which stretch of frames of one list belongs to which of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar


class Span(Protocol):
    """Frames from first to last, inclusive."""

    @property
    def first_frame(self) -> int: ...

    @property
    def last_frame(self) -> int: ...


S = TypeVar("S", bound=Span)
T = TypeVar("T", bound=Span)


def overlap(a: Span, b: Span) -> int:
    """Frames that both have; not above 0 for none."""
    return min(a.last_frame, b.last_frame) - max(a.first_frame, b.first_frame) + 1


def match_spans(left: Sequence[S], right: Sequence[T]) -> dict[int, int]:
    """Place in ``left`` to place in ``right``: the largest overlaps first, each used once.

    Of equal overlaps the pair of the earliest places wins. Takes time in proportion to
    the number of overlapping pairs, not to all of them: a folder may hold 100,000 parts.
    """
    pairs = [(-overlap(left[i], right[j]), i, j) for i, j in _overlapping(left, right)]
    matched: dict[int, int] = {}
    used: set[int] = set()
    for _, i, j in sorted(pairs):
        if i not in matched and j not in used:
            matched[i] = j
            used.add(j)
    return matched


def _overlapping(left: Sequence[Span], right: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """A sweep over both in order of their first frames."""
    order = sorted(range(len(right)), key=lambda j: right[j].first_frame)
    open_: list[int] = []
    following = 0
    for i in sorted(range(len(left)), key=lambda i: left[i].first_frame):
        while following < len(order) and (
            right[order[following]].first_frame <= left[i].last_frame
        ):
            open_.append(order[following])
            following += 1
        # what ended before this one begins can overlap no later one either
        open_ = [j for j in open_ if right[j].last_frame >= left[i].first_frame]
        # a later but shorter span may end before what an earlier, longer one let in
        yield from ((i, j) for j in open_ if overlap(left[i], right[j]) > 0)
