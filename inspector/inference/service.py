"""The models of a station: each is loaded once, whatever number of cameras asks it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from inspector.core.execution import Execution
from inspector.inference.combiner import Combiner
from inspector.inference.lanes import LANES
from inspector.inference.package import MANIFEST, MAX_MANIFEST_BYTES, read_bounded
from inspector.inference.predictor import OnnxPredictor, open_predictor
from inspector.inference.providers import CPU
from inspector.inference.session import lanes_on_cpu

DEFAULT_MOST = 8
DEFAULT_PATIENCE_S = 0.002

_Key = tuple[str, str | None, bool, int | None, Execution | None]


@dataclass(slots=True)
class _Held:
    """A loaded model, the way to ask it, and how many cameras do."""

    core: OnnxPredictor
    combiner: Combiner
    users: int = 0


class ModelService:
    """Opens predictors that share a session where their model is equal; thread-safe.

    On the CPU every picture runs by itself (a batch is no faster there, and sums of another
    order would change records), as many side by side as there are cores for; on CUDA those
    of several cameras run together.

    Args:
        most: pictures of one batch on CUDA.
        patience_s: how long a picture may wait for others there.
    """

    def __init__(self, *, most: int = DEFAULT_MOST, patience_s: float = DEFAULT_PATIENCE_S) -> None:
        self._most, self._patience_s = most, patience_s
        self._lock = threading.Lock()
        self._held: dict[_Key, _Held] = {}

    def open(
        self,
        package: Path,
        *,
        variant: str | None = None,
        require_gpu: bool = False,
        threads: int | None = None,
        execution: Execution | None = None,
    ) -> OnnxPredictor:
        """As ``open_predictor``; the last of those that share a session frees it.

        Raises what ``open_predictor`` raises.
        """
        key = (_digest(package), variant, require_gpu, threads, execution)
        with self._lock:
            held = self._held.get(key)
            if held is None:
                core = open_predictor(
                    package,
                    variant=variant,
                    require_gpu=require_gpu,
                    threads=threads,
                    execution=execution,
                    most=self._most,
                )
                held = self._held[key] = _Held(core, self._combiner(core, threads))
            held.users += 1
            held.combiner.join()
        return held.core.front(held.combiner, Once(partial(self._leave, key)))

    @property
    def loaded(self) -> int:
        """Sessions that are open now."""
        with self._lock:
            return len(self._held)

    def _combiner(self, core: OnnxPredictor, threads: int | None) -> Combiner:
        if core.provider == CPU:
            return Combiner(core.run, most=1, lanes=lanes_on_cpu(threads))
        return Combiner(core.run, most=self._most, patience_s=self._patience_s, lanes=LANES)

    def _leave(self, key: _Key) -> None:
        with self._lock:
            held = self._held[key]
            held.combiner.leave()
            held.users -= 1
            if not held.users:
                del self._held[key]
                held.core.close()


class Once:
    """Calls ``work`` the first time it is called, whichever thread that is."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work: Callable[[], None] | None = work
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            work, self._work = self._work, None
        if work is not None:
            work()


def _digest(package: Path) -> str:
    """Of the manifest, which names every other file by its digest; raises PackageError."""
    where = f"model package {package}: {MANIFEST}"
    return hashlib.sha256(read_bounded(package / MANIFEST, where, MAX_MANIFEST_BYTES)).hexdigest()
