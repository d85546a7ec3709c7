"""A network that outlives trouble with its GPU: built anew once, then moved to the CPU."""

from __future__ import annotations

import gc
import threading
import time
import traceback
from collections.abc import Callable, Sequence

from inspector.core.frame import Image
from inspector.errors import (
    DeviceError,
    InferenceError,
    PackageError,
    ProviderError,
    StateError,
)
from inspector.inference.lanes import Split
from inspector.inference.network import Network, Outputs
from inspector.inference.providers import CPU
from inspector.inference.session import short

REBUILT = "gpu_rebuilt"
DEGRADED = "gpu_degraded"
FAILED = "gpu_failed"
"""Kinds of events of a run: goes on there, goes on on the CPU, cannot go on."""

HEALTHY_S = 600.0
"""After so long without trouble the GPU has earned another attempt."""

Listener = Callable[[str, str], None]
"""(kind, detail): called on the thread that asked, before its call raises."""


class SturdyNetwork:
    """Like the ``Network`` that it holds; thread-safe.

    The frame that met the trouble fails (it becomes INVALID), and so does every later one
    while there is nothing to ask: no frame is judged by what a broken GPU said. The same
    variant runs on, so thresholds and model id stay true; it passes its golden check on the
    CPU before it judges there.

    Args:
        reopen: the same network on the named provider; raises ProviderError, PackageError.
        stay: never to go on on the CPU (a GPU is required).
    """

    def __init__(
        self,
        network: Network,
        reopen: Callable[[str], Network],
        *,
        stay: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._network: Network | None = network
        self._reopen, self._stay, self._clock = reopen, stay, clock
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._listening = threading.Lock()
        self._rebuilt_at: float | None = None
        self._gone = ""
        self.provider: str = network.provider
        self.remarks: tuple[str, ...] = network.remarks
        self.golden_difference: float = network.golden_difference
        self.degraded: str | None = None

    def __call__(
        self, images: Sequence[Image], meanwhile: Callable[[], None] | None = None
    ) -> Outputs:
        """Raises what ``Network`` raises; waits while the network is built anew."""
        with self._lock:
            network = self._network
        if network is None:
            raise InferenceError(self._gone)
        try:
            return network(images, meanwhile)
        except DeviceError as error:
            if meanwhile is not None:
                meanwhile()  # a verdict on the frame before need not wait for that
            self._recover(network, error)
            raise
        except StateError:
            # closed by another thread's recovery between our look and our call? Then that
            # thread still holds the lock, or has put another one in its place
            with self._lock:
                replaced = self._network is not network
            if not replaced:
                raise
            return self(images, meanwhile)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tells of trouble; returns what ends that, once nobody is being told (idempotent)."""
        with self._listening:
            self._listeners.append(listener)

        def leave() -> None:
            with self._listening:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return leave

    @property
    def runs_beside(self) -> bool:
        """See ``Network``."""
        network = self._network
        return network is not None and network.runs_beside

    @property
    def sizes(self) -> tuple[int, ...]:
        """See ``Network``."""
        network = self._network
        return network.sizes if network else ()

    def takes(self, image: Image) -> bool:
        """See ``Network``."""
        network = self._network
        return network is not None and network.takes(image)

    @property
    def last_split(self) -> Split | None:
        """See ``Network``."""
        network = self._network
        return network.last_split if network else None

    def close(self) -> None:
        """Idempotent."""
        with self._lock:
            if self._network is not None:
                self._network.close()

    def _recover(self, failed: Network, error: DeviceError) -> None:
        with self._lock:
            if self._network is not failed:
                return  # another thread has seen to it
            failed.let_go(error)
            _forget_frames(error)
            kind, detail = self._replaced(failed.provider, error)
        self._tell(kind, detail)

    def _replaced(self, provider: str, error: DeviceError) -> tuple[str, str]:
        """What the event says; ``_network`` is the one to ask from now on."""
        said = [str(error)]
        if error.lost:
            said.append("nothing of this process can use the GPU any more: restart the program")
        elif self._may_rebuild():
            self._rebuilt_at = self._clock()
            problem = self._open(provider)
            if problem is None:
                return REBUILT, f"{said[0]}; loaded anew on {short(provider)}"
            said.append(f"loading it anew failed: {problem}")
        else:
            said.append("again so soon")
        return self._without_gpu(provider, "; ".join(said))

    def _without_gpu(self, provider: str, said: str) -> tuple[str, str]:
        problem = "a GPU is required" if self._stay else self._open(CPU)
        if problem is None:
            self.degraded = f"on the CPU instead of {short(provider)}: {said}"
            return DEGRADED, self.degraded
        self._network = None
        self._gone = f"no network is left to ask: {said}; {problem}"
        self.degraded = self._gone
        return FAILED, self._gone

    def _may_rebuild(self) -> bool:
        return self._rebuilt_at is None or self._clock() - self._rebuilt_at > HEALTHY_S

    def _open(self, provider: str) -> str | None:
        """Why it cannot be had there, None where it runs now."""
        try:
            network = self._reopen(provider)
        except (ProviderError, PackageError) as error:
            return str(error)
        self._network = network
        self.provider = network.provider
        self.remarks = network.remarks
        return None

    def _tell(self, kind: str, detail: str) -> None:
        with self._listening:
            for listener in self._listeners:
                listener(kind, detail)


def _forget_frames(error: BaseException) -> None:
    """Lets go of what the failed calls had in hand: session and buffers, whose memory on
    the GPU the next session needs. The errors keep their words and their places.
    """
    seen: BaseException | None = error
    while seen is not None:
        traceback.clear_frames(seen.__traceback__)
        seen = seen.__cause__ or seen.__context__
    gc.collect()
