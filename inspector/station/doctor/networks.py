"""GPU, driver, execution providers that really work, and the packages on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from inspector.errors import PackageError, ProviderError
from inspector.inference.gallery import Verification, gallery, verify_package
from inspector.inference.providers import CPU, CUDA, TENSORRT, why_no_cuda, why_no_tensorrt
from inspector.inference.session import ORT_ERRORS, open_session
from inspector.station.asking import asked
from inspector.station.doctor.findings import Finding, error, note, ok, warning

PROBE = (
    b'\x08\x08\x12\x00:7\n\x0c\n\x01x\x12\x01y"\x04Relu\x12\x05probeZ\x0f\n\x01x\x12\n\n\x08'
    b"\x08\x01\x12\x04\n\x02\x08\x04b\x0f\n\x01y\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x04B"
    b"\x04\n\x00\x10\x11"
)
"""An ONNX file of one operator: y = relu(x), four floats (a test holds it to that)."""


def check_gpu() -> Iterator[Finding]:
    said = asked(
        "nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"
    )
    for line in (said or "").strip().splitlines():
        name, driver, memory = (part.strip() for part in line.split(","))
        yield ok("gpu", f"{name}, {memory}, driver {driver}")
    if not said:
        yield note("gpu", why_no_cuda() or "a GPU, but no nvidia-smi to ask", "the CPU works too")


def check_providers(
    missing: Callable[[str], str | None] | None = None,
) -> Iterator[Finding]:
    """Each is made and used: that one is listed says nothing."""
    why = missing or (lambda name: {CUDA: why_no_cuda, TENSORRT: why_no_tensorrt}[name]())
    for name in (CUDA, TENSORRT):
        reason = why(name)
        if reason is None:
            yield _tried(name)
        else:
            yield note("providers", f"{name}: {reason}")
    yield _tried(CPU)


def _tried(provider: str) -> Finding:
    given = np.array([-1, 0, 1, 2], np.float32)
    todo = "check the driver and the CUDA libraries (pip install 'inspector-station[cuda]')"
    if provider == CPU:
        todo = "install the program again"
    try:
        session = open_session(PROBE, provider=provider, threads=1, where="probe")
        (found,) = session.run(["y"], {"x": given})
    except (ProviderError, PackageError, *ORT_ERRORS) as problem:
        return error("providers", f"{provider}: {problem}", todo)
    if not np.array_equal(found, np.maximum(given, 0)):
        return error("providers", f"{provider} computes wrong results", todo)
    return ok("providers", f"{provider} works")


def check_models(
    root: Path,
    *,
    verify: Callable[[Path], Verification] = verify_package,
) -> Iterator[Finding]:
    """Every package below ``root``: loaded, and its golden inputs run; seconds each."""
    if not root.is_dir():
        yield note("models", f"no folder {root}", "name it with --models")
        return
    entries = gallery(root)
    if not entries:
        yield warning("models", f"no package below {root}", "import one, or name --models")
    for entry in entries:
        yield _verified(entry.path, entry.title, verify)


def _verified(path: Path, title: str, verify: Callable[[Path], Verification]) -> Finding:
    found = verify(path)
    if found.problem is not None:
        return error("models", f"{title}: {found.problem}", "import the package again")
    checks = ", ".join(f"{c.variant} on {c.provider}" for c in found.checks)
    return ok("models", f"{title}: golden outputs agree ({checks})")
