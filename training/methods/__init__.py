"""The methods: one file each, with the same names inside.

A method's module defines ``fit(parts, *, seed, report) -> Fitted``; ``_MODULES`` names it.
Those that look at places (``training/detector.py``) define ``train`` and ``record`` too:
``fit`` is then ``training/holding_out.py``'s, and ``auto`` can choose among them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from inspector.errors import ConfigError
from training.graph import Graph

Report = Callable[[str, float], None]
"""Told what is going on, and the share of it that is done (0..1)."""

Views = NDArray[np.uint8]
"""uint8 (n, v, H, W, 3) BGR: of each good part its still (view 0) and, from 1 on, the
same part as a camera may take it."""


LITE0 = "efficientnet-lite0"
"""The backbone that comes with the program."""

Role = Literal["anomaly_score", "anomaly_map", "class_scores"]


class Network(Protocol):
    """Computes in torch, and can write itself as an ONNX graph."""

    @property
    def roles(self) -> tuple[Role, ...]:
        """What ``predict`` and ``emit`` give, in their order; the score first."""
        ...

    def predict(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        """uint8 (n, H, W, 3) BGR → float32, by role: (n,), (n, h, w) or (n, k)."""
        ...

    def emit(self, graph: Graph, image: str) -> tuple[str, ...]:
        """Adds itself to ``graph``; the names of its outputs, shaped as those of ``predict``."""
        ...


class Detector(Network, Protocol):
    """A network whose score is a distance from good parts, in a unit that can be set."""

    def set_unit(self, unit: float) -> None:
        """From now on scores and maps are divided by ``unit`` (given on today's scale)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """Pictures to be scored and never learnt from: good parts with a made-up defect.

    Attributes:
        images: uint8 (m, p, H, W, 3) BGR, each damaged part in p views.
        parts: int64 (m,), which of the n parts each was made of.
    """

    images: Views
    parts: NDArray[np.int64]


def no_probes(views: Views) -> Probes:
    """None at all, for parts of that shape."""
    return Probes(np.empty((0, *views.shape[1:]), np.uint8), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Defects:
    """Real defective parts to learn from, where there are any.

    Attributes:
        images: uint8 (m, H, W, 3) BGR.
        masks: bool (m, H, W), True on the defect; one all False is not learnt from.
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What a method learns from.

    Attributes:
        views: of the good parts.
        probes: scored, never learnt from; None for none.
        defects: learnt from by methods that can; None for none.
        centred: a fixture has put the part in the middle, and what is around it is ground.
        monochrome: look at brightness only.
        backbone: name of the network that gives the features.
    """

    views: Views
    probes: Probes | None = None
    defects: Defects | None = None
    centred: bool = False
    monochrome: bool = False
    backbone: str = LITE0


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What a method hands back; scores and maps are on the detector's scale.

    Attributes:
        detector: trained on all parts.
        held_out: float64 (n, v): the score of every view by a detector that has seen no
            view of that part.
        options: the method's settings, for the record.
        held_out_maps: float32 (n, v, h, w), the maps of those.
        probed: float64 (m, p): the probes' scores, by a detector that has seen no view of
            the part that each was made of.
    """

    detector: Detector
    held_out: NDArray[np.float64]
    options: dict[str, str | int | float | bool]
    held_out_maps: NDArray[np.float32]
    probed: NDArray[np.float64]


class Fit(Protocol):
    def __call__(self, parts: Parts, *, seed: int, report: Report) -> Fitted: ...


_MODULES = {
    "memory-bank": "memory_bank",
    "whitened-bank": "whitened_bank",
    "gaussian": "gaussian",
    "fused": "fused",
    "discriminator": "discriminator",
    "auto": "auto",
}


def find_method(name: str) -> Fit:
    """The ``fit`` of a method; raises ConfigError for an unknown one."""
    if name not in _MODULES:
        raise ConfigError(f"no method {name!r}: choose one of {', '.join(sorted(_MODULES))}")
    fit: Fit = import_module(f"training.methods.{_MODULES[name]}").fit
    return fit
