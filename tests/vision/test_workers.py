"""OpenCV's threads: never more than are of use, and fewer where somebody asked for fewer."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import pytest

from inspector.vision.workers import MOST_WORKERS, limit_workers


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


@pytest.mark.parametrize(("held", "left"), [(16, MOST_WORKERS), (4, 4), (2, 2), (1, 1)])
def test_no_more_threads_than_are_of_use(held: int, left: int):
    cv2.setNumThreads(held)
    limit_workers()
    assert cv2.getNumThreads() == left
