"""Labelled images: prepared as the station does, masks with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inspector.core.fixture import NoFixture
from inspector.errors import InputError
from inspector.vision.fixture import learn_axis, prepare
from inspector.vision.resize import resize
from tests.support.parts_folder import write_category, write_image
from training.datasets import find_category, read_image
from training.labelled import load
from training.splits import labelled_samples


def _quiet(step: str, share: float) -> None:
    pass


def test_images_masks_and_kinds(discs: Path) -> None:
    samples = labelled_samples(find_category(discs, "disc"))
    data = load(samples, NoFixture(), 48, 64, _quiet)
    assert data.images.shape == (22, 48, 64, 3)
    assert data.size == (48, 64)
    assert data.kinds == tuple(s.kind for s in samples)
    assert data.located.all()
    assert data.outlined.all()
    assert not data.monochrome
    assert data.types_in(np.arange(22)) == ("blot",)
    np.testing.assert_array_equal(data.images[7], resize(read_image(samples[7].path), 48, 64))
    assert (data.masks.max((1, 2)) == 255 * data.defective).all()
    bad = int(np.flatnonzero(data.defective)[0])
    inside = data.images[bad][data.masks[bad] > 250]
    assert inside.mean() < 40


def test_through_a_fixture_the_mask_stays_on_its_defect(discs: Path) -> None:
    samples = labelled_samples(find_category(discs, "disc"))
    spec = learn_axis([read_image(s.path) for s in samples if not s.is_defective])
    assert spec is not None
    data = load(samples, spec, 64, 64, _quiet)
    for i in np.flatnonzero(data.defective & data.located):
        prepared = prepare(read_image(samples[i].path), spec, 64, 64)
        assert prepared is not None
        np.testing.assert_array_equal(data.images[i], prepared.image)
        assert data.images[i][data.masks[i] > 250].mean() < 40


def test_a_part_that_is_not_found_is_marked(tmp_path: Path) -> None:
    root = write_category(tmp_path, good=8)
    category = find_category(root, "disc")
    spec = learn_axis([read_image(p) for p in category.train_good()])
    write_image(root / "disc" / "test" / "blot" / "zz.png", np.full((96, 96, 3), 110, np.uint8))
    samples = labelled_samples(category)
    assert spec is not None
    data = load(samples, spec, 64, 64, _quiet)
    [lost] = np.flatnonzero(~data.located)
    assert samples[lost].path.name == "zz.png"
    assert not data.images[lost].any()
    assert not data.outlined[lost]


def test_a_mask_of_another_size_is_named(tmp_path: Path) -> None:
    root = write_category(tmp_path, good=3)
    mask = root / "disc" / "ground_truth" / "blot" / "002_mask.png"
    write_image(mask, np.zeros((10, 10), np.uint8))
    with pytest.raises(InputError, match=r"002_mask\.png is 10×10"):
        load(labelled_samples(find_category(root, "disc")), NoFixture(), 64, 64, _quiet)
