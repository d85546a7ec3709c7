"""However a run ends, or fails to begin: nothing stays open, and the record says so."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from inspector.config import RunConfig
from inspector.errors import ConfigError, StoreError
from inspector.station import build, keeping
from inspector.station.build import build_station
from inspector.station.keeping import Kept, finish_all
from tests.support.cli import InProcess, start


def runs(record: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(record)) as connection:
        return connection.execute("SELECT state, stop_reason, finished_at FROM runs").fetchall()


@pytest.fixture
def config(package: Path, pictures: Path, tmp_path: Path) -> RunConfig:
    return RunConfig(
        source=str(pictures),
        model=package,
        db=tmp_path / "record.db",
        archive=tmp_path / "parts",
        annotated=tmp_path / "annotated.mp4",
        keep_around_fail=(tmp_path / "clips", 0.5),
    )


def test_a_station_that_is_never_started_leaves_no_thread_and_an_ended_run(config: RunConfig):
    with build_station(config):
        assert config.db is not None
        assert [row[2] for row in runs(config.db)] == [None]
    ((state, reason, finished),) = runs(config.db)
    assert (state, reason) == ("STOPPED", "requested")
    assert finished is not None


def test_a_video_that_cannot_be_kept_ends_in_one_line_and_an_ended_run(
    cli: InProcess, package: Path, pictures: Path, tmp_path: Path
):
    (tmp_path / "out" / "annotated.mp4").mkdir(parents=True)
    result = cli("replay", pictures, "--model", package, "--out", tmp_path / "out")
    assert result.code == 1, result
    assert "annotated.mp4" in result.err
    assert len(result.err.splitlines()) == 1
    ((state, _, finished),) = runs(tmp_path / "out" / "record.db")
    assert state == "STOPPED"
    assert finished is not None


def test_all_is_ended_in_reverse_and_the_first_error_raised_at_the_end():
    ended: list[int] = []

    def ending(number: int) -> Kept:
        def finish(status: object) -> tuple[str, ...]:
            ended.append(number)
            if number > 0:
                raise StoreError(f"number {number}")
            return ()

        return Kept(finish=finish)

    with pytest.raises(StoreError, match="number 2"):
        finish_all([ending(0), ending(1), ending(2)], None)  # type: ignore[arg-type]
    assert ended == [2, 1, 0]


@pytest.mark.parametrize("where", [(build, "Pipeline"), (keeping, "_annotated")])
def test_a_refusal_after_the_threads_were_started_ends_them_and_leaves_no_run(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch, where: tuple[Any, str]
):
    def refuse(*_: object) -> None:
        raise ConfigError("refused")

    monkeypatch.setattr(*where, refuse)
    with pytest.raises(ConfigError, match="refused"):
        build_station(config)
    assert config.db is not None
    assert runs(config.db) == []


def test_a_file_in_place_of_the_archive_folder_leaves_no_run(
    cli: InProcess, package: Path, pictures: Path, tmp_path: Path
):
    (tmp_path / "parts").write_text("")
    result = cli(
        *("run", pictures, "--model", package, "--db", tmp_path / "r.db"),
        *("--archive", tmp_path / "parts"),
    )
    assert result.code == 2, result
    assert runs(tmp_path / "r.db") == []


def test_a_reader_that_goes_away_ends_printing_not_the_run(
    package: Path, pictures: Path, tmp_path: Path
):
    process = start(
        *("run", "sim:metal_nut?seed=1&width=320&height=180&fps=60&frames=120"),
        *("--model", package, "--db", tmp_path / "r.db"),
        cwd=tmp_path,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    for line in process.stdout:
        if line.startswith("part"):
            break
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=30) == 0, errors
    assert [line.split(":")[0] for line in errors.splitlines()] == ["warning"], errors
    ((state, reason, _),) = runs(tmp_path / "r.db")
    assert (state, reason) == ("STOPPED", "end_of_stream")


def test_without_a_reader_from_the_start_the_run_still_ends_by_itself(
    package: Path, pictures: Path, tmp_path: Path
):
    process = start("run", pictures, "--model", package, "--db", tmp_path / "r.db", cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=30) == 0, errors
    ((state, reason, _),) = runs(tmp_path / "r.db")
    assert (state, reason) == ("STOPPED", "end_of_stream")


@pytest.mark.parametrize("name", ["v[red]x", "a[/x]b", "c:smile:d"])
def test_names_are_printed_as_they_are(
    cli: InProcess, package: Path, pictures: Path, tmp_path: Path, name: str
):
    source = tmp_path / name
    source.parent.mkdir(exist_ok=True)
    pictures.rename(source)
    db = tmp_path / "r.db"
    for command in (
        ("run", source, "--model", package, "--db", db, "--keep-around-fail", "0.5"),
        ("replay", source, "--model", package, "--out", tmp_path / f"out{name}"),
    ):
        result = cli(*command)
        assert result.code == 0, result
        assert name in result.out
        assert "[STOPPED] frames 10" in result.out
    assert f"out{name}" in result.out
    bench = cli("bench", "--source", source, "--model", package)
    assert bench.code == 0, bench


def test_the_parts_of_a_run_are_kept_in_memory_only_where_somebody_asks(tmp_path: Path):
    from inspector.cli.replay import Found

    assert Found(None, None, None).listeners == []
    assert len(Found([], None, None).listeners) == 1
    assert len(Found(None, None, tmp_path).listeners) == 1
