from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.overlap import match_spans, overlap


@dataclass(frozen=True)
class Span:
    first_frame: int
    last_frame: int


SPANS = st.lists(
    st.builds(lambda a, n: Span(a, a + n), st.integers(0, 60), st.integers(0, 12)), max_size=12
)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ([], [(0, 9)], {}),
        ([(0, 9)], [], {}),
        ([(0, 9)], [(10, 19)], {}),
        ([(0, 9)], [(9, 19)], {0: 0}),
        ([(0, 9), (20, 29)], [(20, 29), (0, 9)], {0: 1, 1: 0}),
        ([(0, 49)], [(0, 9), (10, 49)], {0: 1}),
        ([(5, 5), (5, 5)], [(5, 5), (5, 5)], {0: 0, 1: 1}),
    ],
)
def test_by_hand(left, right, expected):
    assert match_spans([Span(*s) for s in left], [Span(*s) for s in right]) == expected


@given(SPANS, SPANS)
def test_as_by_trying_every_pair(left, right):
    pairs = sorted(
        (-overlap(a, b), i, j)
        for i, a in enumerate(left)
        for j, b in enumerate(right)
        if overlap(a, b) > 0
    )
    expected: dict[int, int] = {}
    for _, i, j in pairs:
        if i not in expected and j not in expected.values():
            expected[i] = j
    assert match_spans(left, right) == expected
