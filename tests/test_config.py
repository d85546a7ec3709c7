from __future__ import annotations

from pathlib import Path

import pytest

from inspector.cli.options import run_config
from inspector.config import load_job, load_trigger_frames, parse_frame_range, read_document
from inspector.errors import ConfigError

JOB = 'name = "nut"\nsource = "line.mp4"\nmodel = "pkg"\n[camera]\nexposure = -5.0\n'


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    (tmp_path / "nut.toml").write_text(JOB)
    (tmp_path / "line.mp4").write_bytes(b"")
    return tmp_path


def test_a_job_by_name_and_by_file(jobs: Path):
    assert load_job("nut", jobs) == load_job(str(jobs / "nut.toml"), Path("elsewhere"))


def test_paths_of_a_job_are_relative_to_its_file(jobs: Path):
    config = run_config(source=None, model=None, job="nut", jobs=jobs)
    assert config.source == str(jobs / "line.mp4")
    assert config.model == jobs / "pkg"
    assert config.camera is not None
    assert config.camera.exposure == -5.0


def test_the_command_line_wins_over_the_job(jobs: Path):
    config = run_config(source="0", model=Path("other"), job="nut", jobs=jobs)
    assert (config.source, config.model) == ("0", Path("other"))


def test_an_address_in_a_job_stays_as_it_is(jobs: Path):
    (jobs / "cam.toml").write_text('name = "cam"\nsource = "rtsp://h/x"\nmodel = "pkg"\n')
    assert run_config(source=None, model=None, job="cam", jobs=jobs).source == "rtsp://h/x"


def test_a_source_that_no_file_could_be_called_stays_as_it_is(jobs: Path):
    """Found by fuzzing: the file system's own error came through."""
    (jobs / "cam.toml").write_text(f'name = "cam"\nsource = "{"x" * 5000}"\nmodel = "pkg"\n')
    assert run_config(source=None, model=None, job="cam", jobs=jobs).source == "x" * 5000


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = 3\n", "name"),
        (JOB + "speed = 3\n", "speed"),
        (JOB + "[archive]\nquota_mb = 0\n", "quota_mb"),
        ("[[", "TOML"),
    ],
)
def test_bad_jobs(tmp_path: Path, text: str, says: str):
    (tmp_path / "j.toml").write_text(text)
    with pytest.raises(ConfigError, match=says):
        load_job("j", tmp_path)


def test_an_unknown_job_lists_the_known_ones(jobs: Path):
    with pytest.raises(ConfigError, match="nut"):
        load_job("bolt", jobs)


@pytest.mark.parametrize("text", ["", "3", "3:3", "5:2", "-1:4", "a:b", "0:5000"])
def test_bad_frame_ranges(text: str):
    with pytest.raises(ConfigError, match="frames"):
        parse_frame_range(text)


def test_trigger_frames(tmp_path: Path):
    path = tmp_path / "t.txt"
    path.write_text("3\n\n 17 \n")
    assert load_trigger_frames(path) == {3, 17}
    path.write_text("3\nx\n")
    with pytest.raises(ConfigError, match="line 2"):
        load_trigger_frames(path)


def test_documents_are_small_utf8_files(tmp_path: Path):
    path = tmp_path / "d.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_document(path, "recipe")
    path.write_bytes(b"#" * 2_000_000)
    with pytest.raises(ConfigError, match="larger"):
        read_document(path, "recipe")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_document(tmp_path, "recipe")
