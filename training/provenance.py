"""What a result depends on, as digests: images, options, code, tools; and packages compared."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from inspector.errors import InputError
from inspector.inference.package import MANIFEST
from training.datasets import SUFFIXES, Category, read_bytes
from training.fit import Order, tools
from training.source_code import code_digest

_FOLDERS = ("train", "test", "ground_truth")
_WHERE_NOT_WHAT = frozenset({"category", "out", "version", "force"})
"""Fields of an order that decide where a package goes, and not what it holds."""


def digest(document: object) -> str:
    """sha256 of a document's canonical JSON; dataclasses and paths by their text."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def order_options(order: Order) -> dict[str, Any]:
    """All of an order that decides what the package holds, but its images; for JSON."""
    names = [f.name for f in fields(order) if f.name not in _WHERE_NOT_WHAT]
    return {name: _plain(getattr(order, name)) for name in names}


def _plain(value: Any) -> Any:  # noqa: ANN401
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def data_digest(category: Category) -> str:
    """Over names and contents of all images and masks; raises InputError naming a file."""
    files = sorted(
        path
        for folder in _FOLDERS
        for path in (category.path / folder).rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file()
    )
    pairs = [
        (path.relative_to(category.path).as_posix(), hashlib.sha256(read_bytes(path)).hexdigest())
        for path in files
    ]
    return digest(pairs)


def work_key(order: Order, data: str, **more: str | int) -> str:
    """The same for work with the same result: images, options, code and tool versions."""
    what = {"order": order_options(order), "category": order.category.name, "data": data}
    return digest(what | {"code": code_digest(), "tools": tools(), "more": more})


def package_files(folder: Path) -> dict[str, str]:
    """sha256 of each file of a package by name, of its manifest without ``created``.

    Raises InputError for a folder that is no package.
    """
    if not (folder / MANIFEST).is_file():
        raise InputError(f"{folder} is no model package: no {MANIFEST} in it")
    found = {}
    for path in sorted(p for p in folder.iterdir() if p.is_file()):
        data = read_bytes(path)
        found[path.name] = hashlib.sha256(data).hexdigest()
        if path.name == MANIFEST:
            found[path.name] = digest(_without_time(data, path))
    return found


def package_fingerprint(folder: Path) -> str:
    """One digest over ``package_files``: the same for packages alike but for their time."""
    return digest(package_files(folder))


def _without_time(data: bytes, path: Path) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise InputError(f"{path} is not a JSON document: fetch or train the package again")
    document.pop("created", None)
    return document
