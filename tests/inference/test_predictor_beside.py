"""A predictor whose network fetches regions itself, and computes beside the caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from inspector.core.execution import Execution
from inspector.core.fixture import AxisSpec
from inspector.core.geometry import Roi
from inspector.core.inspection import Crop
from inspector.inference import predictor as predictor_module
from inspector.inference.package import load_package
from inspector.inference.predictor import OnnxPredictor, open_predictor
from inspector.inference.providers import CUDA
from inspector.inference.recovery import SturdyNetwork
from tests.support.tiny_model import write_tiny_package

FRAME = np.full((200, 300, 3), 90, np.uint8)


class Takes:
    """A network beside the caller that takes regions as they come."""

    provider, remarks, golden_difference, runs_beside = CUDA, (), 0.0, True

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def takes(self, image: np.ndarray) -> bool:
        return True

    def close(self) -> None:
        return None

    def __call__(self, images: Any, meanwhile: Callable[[], None] | None = None) -> Any:
        self.shapes += [image.shape for image in images]
        if meanwhile is not None:
            meanwhile()
        return {"anomaly_score": np.zeros(1), "anomaly_map": np.zeros((1, 16, 16))}


def test_regions_go_to_such_a_network_as_they_are_and_each_map_lies_on_its_own(tmp_path: Path):
    package, network = load_package(write_tiny_package(tmp_path / "tiny")), Takes()
    fetching = OnnxPredictor(package, "fp32", cast("SturdyNetwork", network))
    plain = open_predictor(package, execution=Execution(provider="cpu"))
    frame, seen = FRAME, []
    for roi in (Roi(0, 0, 128, 128), Roi(60, 40, 128, 128), Roi(60, 40, 96, 128), None) * 2:
        [found] = fetching.predict([Crop(frame, roi)], lambda: seen.append(1))
        assert found.to_image == plain.predict([Crop(frame, roi)])[0].to_image
    assert network.shapes == [(128, 128, 3), (128, 128, 3), (128, 96, 3), (200, 300, 3)] * 2
    assert len(seen) == 8


def test_with_a_fixture_the_part_is_looked_for_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A GPU that fetches whole regions must not judge one in which no part was found."""
    package, network = load_package(write_tiny_package(tmp_path / "tiny")), Takes()
    axis = AxisSpec.model_construct(kind="axis")
    manifest = package.manifest.model_copy(update={"fixture": axis})
    with_fixture = replace(package, manifest=manifest)
    monkeypatch.setattr(predictor_module, "prepare", lambda *given: None)
    predictor = OnnxPredictor(with_fixture, "fp32", cast("SturdyNetwork", network))
    [found] = predictor.predict([Crop(FRAME)])
    assert found.fault == predictor_module.NOT_LOCATED
    assert network.shapes == []
