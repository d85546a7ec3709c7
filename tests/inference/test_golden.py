"""Golden files are read without trusting what they say of themselves."""

from __future__ import annotations

import contextlib
import io
import math
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.manifest import ModelManifest, parse_manifest
from inspector.errors import PackageError
from inspector.inference import golden
from inspector.inference.golden import largest_difference, parse_golden
from tests.support.tiny_model import write_tiny_package

SIZE, MAP = 32, 8


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> ModelManifest:
    folder = write_tiny_package(tmp_path_factory.mktemp("p"), size=SIZE, map_size=MAP)
    return parse_manifest((folder / "manifest.json").read_bytes(), "m")


def arrays(n: int = 2) -> dict[str, np.ndarray]:
    return {
        "image": np.arange(n * SIZE * SIZE * 3, dtype=np.uint8).reshape(n, SIZE, SIZE, 3),
        "anomaly_score": np.linspace(0, 1, n, dtype=np.float32),
        "anomaly_map": np.full((n, MAP, MAP), 0.5, np.float32),
    }


def npz(**held: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **held)
    return file.getvalue()


@pytest.mark.parametrize("n", [1, 2, 16])
def test_reads_what_numpy_wrote(manifest: ModelManifest, n: int) -> None:
    written = arrays(n)

    read = parse_golden(npz(**written), manifest, 0.1, "g.npz")

    np.testing.assert_array_equal(read.images, written["image"])
    assert set(read.outputs) == {"anomaly_score", "anomaly_map"}
    for role, values in read.outputs.items():
        np.testing.assert_array_equal(values, written[role])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"extra": np.zeros(1)}, "no others"),
        ({"image": np.zeros((2, SIZE, SIZE, 4), np.uint8)}, "shape"),
        ({"image": np.zeros((2, SIZE, SIZE, 3), np.float32)}, "plain array"),
        ({"anomaly_score": np.zeros(3, np.float32)}, "as many outputs"),
        ({"anomaly_score": np.zeros(2, np.float64)}, "plain array"),
        ({"anomaly_map": np.array([None] * 2, object)}, "plain array"),
        ({"anomaly_map": np.zeros((MAP, MAP), np.float32)}, "shape"),
    ],
)
def test_other_arrays_are_refused(
    manifest: ModelManifest, change: dict[str, np.ndarray], reason: str
) -> None:
    with pytest.raises(PackageError, match=rf"^g\.npz: .*{reason}"):
        parse_golden(npz(**{**arrays(), **change}), manifest, 0.1, "g.npz")


@pytest.mark.parametrize("n", [0, 17])
def test_number_of_images_is_bounded(manifest: ModelManifest, n: int) -> None:
    with pytest.raises(PackageError, match="1 to 16 images"):
        parse_golden(npz(**arrays(n)), manifest, 0.1, "g.npz")


def test_a_missing_role_is_refused(manifest: ModelManifest) -> None:
    held = arrays()
    del held["anomaly_map"]

    with pytest.raises(PackageError, match="expected the arrays image, anomaly_score"):
        parse_golden(npz(**held), manifest, 0.1, "g.npz")


def test_a_bomb_is_refused_before_it_expands(
    manifest: ModelManifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = npz(**{**arrays(), "image": np.zeros((400, SIZE, SIZE, 3), np.uint8)})
    assert len(data) < 10_000
    monkeypatch.setattr(golden, "MAX_EXPANDED_BYTES", 1 << 20)
    monkeypatch.setattr(zipfile.ZipFile, "open", None)  # reading at all would raise TypeError

    with pytest.raises(PackageError, match="when expanded"):
        parse_golden(data, manifest, 0.1, "g.npz")


def test_a_shape_that_its_bytes_do_not_fill_is_refused(manifest: ModelManifest) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, values in arrays().items():
            member = io.BytesIO()
            np.save(member, values)
            claimed = member.getvalue().replace(b"'shape': (2, 32", b"'shape': (9, 32")
            archive.writestr(f"{name}.npy", claimed)

    with pytest.raises(PackageError, match="size does not fit"):
        parse_golden(file.getvalue(), manifest, 0.1, "g.npz")


@given(
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=6),
    st.integers(0, 300),
)
def test_any_damage_passes_or_is_refused(
    manifest: ModelManifest, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(npz(**arrays()))
    for at, byte in changes:
        data[-1 - at % len(data)] = byte
    with contextlib.suppress(PackageError):
        parse_golden(bytes(data[: len(data) - cut]), manifest, 0.1, "g.npz")


@pytest.mark.parametrize(
    ("found", "difference"),
    [
        ([1.0, 2.0], 0.0),
        ([1.0, 1.5], 0.5),
        ([1.0, math.nan], math.inf),
        ([math.inf, 2.0], math.inf),
        ([3e38, -3e38], pytest.approx(3e38)),
    ],
)
def test_largest_difference(found: list[float], difference: float) -> None:
    expected = np.array([1.0, 2.0], np.float32)

    assert largest_difference(expected, np.array(found, np.float32)) == difference
