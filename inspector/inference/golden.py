"""Golden files: inputs with the outputs expected of them, run at every load.

They catch what checksums cannot: a provider that computes something else, half
precision that drifts, swapped colours, an operator that another version rounds anew.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.core.manifest import ModelManifest
from inspector.errors import PackageError

MAX_EXPANDED_BYTES = 256 << 20
MAX_IMAGES = 16

_IMAGE = "image"
# what zipfile raises for damaged archives is not all BadZipFile (found by fuzzing)
_ZIP_ERRORS = (ValueError, EOFError, OSError, NotImplementedError, zipfile.BadZipFile, zlib.error)
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(?P<descr>[|<]\w\d)', 'fortran_order': False, "
    rb"'shape': \((?P<shape>\d{1,9},(?: \d{1,9},?){0,3})\), \} *\n",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, eq=False)
class Golden:
    """uint8 (n, H, W, 3) BGR images, and by role the float32 (n, …) outputs expected."""

    images: Image
    outputs: Mapping[str, NDArray[np.float32]]
    atol: float


def parse_golden(data: bytes, manifest: ModelManifest, atol: float, where: str) -> Golden:
    """From the bytes of an npz; nothing is expanded before its size is known and bounded.

    Raises PackageError for anything but exactly the arrays that the manifest implies.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            arrays = _arrays(archive, manifest)
    except _ZIP_ERRORS as error:
        reason = " ".join(str(error).split())[:200] or "cut short"
        raise PackageError(f"{where}: {reason}: export the package again") from None
    images = arrays.pop(_IMAGE)
    return Golden(images, MappingProxyType(arrays), atol)


def _arrays(archive: zipfile.ZipFile, manifest: ModelManifest) -> dict[str, NDArray[Any]]:
    members = archive.infolist()
    spec = manifest.input
    shapes: dict[str, tuple[int, ...]] = {_IMAGE: (spec.height, spec.width, 3)}
    shapes.update({output.role: tuple(output.shape) for output in manifest.outputs})
    if sorted(m.filename for m in members) != sorted(f"{name}.npy" for name in shapes):
        raise ValueError(f"expected the arrays {', '.join(shapes)} and no others")
    if sum(m.file_size for m in members) > MAX_EXPANDED_BYTES:
        raise ValueError(f"more than {MAX_EXPANDED_BYTES} bytes when expanded")
    arrays = {
        name: _array(archive, f"{name}.npy", np.uint8 if name == _IMAGE else np.float32, shape)
        for name, shape in shapes.items()
    }
    n = len(arrays[_IMAGE])
    if not 1 <= n <= MAX_IMAGES or any(len(array) != n for array in arrays.values()):
        raise ValueError(f"expected 1 to {MAX_IMAGES} images and as many outputs of each role")
    return arrays


def _array(
    archive: zipfile.ZipFile, member: str, dtype: type[np.generic], shape: tuple[int, ...]
) -> NDArray[Any]:
    """One array; its header is compared with its size before memory is taken for it."""
    info = archive.getinfo(member)
    if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{member}: encrypted or compressed in an unusual way")
    with archive.open(member) as file:
        content = file.read(info.file_size)
    found, start = _header(content, np.dtype(dtype).str, member)
    if found[1:] != shape:
        raise ValueError(f"{member}: shape {found} where the manifest implies {('n', *shape)}")
    if len(content) - start != math.prod(found) * np.dtype(dtype).itemsize:
        raise ValueError(f"{member}: its size does not fit its shape {found}")
    return np.frombuffer(content, dtype, offset=start).reshape(found)


def _header(content: bytes, descr: str, member: str) -> tuple[tuple[int, ...], int]:
    """Shape, and where the values start; numpy's own reader evaluates Python literals."""
    header = _HEADER.match(content)
    if header is None or header["descr"].decode() != descr:
        raise ValueError(f"{member}: not a plain array of {descr} in npy format 1.0")
    return tuple(int(n) for n in header["shape"].rstrip(b",").split(b",")), header.end()


def largest_difference(expected: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    """Largest absolute difference; inf where either is not finite."""
    difference = np.abs(expected.astype(np.float64) - found.astype(np.float64)).max(initial=0.0)
    return float(difference) if np.isfinite(difference) else math.inf
