"""Proving a model that was never opened here: in a process of its own, before this one.

ONNX Runtime is native code that parses what strangers made. A model that crashes it, never
ends or takes all memory does so there, and is refused; the station that asked goes on. It is
no sandbox: the process may do what the station may.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import onnxruntime as ort

from inspector.core.frame import Image
from inspector.errors import PackageError
from inspector.inference.package import Package
from inspector.platforms import cache_folder

CHILD = (sys.executable, "-m", "inspector.inference.proving_child")
OURS_TO_REPORT = "report"
_MOST_SAID = 400
_KEPT_AS = "1"
"""Of what is proven: another number, and everything is proven anew."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one proof. Memory is what a model may take beyond itself (Linux only)."""

    seconds: float = 60.0
    memory_mb: int = 3000


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What the process is asked, pickled into its standard input.

    Attributes:
        model: verified bytes of a self-contained .onnx file.
        images: uint8 (n, H, W, 3) BGR, run one by one and all at once.
        memory: bytes of address space beyond those of the process as it starts.
    """

    model: bytes
    images: Image
    input_name: str
    memory: int


@dataclass(frozen=True, slots=True)
class Answer:
    """``refused``: why, in ONNX Runtime's words; None where all of it ran.

    ``unsupported``: the CPU has no such operator, which says nothing about a GPU.
    """

    refused: str | None = None
    unsupported: bool = False


def prove(
    package: Package,
    variant: str,
    *,
    limits: Limits | None = None,
    child: Sequence[str] = CHILD,
    place: Path | None = None,
) -> None:
    """Opens and runs a variant on the CPU in a process of its own, unless that was done before.

    About a second, once for each model file, golden file and version of ONNX Runtime.
    ``place`` keeps what is proven; None: the user's cache.

    Raises PackageError where the process dies, takes too long or too much memory, or cannot
    load or run the model.
    """
    kept = (place or cache_folder() / "proven") / _digest(package, variant)
    if kept.exists():
        return
    where = package.where(package.manifest.variant(variant).file)
    bounds = limits or Limits()
    answer = _asked(_task(package, variant, bounds), bounds, child, where)
    if answer.unsupported:
        return
    if answer.refused is not None:
        raise PackageError(f"{where}: {answer.refused}: do not use it")
    _keep(kept)


def _digest(package: Package, variant: str) -> str:
    held = package.manifest.variant(variant)
    facts = (_KEPT_AS, held.sha256, held.golden.sha256, package.manifest.input.name)
    return hashlib.sha256("\0".join((*facts, str(ort.__version__))).encode()).hexdigest()


def _task(package: Package, variant: str, limits: Limits) -> Task:
    model, golden = package.variant_bytes(variant), package.golden(variant)
    # weights are held as read, as parsed, and once more while they are packed
    memory = (limits.memory_mb << 20) + 8 * len(model) + 4 * golden.images.nbytes
    return Task(model, golden.images, package.manifest.input.name, memory)


def _asked(task: Task, limits: Limits, child: Sequence[str], where: str) -> Answer:
    try:
        done = subprocess.run(  # noqa: S603 - ourselves, or what a test puts there
            list(child),
            input=pickle.dumps(task, protocol=5),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=limits.seconds,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        raise PackageError(
            f"{where}: opening and running it did not end within {limits.seconds:g} s in a "
            "process of its own: do not use it"
        ) from None
    except OSError as error:
        raise PackageError(
            f"{where}: no process could be started to try it in: {error.strerror}"
        ) from None
    answer = _understood(done.stdout)
    if done.returncode != 0 or answer is None:
        raise PackageError(
            f"{where}: it ended the process that tried it ({_how(done.returncode)}): it is "
            "damaged, hostile or too large for this machine; do not use it"
        )
    return answer


def _environment() -> dict[str, str]:
    """That the child finds the very modules that run here, and none that lie where somebody
    works: a package from a stranger may have brought a ``json.py`` along.
    """
    found = [entry or str(Path.cwd()) for entry in sys.path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(found), "PYTHONSAFEPATH": "1"}


def _understood(said: bytes) -> Answer | None:
    """The last line; a process in foreign hands may say anything, so little is believed."""
    lines = said[-4096:].splitlines()
    try:
        held = json.loads(lines[-1])[OURS_TO_REPORT]
        refused, unsupported = held["refused"], held["unsupported"]
    except (IndexError, ValueError, KeyError, TypeError):
        return None
    if not (refused is None or isinstance(refused, str)) or not isinstance(unsupported, bool):
        return None
    if refused is not None:
        refused = "".join(sign if sign.isprintable() else " " for sign in refused)[:_MOST_SAID]
    return Answer(refused, unsupported)


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _keep(path: Path) -> None:
    """Where that cannot be, the next start proves it again: later, not worse."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        _log.warning("what is proven cannot be kept in %s: %s", path.parent, error.strerror)
