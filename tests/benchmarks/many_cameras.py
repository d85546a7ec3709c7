"""What many cameras on one model wait for when the network is no bottleneck.

``python tests/benchmarks/many_cameras.py [8,16,32]``: as ``inspector bench --cameras``, but the
network only sleeps (0.6 ms a batch and 0.1 ms a picture, as a GPU would take) and its answers
are noise below T1; batches are formed across cameras as on a GPU. What is left is the station:
two cores show here what sixteen cameras on a GPU's machine queue for.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inspector.config import RunConfig
from inspector.core.execution import Execution
from inspector.core.frame import Image
from inspector.core.geometry import Roi
from inspector.inference import service
from inspector.inference.network import Network, Outputs
from inspector.station.bench import scaling

MODEL = Path(__file__).resolve().parents[2] / "models/metal_nut/1"
SECONDS = 4.0
BATCH_S, PICTURE_S = 0.0006, 0.0001
FIELDS = (
    "cameras",
    "inspections_per_s",
    "dropped",
    "age_p50_ms",
    "age_p99_ms",
    "machine_stall_ms",
    "process_stall_ms",
    "cpu_cores",
)


class Sleeping:
    """In place of ``Network.__call__`` once the golden check has passed."""

    def __init__(self) -> None:
        self._real, self._random = Network.__call__, np.random.default_rng(0)
        self.is_on = False

    def __call__(self, network: Network, images: Sequence[Image]) -> Outputs:
        if not self.is_on:
            return self._real(network, images)
        time.sleep(BATCH_S + PICTURE_S * len(images))
        found = {}
        for output in network._manifest.outputs:
            shape = (len(images), *output.shape)
            found[output.role] = (0.1 * self._random.random(shape)).astype(np.float32)
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cameras", nargs="?", default="8,16,32")
    counts = [int(n) for n in parser.parse_args().cameras.split(",")]
    sleeping = Sleeping()

    def called(network: Network, images: Sequence[Image], meanwhile: object = None) -> Outputs:
        return sleeping(network, images)

    Network.__call__ = called  # type: ignore[method-assign]
    service.CPU = "none"  # type: ignore[misc] - batches, as on a GPU
    run = scaling._run

    def asleep(group: scaling.CameraGroup, seconds: float) -> object:
        sleeping.is_on = True
        try:
            return run(group, seconds)
        finally:
            sleeping.is_on = False

    scaling._run = asleep  # type: ignore[assignment]
    config = RunConfig(
        source="sim:metal_nut?seed=1&width=1920&height=1080&fps=30",
        model=MODEL,
        roi=Roi(x=480, y=60, width=960, height=960),
        execution=Execution(provider="cpu"),
    )
    print("  ".join(FIELDS))
    scaling.measure_cameras(
        config,
        counts,
        SECONDS,
        lambda step: print("  ".join(f"{getattr(step, n)!s:>{len(n)}}" for n in FIELDS)),
    )


if __name__ == "__main__":
    main()
