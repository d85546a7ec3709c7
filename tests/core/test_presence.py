from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.presence import (
    Presence,
    PresenceRule,
    PresenceWatcher,
    _complement,
    _Differences,
    decode_thumbnail,
    encode_thumbnail,
    teach_reference,
)
from inspector.errors import ConfigError

RNG = np.random.default_rng(0)
BELT = RNG.integers(90, 110, (64, 64)).astype(np.uint8)


def with_part(x: int, light: int = 0) -> np.ndarray:
    picture = BELT.astype(np.int16) + light
    picture[20:44, max(0, x) : max(0, min(64, x + 24))] = 200 + light
    return picture.clip(0, 255).astype(np.uint8)


def watcher(**changes) -> PresenceWatcher:
    return PresenceWatcher(PresenceRule(reference=encode_thumbnail(BELT), **changes))


def states(watch: PresenceWatcher, pictures) -> list[Presence]:
    return [watch.update(p) for p in pictures]


def test_a_part_slides_in_rests_and_leaves():
    pictures = [BELT, with_part(-10), with_part(10), with_part(20), with_part(20), with_part(20)]
    pictures += [with_part(40), with_part(60), BELT, BELT]
    e, m, s = Presence.EMPTY, Presence.MOVING, Presence.SETTLED
    assert states(watcher(), pictures) == [e, m, m, m, s, s, m, m, e, e]


@pytest.mark.parametrize("share", [0.25, 0.56, 0.9, 1.0])
def test_a_part_that_fills_a_tight_region_is_no_change_of_light(share):
    picture = BELT.copy()
    picture[: round(64 * share)] += 34
    assert states(watcher(), [picture] * 2)[1] is Presence.SETTLED


def test_inside_means_off_the_upper_and_lower_border_too():
    cut = BELT.copy()
    cut[:20, 20:40] = 200
    assert states(watcher(settled_when="inside"), [cut] * 2)[1] is Presence.MOVING


def test_settling_takes_the_frames_it_is_told():
    pictures = [with_part(20)] * 5
    assert states(watcher(settle_frames=3), pictures) == [
        *[Presence.MOVING] * 3,
        *[Presence.SETTLED] * 2,
    ]


def test_flicker_and_noise_are_no_part_and_no_motion():
    noisy = [
        np.clip(BELT.astype(int) + light + RNG.normal(0, 2, BELT.shape), 0, 255).astype(np.uint8)
        for light in (0, 6, -6, 3)
    ]
    assert set(states(watcher(), noisy)) == {Presence.EMPTY}
    flicker = [with_part(20, light) for light in (0, 6, -6, 3)]
    assert states(watcher(), flicker)[1:] == [Presence.SETTLED] * 3


def test_without_reference_or_picture_presence_is_unknown():
    assert PresenceWatcher(PresenceRule()).update(BELT) is Presence.UNKNOWN
    watch = watcher()
    assert watch.update(with_part(20)) is Presence.MOVING
    assert watch.update(None) is Presence.UNKNOWN
    assert watch.update(with_part(20)) is Presence.MOVING, "rest needs two pictures in a row"


def test_inside_mode_settles_while_the_part_moves_between_the_borders():
    watch = watcher(settled_when="inside")
    pictures = [with_part(x) for x in (-12, 0, 8, 16, 40, 50)]
    m, s = Presence.MOVING, Presence.SETTLED
    assert states(watch, pictures) == [m, m, s, s, m, m]


def test_reference_is_the_median_and_movement_in_it_is_refused():
    assert (teach_reference([BELT, BELT, BELT]) == BELT).all()
    with pytest.raises(ConfigError, match="something moves"):
        teach_reference([BELT, with_part(0), with_part(20)])
    with pytest.raises(ConfigError, match="at least one"):
        teach_reference([])


def test_reference_text_round_trip_and_refusals():
    assert (decode_thumbnail(encode_thumbnail(BELT)) == BELT).all()
    for text in ("***", "AAAA"):
        with pytest.raises(ValueError, match="teach it again"):
            decode_thumbnail(text)


@given(st.integers(0, 2**32 - 1), st.integers(0, 255), st.integers(-40, 40), st.integers(0, 255))
def test_counting_tells_what_the_differences_themselves_say(seed, spread, light, limit):
    rng = np.random.default_rng(seed)
    a = rng.integers(0, spread + 1, (64, 64)).astype(np.uint8)
    b = (a.astype(int) + light + rng.integers(-3, 4, a.shape)).clip(0, 255).astype(np.uint8)
    signed = a.astype(int) - b
    common = np.clip(np.sort(signed, axis=None)[signed.size // 2], -8, 8)
    far = np.abs(signed - common) > limit
    found = _Differences.of(a, _complement(b))
    assert found.beyond(limit) == np.count_nonzero(far)
    edges = (far[0], far[-1], far[:, 0], far[:, -1])
    assert found.touch_border(limit) == any(np.count_nonzero(edge) > 4 for edge in edges)
