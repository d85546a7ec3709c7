"""``inspector simulate``."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from inspector.cli.simulate import command
from inspector.errors import InputError, SourceOpenError
from inspector.sources.simulator.source import FrameMaker
from inspector.sources.simulator.spec import parse_spec

SMALL = "sim:metal_nut?seed=2&defect_rate=0.5&width=320&height=240"


@pytest.fixture
def simulate(tmp_path):
    """Runs the command into ``tmp_path``; errors come out as they are raised."""
    app = typer.Typer()
    app.command()(command)

    def run(*arguments, source=SMALL):
        result = CliRunner().invoke(app, [source, "--out", str(tmp_path), *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def frames_of(path):
    capture = cv2.VideoCapture(str(path))
    frames = []
    while (step := capture.read())[0]:
        frames.append(step[1])
    capture.release()
    return frames


def test_footage_can_be_read_back_and_its_truth_fits(simulate, tmp_path):
    result = simulate("--parts", "3")
    assert result.exit_code == 0
    assert "ROI 53,13,213,213" in result.output
    assert files(tmp_path) == ["metal_nut_line.csv", "metal_nut_line.mp4"]
    frames = frames_of(tmp_path / "metal_nut_line.mp4")
    assert len(frames) == 90
    with FrameMaker(parse_spec(SMALL)) as maker:
        error = frames[15].astype(np.int32) - maker.image(15)
    assert np.abs(error).mean() < 6
    text = (tmp_path / "metal_nut_line.csv").read_text()
    assert text.splitlines()[0] == (
        "part,first_frame,last_frame,rest_first,rest_last,label,defect_type,image"
    )
    rows = list(csv.DictReader(text.splitlines()))
    assert [r["first_frame"] for r in rows] == ["4", "34", "64"]
    assert all((r["label"] == "good") == (r["defect_type"] == "good") for r in rows)


def test_moving_belt_has_no_rest_frames(simulate, tmp_path):
    simulate("--frames", "40", "--name", "moving", source=f"{SMALL}&belt=moving")
    rows = list(csv.DictReader((tmp_path / "moving.csv").read_text().splitlines()))
    assert [(r["first_frame"], r["last_frame"]) for r in rows] == [("4", "29"), ("34", "39")]
    assert {r["rest_first"] for r in rows} == {""}


def test_images_come_in_the_layout_of_mvtec_with_masks(simulate, tmp_path):
    counts = ("--train-good", "2", "--test-good", "1", "--per-defect", "2")
    result = simulate("--kind", "images", *counts, source=f"{SMALL}&defects=chip,stain")
    assert result.exit_code == 0
    assert files(tmp_path / "metal_nut") == [
        "ground_truth/chip/000_mask.png",
        "ground_truth/chip/001_mask.png",
        "ground_truth/stain/000_mask.png",
        "ground_truth/stain/001_mask.png",
        "test/chip/000.png",
        "test/chip/001.png",
        "test/good/000.png",
        "test/stain/000.png",
        "test/stain/001.png",
        "train/good/000.png",
        "train/good/001.png",
    ]
    image = cv2.imread(str(tmp_path / "metal_nut/test/chip/001.png"))
    mask = cv2.imread(str(tmp_path / "metal_nut/ground_truth/chip/001_mask.png"), -1)
    assert image.shape == (213, 213, 3)
    assert mask.shape == (213, 213)
    assert set(np.unique(mask)) == {0, 255}


def test_existing_files_are_kept_unless_forced(simulate, tmp_path):
    simulate("--frames", "3")
    before = (tmp_path / "metal_nut_line.mp4").read_bytes()
    with pytest.raises(InputError, match=r"exists.*--force"):
        simulate("--frames", "9")
    assert (tmp_path / "metal_nut_line.mp4").read_bytes() == before
    assert simulate("--frames", "9", "--force").exit_code == 0
    assert len(frames_of(tmp_path / "metal_nut_line.mp4")) == 9


def test_existing_images_are_kept_unless_forced(simulate, tmp_path):
    images = ("--kind", "images", "--train-good", "1", "--test-good", "0", "--per-defect", "0")
    simulate(*images)
    with pytest.raises(InputError, match=r"not empty.*--force"):
        simulate(*images)
    assert simulate(*images, "--force").exit_code == 0


def test_an_interrupted_run_leaves_nothing(simulate, tmp_path, monkeypatch):
    def fail(self, number):
        raise KeyboardInterrupt

    monkeypatch.setattr(FrameMaker, "image", fail)
    with pytest.raises((KeyboardInterrupt, AssertionError)):
        assert simulate("--frames", "3").exit_code == 0
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "source", "error", "words"),
    [
        ((), SMALL, InputError, "--parts N or --frames N"),
        (("--frames", "3"), "sim:teapot", SourceOpenError, "metal_nut"),
        (("--frames", "3", "--name", "a/b"), SMALL, InputError, "plain file name"),
        (("--frames", "3", "--kind", "images"), SMALL, InputError, "--kind footage"),
    ],
)
def test_wrong_use_is_refused(simulate, tmp_path, arguments, source, error, words):
    with pytest.raises(error, match=words) as caught:
        simulate(*arguments, source=source)
    assert caught.value.exit_code == 2
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_a_clear_error(simulate, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        simulate("--frames", "3", "--out", str(tmp_path / "file"))
