from __future__ import annotations

import math

import pytest

from inspector.core.ruler import mm_per_px
from inspector.errors import ConfigError


def test_a_known_length_gives_the_size_of_a_pixel():
    assert mm_per_px((10, 10), (40, 50), 25.0) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("end", "length"),
    [
        ((15, 10), 5.0),
        ((100, 10), 0.0),
        ((100, 10), -1.0),
        ((100, 10), math.nan),
        ((math.nan, 0), 5),
    ],
)
def test_what_cannot_be_measured_by_is_refused(end, length):
    with pytest.raises(ConfigError, match="ruler"):
        mm_per_px((10, 10), end, length)
