"""Categories in MVTec layout, and what is said of those that are not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.errors import InputError
from tests.support.parts_folder import disc, write_category, write_image
from training.datasets import (
    find_category,
    fingerprint,
    is_grey,
    list_images,
    read_image,
    read_mask,
)


def test_category_is_found_in_its_parent_or_as_itself(discs: Path) -> None:
    inside = find_category(discs, "disc")
    itself = find_category(discs / "disc", "disc")
    assert inside == itself
    assert len(inside.train_good()) == 12


def test_samples_know_kind_and_mask(discs: Path) -> None:
    samples = find_category(discs, "disc").test()
    assert [s.kind for s in samples] == ["blot"] * 5 + ["good"] * 5
    assert [s.is_defective for s in samples] == [True] * 5 + [False] * 5
    assert samples[2].mask is not None
    assert samples[2].mask.name == "002_mask.png"
    assert all(s.mask is None for s in samples if not s.is_defective)


def test_a_defect_without_outline_is_kept(tmp_path: Path) -> None:
    root = write_category(tmp_path, masks=False)
    assert all(s.mask is None for s in find_category(root, "disc").test())


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".bmp", ".PNG", ".JPG"])
def test_formats(tmp_path: Path, suffix: str) -> None:
    write_image(tmp_path / f"a{suffix}", disc(0, size=40))
    [file] = list_images(tmp_path)
    image = read_image(file)
    assert image.shape == (40, 40, 3)
    assert image.dtype == np.uint8


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (np.full((8, 9), 77, np.uint8), (77, 77, 77)),
        (np.full((8, 9), 77 * 257, np.uint16), (77, 77, 77)),
        (np.full((8, 9, 3), (1, 2, 3), np.uint8), (1, 2, 3)),
        (np.full((8, 9, 4), (1, 2, 3, 128), np.uint8), (1, 2, 3)),
        (np.full((8, 9, 3), (257, 514, 771), np.uint16), (1, 2, 3)),
    ],
    ids=["grey", "grey 16 bit", "colour", "alpha", "colour 16 bit"],
)
def test_every_kind_of_pixel_becomes_bgr_bytes(
    tmp_path: Path, pixels: np.ndarray, expected: tuple[int, int, int]
) -> None:
    write_image(tmp_path / "a.png", pixels)
    image = read_image(tmp_path / "a.png")
    assert image.shape == (8, 9, 3)
    assert image.dtype == np.uint8
    assert tuple(image[4, 4]) == expected


def _truncate(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_truncate, "cut off"),
        (lambda p: p.write_bytes(b""), "empty"),
        (lambda p: p.write_text("hello"), "not an image"),
        (lambda p: p.unlink(), "cannot be read"),
    ],
    ids=["truncated", "empty", "text", "gone"],
)
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_unreadable_image_is_named(tmp_path: Path, spoil, said: str, suffix: str) -> None:
    path = tmp_path / f"broken{suffix}"
    write_image(path, disc(0))
    spoil(path)
    with pytest.raises(InputError, match=said) as error:
        read_image(path)
    assert str(path) in str(error.value)


def test_too_few_good_images(tmp_path: Path) -> None:
    root = write_category(tmp_path, good=1)
    category = find_category(root, "disc")
    with pytest.raises(InputError, match="only one good image"):
        category.train_good()
    category.path.joinpath("train", "good", "000.png").unlink()
    with pytest.raises(InputError, match="no good images in"):
        category.train_good()


@pytest.mark.parametrize(("kept", "missing"), [("good", "kind of defect"), ("blot", "good")])
def test_a_test_set_needs_both_sides(tmp_path: Path, kept: str, missing: str) -> None:
    write_image(tmp_path / "disc" / "test" / kept / "0.png", disc(0))
    with pytest.raises(InputError, match=missing):
        find_category(tmp_path, "disc").test()


def test_unknown_category(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no category 'nut'"):
        find_category(tmp_path, "nut")


def test_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "m.png", np.full((10, 20), 255, np.uint8))
    assert read_mask(tmp_path / "m.png", 10, 20).all()
    with pytest.raises(InputError, match="20×10 where its image is 20×11"):
        read_mask(tmp_path / "m.png", 11, 20)


def test_fingerprint_depends_on_contents_only(tmp_path: Path) -> None:
    a, b, c = (tmp_path / name for name in ("a.png", "b.png", "c.png"))
    for path, seed in ((a, 1), (b, 2), (c, 3)):
        write_image(path, disc(seed))
    assert fingerprint([a, b]) == fingerprint([b, a])
    assert fingerprint([a, b]) != fingerprint([a, c])
    b.rename(tmp_path / "z.png")
    assert fingerprint([a, c]).n_images == 2


def test_is_grey() -> None:
    assert is_grey(disc(0, grey=True))
    assert not is_grey(disc(0))
    one_pixel = cv2.merge([np.zeros((4, 4), np.uint8)] * 3)
    one_pixel[1, 1, 2] = 1
    assert not is_grey(one_pixel)


def test_defects_to_learn_from_have_outlines_of_their_own(tmp_path: Path) -> None:
    """Not those of a test image with the same name."""
    root = write_category(tmp_path, good=3)
    folder = root / "disc"
    assert find_category(root, "disc").train_defective() == []
    write_image(folder / "train" / "blot" / "000.png", disc(7))
    write_image(folder / "train" / "dent" / "000.png", disc(8))
    mask = folder / "ground_truth" / "train" / "dent" / "000_mask.png"
    write_image(mask, np.zeros((96, 96, 3), np.uint8))
    found = find_category(root, "disc").train_defective()
    assert [(s.kind, s.mask) for s in found] == [("blot", None), ("dent", mask)]
