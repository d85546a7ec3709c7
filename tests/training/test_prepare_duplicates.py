"""Copies are found however they were made; distinct parts in one pose are not called copies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.frame import Image
from inspector.sources.simulator.export_images import photograph_at_rest
from inspector.sources.simulator.scene import Scene
from inspector.sources.simulator.spec import parse_spec
from inspector.sources.simulator.truth import plan_part
from training.datasets import list_images, read_image
from training.prepare.duplicates import SIDE, clusters, exact_groups, near_pairs


def _as_jpeg(image: Image) -> Image:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 60])
    assert done
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))


def _scaled(share: float) -> Callable[[Image], Image]:
    method = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
    return lambda image: np.asarray(
        cv2.resize(image, None, fx=share, fy=share, interpolation=method)
    )


COPIES: dict[str, Callable[[Image], Image]] = {
    "as it is": lambda image: image,
    "JPEG": _as_jpeg,
    "half": _scaled(0.5),
    "larger": _scaled(1.7),
    "brighter": lambda image: cv2.convertScaleAbs(image, alpha=1.0, beta=10),
    "contrast": lambda image: cv2.convertScaleAbs(image, alpha=1.1, beta=0),
    "noise": lambda image: np.clip(
        image + np.random.default_rng(0).normal(0, 3, image.shape), 0, 255
    ).astype(np.uint8),
    "grey": lambda image: cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR),
}


def _thumb(image: Image) -> np.ndarray:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def _textured(seed: int) -> Image:
    """A part in a fixed pose whose surface is its own."""
    rng = np.random.default_rng(seed)
    grain = cv2.GaussianBlur(rng.normal(0, 60, (256, 256, 3)), (0, 0), 3) * 3
    image = np.full((256, 256, 3), 90.0) + grain
    cv2.circle(image, (128, 128), 80, (200, 200, 200), 6)
    return np.clip(image, 0, 255).astype(np.uint8)


PARTS = [_textured(seed) for seed in range(20)]


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_found(name: str) -> None:
    copies = [COPIES[name](PARTS[i]) for i in (3, 11)]
    found = near_pairs([_thumb(p) for p in [*PARTS, *copies]])
    assert [(p.first, p.second) for p in found.pairs] == [(3, 20), (11, 21)]


def test_parts_that_all_look_alike_are_no_copies() -> None:
    # bottle caps in one pose differ by a print's place and a grain: closer than copies of
    # others, so that only what is usual among them can tell
    spec = parse_spec("sim:bottle_cap?seed=5&width=480&height=270&defect_rate=0")
    scene = Scene(spec)
    caps = [photograph_at_rest(spec, scene, plan_part(spec, i)) for i in range(60)]
    found = near_pairs([_thumb(cap) for cap in [*caps, _as_jpeg(caps[7])]])
    assert found.limit < 0.01
    assert [(p.first, p.second) for p in found.pairs] == [(7, 60)]


def test_a_copy_each_does_not_hide_copies() -> None:
    copies = [COPIES["JPEG"](p) for p in PARTS]
    found = near_pairs([_thumb(p) for p in [*PARTS, *copies]])
    assert len(found.pairs) == len(PARTS)


def test_pictures_without_structure_say_nothing() -> None:
    flat = [np.full((SIDE, SIDE), level, np.uint8) for level in (0, 0, 90, 255)]
    assert near_pairs(flat).pairs == []


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_to_compare(count: int) -> None:
    assert near_pairs([_thumb(PARTS[0])] * count).pairs == []


def test_two_pictures_are_compared_too() -> None:
    assert len(near_pairs([_thumb(PARTS[0]), _thumb(COPIES["JPEG"](PARTS[0]))]).pairs) == 1
    assert near_pairs([_thumb(PARTS[0]), _thumb(PARTS[1])]).pairs == []


def test_exact_groups() -> None:
    assert exact_groups(["a", "b", "a", "c", "b", "a"]) == [[0, 2, 5], [1, 4]]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9))))
def test_clusters_are_a_partition_that_no_pair_crosses(pairs: list[tuple[int, int]]) -> None:
    groups = clusters(10, pairs)
    assert sorted(i for group in groups for i in group) == list(range(10))
    of = {i: n for n, group in enumerate(groups) for i in group}
    assert all(of[a] == of[b] for a, b in pairs)


def test_clusters_connect_no_more_than_needed() -> None:
    assert clusters(5, [(0, 3), (3, 4)]) == [[0, 3, 4], [1], [2]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("category", "known"),
    [
        ("mvtec_ad/transistor", []),
        # the same part twice, at another exposure: looked at, and so it is
        ("mvtec_ad/screw", [("053.jpg", "173.jpg")]),
        ("aws_cookie/cookie", [("normal-1.jpg", "normal-2.jpg")]),
        ("otx_hazelnut_toy/hazelnut", []),
    ],
)
def test_real_parts(data_dir: Path, category: str, known: list[tuple[str, str]]) -> None:
    files = list_images(data_dir / category / "train" / "good")
    images = [read_image(f) for f in files]
    thumbs = [_thumb(image) for image in images]
    found = near_pairs(thumbs)
    assert [(files[p.first].name, files[p.second].name) for p in found.pairs] == known
    copied = range(5, len(files), 12)
    for copy in COPIES.values():
        extended = near_pairs([*thumbs, *(_thumb(copy(images[i])) for i in copied)])
        pairs = {(p.first, p.second) for p in extended.pairs}
        assert {(i, len(thumbs) + n) for n, i in enumerate(copied)} <= pairs
