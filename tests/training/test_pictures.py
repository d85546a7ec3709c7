"""Pictures that find no room are the same ones, decoded again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from inspector.core.frame import Image
from inspector.errors import InputError
from training.methods.memory_bank import drawn_patches
from training.pictures import Pictures

SHAPE = (4, 6, 3)


class Reader:
    """Makes a picture of a file's name, and counts."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, path: Path) -> Image:
        self.read.append(path.name)
        if path.name == "bad":
            raise InputError("bad")
        return np.full(SHAPE, int(path.name), np.uint8)


def pictures(count: int, room: int) -> tuple[Pictures, Reader]:
    reader = Reader()
    files = [Path(str(i)) for i in range(count)]
    return Pictures(files, reader, lambda what, share: None, room=room), reader


@pytest.mark.parametrize(("room", "again"), [(10**6, 0), (3 * 72, 2), (0, 5)])
def test_only_what_found_no_room_is_read_again(room: int, again: int) -> None:
    found, reader = pictures(5, room)
    assert sorted(reader.read) == ["0", "1", "2", "3", "4"]
    for _ in range(2):
        assert [int(image[0, 0, 0]) for image in found] == [0, 1, 2, 3, 4]
    assert len(reader.read) == 5 + 2 * again
    assert (len(found), found.aspect, found.monochrome) == (5, 1.5, True)
    assert int(found[-1][0, 0, 0]) == 4
    assert [int(image[0, 0, 0]) for image in found[1:4:2]] == [1, 3]
    with pytest.raises(IndexError):
        found[5]


def test_a_bad_one_is_told_at_once() -> None:
    with pytest.raises(InputError, match="bad"):
        Pictures([Path("1"), Path("bad")], Reader(), lambda what, share: None)


def test_patches_are_drawn_as_from_a_copy_of_all() -> None:
    features = torch.randn(6, 2, 3, 4, 5).half()
    chosen = np.array([0, 2, 5])
    seeded = [torch.Generator().manual_seed(7) for _ in range(2)]
    flat = features[chosen].reshape(-1, 5)
    expected = flat[torch.randperm(len(flat), generator=seeded[0])[:20]].float()
    assert torch.equal(drawn_patches(features, chosen, 20, seeded[1]), expected)
    # more than there are: all of them, once
    assert len(drawn_patches(features, chosen, 1000, seeded[1])) == len(flat)
