"""Cameras with equal models share one session; answers and ends stay their own."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from inspector.core.inspection import Crop
from inspector.errors import InferenceError, PackageError, StateError
from inspector.inference.predictor import OnnxPredictor, open_predictor
from inspector.inference.service import ModelService
from tests.support.tiny_model import write_tiny_package


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return write_tiny_package(tmp_path / "tiny")


def grey(level: int) -> Crop:
    return Crop(np.full((64, 64, 3), level, np.uint8))


def test_equal_packages_are_loaded_once_wherever_they_lie(package: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(package, copy)
    other = write_tiny_package(tmp_path / "other", t1=0.4)
    service = ModelService()
    predictors = [service.open(p) for p in (package, package, copy, other)]
    assert service.loaded == 2
    for predictor in predictors:
        predictor.close()
    assert service.loaded == 0


def test_a_shared_model_says_the_same_as_one_alone(package: Path):
    alone, service = open_predictor(package), ModelService()
    shared = [service.open(package) for _ in range(4)]

    def camera(number: int) -> list[float]:
        return [shared[number].predict([grey(40 * number + n)])[0].score for n in range(30)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(camera, range(4)))
    expected = [[alone.predict([grey(40 * c + n)])[0].score for n in range(30)] for c in range(4)]
    assert found == expected
    assert {p.model_id for p in shared} == {alone.model_id}
    for predictor in (alone, *shared):
        predictor.close()


def test_closing_one_camera_leaves_the_others_running(package: Path):
    service = ModelService()
    first, second = service.open(package), service.open(package)
    first.close()
    first.close()
    assert second.predict([grey(255)])[0].score == pytest.approx(1.0)
    second.close()
    assert service.loaded == 0
    with pytest.raises((StateError, InferenceError), match="close"):
        second.predict([grey(255)])


def test_a_model_can_be_opened_again_after_its_last_camera_left(package: Path):
    service = ModelService()
    service.open(package).close()
    again = service.open(package)
    assert again.predict([grey(0)])[0].score == 0.0
    again.close()


def test_a_bad_package_is_refused_and_nothing_stays_open(package: Path):
    (package / "model-fp32.onnx").write_bytes(b"no model")
    service = ModelService()
    with pytest.raises(PackageError):
        service.open(package)
    with pytest.raises(PackageError, match="manifest"):
        service.open(package / "nowhere")
    assert service.loaded == 0


def test_a_front_has_buffers_of_its_own(package: Path):
    service = ModelService()
    a, b = service.open(package), service.open(package)
    several: OnnxPredictor = a
    assert [p.score for p in several.predict([grey(0), grey(255)])] == pytest.approx([0.0, 1.0])
    assert b.predict([grey(51)])[0].score == pytest.approx(0.2)
    a.close()
    b.close()
