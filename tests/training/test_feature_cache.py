"""Kept features: found again, never stale, never spoilt, never more than the limit."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from inspector.errors import InputError
from training import feature_cache
from training.feature_cache import FeatureCache, cached, caching, network_key

LARGE = 10**9


class _Compute:
    """Counts how often it is asked."""

    def __init__(self, value: float = 1.0, size: int = 8) -> None:
        self.calls = 0
        self._features = torch.full((size,), value, dtype=torch.float16)

    def __call__(self) -> Tensor:
        self.calls += 1
        return self._features


def _image(value: int) -> np.ndarray:
    return np.full((1, 4, 4, 3), value, np.uint8)


def test_found_again(tmp_path: Path) -> None:
    compute = _Compute()
    for _ in range(2):
        cache = FeatureCache(tmp_path, LARGE)
        with caching(cache):
            found = cached("network", _image(1), compute)
        assert torch.equal(found, torch.ones(8, dtype=torch.float16))
        assert found.dtype == torch.float16
    assert compute.calls == 1
    assert (cache.use.hits, cache.use.misses) == (1, 0)
    assert cached("network", _image(1), compute) is not None
    assert compute.calls == 2  # outside nothing is looked up


@pytest.mark.parametrize(
    ("network", "image"),
    [
        ("other", _image(1)),
        ("network", _image(2)),
        ("network", _image(1).reshape(1, 2, 8, 3)),
    ],
)
def test_another_network_or_picture_is_another_entry(
    tmp_path: Path, network: str, image: np.ndarray
) -> None:
    with caching(FeatureCache(tmp_path, LARGE)):
        cached("network", _image(1), _Compute(1))
        assert cached(network, image, _Compute(2))[0] == 2


def test_keys_depend_on_model_and_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    before = network_key(b"model")
    assert before == network_key(b"model")
    assert before != network_key(b"another")
    monkeypatch.setattr(feature_cache.ort, "__version__", "0.1")
    assert before != network_key(b"model")


@pytest.mark.parametrize("keep", [0, 10, 40, -1])
def test_a_spoilt_entry_is_computed_again(tmp_path: Path, keep: int) -> None:
    cache = FeatureCache(tmp_path, LARGE)
    with caching(cache):
        cached("n", _image(1), _Compute(1))
        [entry] = tmp_path.glob("*/*.features")
        content = entry.read_bytes()
        entry.write_bytes(content[:keep] + b"\xff" if keep >= 0 else content[:-1] + b"\xff")
        assert cached("n", _image(1), _Compute(3))[0] == 3
        assert cached("n", _image(1), _Compute(4))[0] == 3


def test_the_oldest_make_room(tmp_path: Path) -> None:
    one = 128 + 32 + 2 * 1000
    cache = FeatureCache(tmp_path, 5 * one)
    with caching(cache):
        for i in range(5):
            cached("n", _image(i), _Compute(i, 1000))
        entries = sorted(tmp_path.glob("*/*.features"), key=lambda p: p.stat().st_mtime_ns)
        for age, entry in enumerate(entries):
            os.utime(entry, (1000 + age, 1000 + age))
        cached("n", _image(0), _Compute())  # used: now it is the youngest
        cached("n", _image(9), _Compute(9, 1000))
        assert sum(p.stat().st_size for p in tmp_path.glob("*/*")) <= 5 * one
        assert not entries[1].exists()
        assert entries[0].exists()


def test_a_full_disk_is_told_and_costs_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    cache = FeatureCache(tmp_path, LARGE)
    monkeypatch.setattr(Path, "write_bytes", full)
    with caching(cache):
        assert cached("n", _image(1), _Compute(7))[0] == 7
        assert cached("n", _image(2), _Compute(8))[0] == 8
    assert "No space left" in str(cache.use.trouble)
    assert not list(tmp_path.glob("*/*"))


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made"):
        FeatureCache(tmp_path / "file" / "cache", LARGE)
