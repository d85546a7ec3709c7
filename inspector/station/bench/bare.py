"""The predictor against a plain ``session.run`` loop on the same file, call by call."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspector.config import RunConfig
from inspector.core.inspection import Crop
from inspector.inference.package import Package, load_package
from inspector.inference.predictor import OnnxPredictor, open_predictor
from inspector.inference.providers import CUDA, TENSORRT, tensorrt_options
from inspector.inference.session import open_session

_WARM_UP = 5
_SEED = 0


@dataclass(frozen=True, slots=True)
class Against:
    """Medians, ms, and the median of the pairwise ratios predictor / plain loop."""

    predictor_ms: float
    plain_ms: float
    ratio: float
    calls: int

    def as_json(self) -> dict[str, float | int]:
        return {
            "predictor_ms": round(self.predictor_ms, 4),
            "plain_ms": round(self.plain_ms, 4),
            "ratio": round(self.ratio, 4),
            "calls": self.calls,
        }


def against_plain_loop(config: RunConfig, calls: int = 100) -> Against:
    """Both get the same picture at the size of the network's input, in turn.

    The plain loop feeds it to ``session.run`` with the station's own session options, and on
    CUDA with ONNX Runtime's own for the provider: what anybody would write first. The
    predictor also prepares the picture and builds a Prediction. Raises PackageError, ProviderError.
    """
    package = load_package(config.model)
    predictor = open_predictor(
        package,
        variant=config.variant,
        require_gpu=config.require_gpu,
        threads=config.threads,
        execution=config.execution,
    )
    try:
        session = open_session(
            package.variant_bytes(predictor.variant),
            provider=predictor.provider,
            options=_options(config, predictor, package),
            behind=((CUDA, {}),) if predictor.provider == TENSORRT else (),
            threads=config.threads,
            execution=config.execution,
            where=package.where(predictor.manifest.variant(predictor.variant).file),
        )
        spec = predictor.manifest.input
        shape = (1, spec.height, spec.width, 3)
        batch = np.random.default_rng(_SEED).integers(0, 256, shape, np.uint8)
        names = [output.name for output in predictor.manifest.outputs]
        ours, plain = [], []
        for _ in range(_WARM_UP + calls):
            ours.append(_ours(predictor, batch[0]))
            start = time.perf_counter_ns()
            session.run(names, {spec.name: batch})
            plain.append((time.perf_counter_ns() - start) / 1e6)
    finally:
        predictor.close()
    return _summary(np.array(ours[_WARM_UP:]), np.array(plain[_WARM_UP:]))


def _options(config: RunConfig, predictor: OnnxPredictor, package: Package) -> dict[str, str]:
    """ONNX Runtime's own; TensorRT's engines are not built twice."""
    if predictor.provider != TENSORRT:
        return {}
    variant = package.manifest.variant(predictor.variant)
    return tensorrt_options(
        config.execution,
        spec=package.manifest.input,
        sha256=variant.sha256,
        half=variant.name == "fp16",
        most=1,
    )


def _ours(predictor: OnnxPredictor, image: NDArray[np.uint8]) -> float:
    start = time.perf_counter_ns()
    predictor.predict([Crop(image)])
    return (time.perf_counter_ns() - start) / 1e6


def _summary(ours: NDArray[np.float64], plain: NDArray[np.float64]) -> Against:
    return Against(
        predictor_ms=float(np.median(ours)),
        plain_ms=float(np.median(plain)),
        ratio=float(np.median(ours / plain)),
        calls=len(ours),
    )
