"""Several categories in one run: one that fails does not stop the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import cv2

from inspector.errors import InputError, InspectorError
from training.datasets import Category, find_category

Result = TypeVar("Result")

FAILURES = (InspectorError, OSError, MemoryError, RuntimeError, cv2.error)
"""What a category's images or the machine can cause; RuntimeError is torch's word for both.

Anything else is a fault of the program: it ends the run, which can go on afterwards.
"""


def find_categories(data: Path) -> list[Category]:
    """Every category in ``data`` by name, or ``data`` itself; raises InputError for none."""
    folders = sorted(p for p in data.iterdir() if p.is_dir()) if data.is_dir() else []
    found = [
        Category(folder.name, folder)
        for folder in folders
        if not folder.name.startswith(".")
        and ((folder / "train").is_dir() or (folder / "test").is_dir())
    ]
    if not found:
        return [find_category(data, data.resolve().name)]
    return found


def attempt(work: Callable[[], Result]) -> Result | str:
    """The result, or in one line why there is none."""
    try:
        return work()
    except FAILURES as error:
        text = " ".join(str(error).split())
        if isinstance(error, InspectorError):
            return text
        return f"{type(error).__name__}: {text}" if text else type(error).__name__


def named_categories(data: Path, names: list[str]) -> list[Category]:
    """The named ones in the order given, all of them for no names; raises InputError."""
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InputError(f"--category {doubled[0]} is given twice")
    return [find_category(data, name) for name in names] if names else find_categories(data)
