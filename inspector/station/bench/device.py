"""What a GPU does in a measured run: its memory, and how a call's time splits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inspector.engine.judging import Decision
from inspector.inference.lanes import Split
from inspector.inference.predictor import OnnxPredictor
from inspector.station.asking import asked

_FIELDS = ("name", "driver_version", "memory.total", "memory.used")
_TIMEOUT_S = 20.0


def gpu_state() -> dict[str, object] | None:
    """The first GPU as NVIDIA's own tool sees it, None where there is none.

    ``memory_used_mib`` is of the whole device: other programs' memory is in it.
    """
    query = f"--query-gpu={','.join(_FIELDS)}"
    said = asked("nvidia-smi", query, "--format=csv,noheader,nounits", timeout_s=_TIMEOUT_S)
    return None if said is None else parse_state(said)


def parse_state(text: str) -> dict[str, object] | None:
    """The first line of nvidia-smi's answer; None where it is not as expected."""
    values = [value.strip() for value in (text.splitlines() or [""])[0].split(",")]
    if len(values) != len(_FIELDS) or not all(v.isdecimal() for v in values[2:]):
        return None
    name, driver, total, used = values
    return {
        "name": name,
        "driver": driver,
        "memory_total_mib": int(total),
        "memory_used_mib": int(used),
    }


class CallWatch:
    """Notes of every judged frame its split and how long it took without waiting; a frame
    observer, for one camera (the split is the predictor's last).
    """

    def __init__(self) -> None:
        self.predictor: OnnxPredictor | None = None
        self._splits: list[Split] = []
        self._busy: list[float] = []

    def on_decision(self, decision: Decision) -> None:
        if not decision.was_judged:
            return
        self._busy.append(decision.timings.age - decision.timings.queue)
        split = self.predictor.last_split if self.predictor else None
        if split is not None:
            self._splits.append(split)

    def memory_to_verdict_ms(self) -> dict[str, float]:
        """From a frame that is in host memory to its verdict, waiting in queues left out."""
        return percentiles(self._busy)

    def split_ms(self) -> dict[str, dict[str, float]] | None:
        """By the host's clock around each call; None where nothing was copied to a device."""
        if not self._splits:
            return None
        return {
            name: percentiles([getattr(split, name) for split in self._splits])
            for name in ("to_device", "run", "to_host")
        }


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and max; zeros for none."""
    if not milliseconds:
        return {"p50": 0.0, "p95": 0.0, "p99": 0.0, "max": 0.0}
    found = np.quantile(milliseconds, (0.5, 0.95, 0.99, 1.0))
    return dict(zip(("p50", "p95", "p99", "max"), (round(float(v), 4) for v in found), strict=True))
