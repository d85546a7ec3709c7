"""``inspector station``: several cameras, one record, shared models."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.support.cli import InProcess

SOURCE = "sim:metal_nut?width=320&height=180&fps=60&parts=2&seed={seed}"


def write_station(folder: Path, package: Path, sources: dict[str, str]) -> Path:
    """A station file whose cameras share one job."""
    (folder / "nut.toml").write_text(f'name = "nut"\nmodel = "{package}"\n')
    cameras = [
        f'[[cameras]]\nname = "{name}"\njob = "nut.toml"\nsource = "{source}"\n'
        for name, source in sources.items()
    ]
    path = folder / "line.toml"
    path.write_text('station = "line-3"\n' + "".join(cameras))
    return path


def rows(db: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(db)
    found = connection.execute(query).fetchall()
    connection.close()
    return found


def test_three_cameras_write_one_record_and_share_a_model(
    cli: InProcess, package: Path, tmp_path: Path
):
    shutil.copytree(package, tmp_path / "copy")
    file = write_station(tmp_path, package, {n: SOURCE.format(seed=i) for i, n in enumerate("abc")})
    result = cli("station", file, "--json", tmp_path / "out.json")
    assert result.code == 0, result
    assert "models    1 loaded for 3 cameras" in result.out
    cameras = json.loads((tmp_path / "out.json").read_text())["cameras"]
    assert list(cameras) == ["a", "b", "c"]
    for document in cameras.values():
        frames = document["frames"]
        assert frames["captured"] == frames["inspected"] + frames["dropped"] + frames["failed"]
    stations = rows(tmp_path / "inspector.db", "SELECT station_id FROM runs ORDER BY station_id")
    assert stations == [("line-3.a",), ("line-3.b",), ("line-3.c",)]
    counted = sum(document["parts"]["total"] for document in cameras.values())
    assert counted > 0
    assert rows(tmp_path / "inspector.db", "SELECT count(*) FROM parts") == [(counted,)]


def test_a_camera_that_cannot_be_opened_is_named_and_nothing_runs(
    cli: InProcess, package: Path, tmp_path: Path
):
    file = write_station(
        tmp_path, package, {"left": SOURCE.format(seed=1), "right": str(tmp_path / "gone.mp4")}
    )
    result = cli("station", file)
    assert result.code == 2
    assert "camera right" in result.err
    assert "gone.mp4" in result.err
    assert rows(tmp_path / "inspector.db", "SELECT count(*) FROM parts") == [(0,)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("cameras = []", "cameras"),
        ('[[cameras]]\nname = "a"\njob = "gone.toml"\n', "gone.toml"),
        ('[[cameras]]\nname = "a"\njob = "line.toml"\n', "job"),
    ],
)
def test_bad_station_files_are_refused_in_one_line(
    cli: InProcess, tmp_path: Path, text: str, problem: str
):
    file = tmp_path / "line.toml"
    file.write_text(text)
    result = cli("station", file)
    assert result.code == 2
    assert problem in result.err
    assert len(result.err.strip().splitlines()) == 1
