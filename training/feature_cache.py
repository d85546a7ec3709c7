"""Features of frozen networks kept on the disk, under the very pixels they came from.

An entry's name is the digest of the prepared pixels (and so of image, fixture, size and
camera view), of the network as ONNX (and so of backbone, weights and stages), of ONNX
Runtime's version and of the processor: whatever changes a feature changes the name. Each
entry carries the digest of its content, so that one that a crash or a disk has spoilt is
computed again, and the folder is kept below a limit by removing what was not used for
longest.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from torch import Tensor

from inspector.errors import InputError

GIGABYTE = 10**9
_SUFFIX = ".features"
_DIGEST = 32
_KEEP = 0.9
"""Share of the limit that is left when room is made: not at every entry anew."""


@dataclass(frozen=True, slots=True)
class CacheUse:
    """How often an entry was there, and what kept new ones from being written, if anything."""

    hits: int
    misses: int
    trouble: str | None


class FeatureCache:
    """A folder of at most ``limit`` bytes; several processes may use it at once."""

    def __init__(self, folder: Path, limit: int) -> None:
        """Raises InputError where the folder cannot be made."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"--cache {folder} cannot be made: {error.strerror}") from None
        self._folder, self._limit = folder, limit
        self._size = sum(size for _, size, _ in self._entries())
        self._hits = self._misses = 0
        self._trouble: str | None = None

    @property
    def use(self) -> CacheUse:
        return CacheUse(self._hits, self._misses, self._trouble)

    def get(self, key: str, compute: Callable[[], Tensor]) -> Tensor:
        """The entry, or what ``compute`` gives, kept for the next time."""
        path = self._folder / key[:2] / f"{key}{_SUFFIX}"
        found = _load(path)
        if found is not None:
            self._hits += 1
            return torch.from_numpy(found)
        self._misses += 1
        features = compute()
        if self._trouble is None:
            self._put(path, features.numpy())
        return features

    def _put(self, path: Path, values: NDArray[np.float16]) -> None:
        content = io.BytesIO()
        np.save(content, values, allow_pickle=False)
        data = content.getvalue()
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(exist_ok=True)
            beside.write_bytes(hashlib.sha256(data).digest() + data)
            beside.replace(path)
            self._size += _DIGEST + len(data)
            if self._size > self._limit:
                self._make_room()
        except OSError as error:
            # a full disk: what was computed is used all the same
            self._trouble = f"features are no longer kept in {self._folder}: {error.strerror}"
            beside.unlink(missing_ok=True)

    def _make_room(self) -> None:
        entries = sorted(self._entries())
        self._size = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if self._size <= _KEEP * self._limit:
                break
            path.unlink(missing_ok=True)
            self._size -= size

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """(time of last use, bytes, path)."""
        for path in self._folder.glob(f"*/*{_SUFFIX}*"):
            try:
                stat = path.stat()
            except FileNotFoundError:
                # another process made room
                continue
            yield stat.st_mtime, stat.st_size, path


_current: ContextVar[FeatureCache | None] = ContextVar("feature_cache", default=None)


@contextmanager
def caching(cache: FeatureCache | None) -> Iterator[None]:
    """Inside, ``cached`` looks there first; None for nowhere."""
    token = _current.set(cache)
    try:
        yield
    finally:
        _current.reset(token)


def cached(network: str, images: NDArray[np.uint8], compute: Callable[[], Tensor]) -> Tensor:
    """float16 features of ``images``, from the cache in use if they are there.

    Args:
        network: ``network_key`` of what computes them.
        images: uint8, as they enter the network.
    """
    cache = _current.get()
    if cache is None:
        return compute()
    shape = ",".join(map(str, images.shape))
    key = hashlib.sha256(f"{network} {shape} ".encode())
    key.update(np.ascontiguousarray(images).data)
    return cache.get(key.hexdigest(), compute)


def network_key(model: bytes) -> str:
    """Of the ONNX model that computes features, and of what it runs on."""
    key = hashlib.sha256(model)
    key.update(f" {ort.__version__} {platform.machine()} ".encode())
    # what a processor can do decides which kernels run, and with them the last digits
    key.update(torch.backends.cpu.get_cpu_capability().encode())
    return key.hexdigest()


def _load(path: Path) -> NDArray[np.float16] | None:
    """None for no entry, and for one that is not what was written."""
    try:
        content = path.read_bytes()
        os.utime(path)
    except OSError:
        return None
    data = content[_DIGEST:]
    if hashlib.sha256(data).digest() != content[:_DIGEST]:
        return None
    values: NDArray[np.float16] = np.load(io.BytesIO(data), allow_pickle=False)
    return values
