"""Small text files that people edit and programs read: written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tomli_w
from pydantic import BaseModel

from inspector.errors import ConfigError
from inspector.platforms import fsync_folder


def as_toml(document: BaseModel) -> str:
    """Without what is not set; `parse_recipe` and `parse_job` read it back the same."""
    return tomli_w.dumps(document.model_dump(mode="json", exclude_none=True))


def replace_document(path: Path, text: str, what: str) -> None:
    """Durable at return; the old one stays if anything fails. Raises ConfigError."""
    with _written(path, text, what) as partial:
        partial.replace(path)


def create_document(path: Path, text: str, what: str) -> None:
    """As ``replace_document``, but never over a file that is there. Raises ConfigError."""
    with _written(path, text, what) as partial:
        try:
            # unlike a rename, a link never replaces what is there
            os.link(partial, path)
        except FileExistsError:
            raise ConfigError(f"{what} {path} exists already: choose another name") from None


@contextmanager
def _written(path: Path, text: str, what: str) -> Iterator[Path]:
    partial: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        partial = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(0o644)
        yield partial
        fsync_folder(path.parent)
    except OSError as error:
        raise ConfigError(f"{what} {path}: cannot be written: {error.strerror}") from None
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
