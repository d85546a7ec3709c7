"""Reads every picture once: is it sound, how large, what does it look like."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.errors import InputError
from training.datasets import read_bytes
from training.methods import Report
from training.prepare.duplicates import SIDE
from training.prepare.items import Item, Problem
from training.prepare.pixels import decode, read_outline
from training.threads import in_threads

_THREADS = 4
"""Reading waits for the disk."""
_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A sound picture.

    Attributes:
        sha256: of the source's bytes, hexadecimal.
        width, height: pixels, after the region was cut out.
        thumb: uint8 (SIDE, SIDE) grey, to compare pictures by.
    """

    item: Item
    sha256: str
    width: int
    height: int
    thumb: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Inventory:
    """``bad_masks`` contradict their pictures, ``empty_masks`` outline nothing."""

    pictures: list[Picture]
    problems: list[Problem]
    bad_masks: list[str]
    empty_masks: list[str]


def take_inventory(items: Sequence[Item], report: Report) -> Inventory:
    """In the order of the items. ``report`` hears of every picture."""
    looked = list(_in_threads(_look, items, "pictures", report))
    pictures = [p for p in looked if isinstance(p, Picture)]
    problems = [p for p in looked if isinstance(p, Problem)]
    outlined = [p for p in pictures if p.item.mask is not None]
    bad, empty = [], []
    for picture, found in zip(
        outlined, _in_threads(_look_at_mask, outlined, "masks", report), strict=True
    ):
        if isinstance(found, Problem):
            problems.append(found)
        elif isinstance(found, str):
            bad.append(found)
        elif not found:
            empty.append(str(picture.item.mask))
    return Inventory(pictures, problems, bad, empty)


def _look(item: Item) -> Picture | Problem:
    try:
        data = read_bytes(item.path)
    except InputError:
        return Problem(item.path, _reason(item))
    try:
        image = decode(data, item.roi)
    except InputError as error:
        return Problem(item.path, str(error))
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    thumb = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.uint8)
    height, width = image.shape[:2]
    return Picture(item, hashlib.sha256(data).hexdigest(), width, height, thumb)


def _reason(item: Item) -> str:
    return "cannot be read" if item.path.exists() else "does not exist"


def _look_at_mask(picture: Picture) -> bool | str | Problem:
    """Whether it outlines anything, how it contradicts its picture, or why it is no mask."""
    path = picture.item.mask
    if path is None:
        return False
    try:
        outline = read_outline(read_bytes(path))
    except InputError as error:
        return Problem(path, f"{error} (a mask; its picture stays)")
    height, width = outline.shape
    if (width, height) != (picture.width, picture.height):
        return (
            f"mask {path} is {width}×{height} where its picture {picture.item.path} is"
            f" {picture.width}×{picture.height} pixels"
        )
    return bool(outline.any())


def _in_threads(
    work: Callable[[_In], _Out], items: Sequence[_In], step: str, report: Report
) -> Iterator[_Out]:
    for done, result in enumerate(in_threads(work, items, _THREADS), start=1):
        report(step, done / len(items))
        yield result
