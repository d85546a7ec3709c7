"""Whole runs, as their users start them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from inspector.inference.providers import why_no_cuda
from tests.support.cli import InProcess
from tests.support.tiny_model import write_tiny_package

LINE = "sim:metal_nut?seed=3&defect_rate=0.4&width=640&height=360&fps=60"
ROI = "160,20,320,320"


def part_rows(record: Path) -> dict[str, str]:
    with sqlite3.connect(record) as connection:
        rows = connection.execute("SELECT part_id, verdict FROM parts").fetchall()
    connection.close()
    return dict(rows)


def test_replay_twice_gives_the_same_records_and_all_that_was_asked_for(
    cli: InProcess, package: Path, tmp_path: Path
):
    made = cli("simulate", LINE, "--out", tmp_path / "footage", "--parts", 4, "--name", "line")
    assert made.code == 0, made
    documents = []
    for name in ("one", "two"):
        result = cli(
            "replay",
            tmp_path / "footage" / "line.mp4",
            *("--model", package, "--roi", ROI, "--empty-frames", "0:4"),
            *("--truth", tmp_path / "footage" / "line.csv"),
            *("--out", tmp_path / name, "--json", tmp_path / f"{name}.json"),
        )
        assert result.code == 0, result
        documents.append(json.loads((tmp_path / f"{name}.json").read_text()))
    one, two = documents
    assert one["records_sha256"] == two["records_sha256"]
    assert one["parts"]["total"] == one["truth"]["parts_matched"] == 4
    assert sum(one["truth"]["confusion"].values()) == 4
    frames = one["frames"]
    assert frames["captured"] == frames["inspected"] + frames["dropped"] + frames["failed"]
    assert frames["recorded"] == frames["inspected"] + frames["failed"]
    assert frames["dropped"] == 0
    assert (tmp_path / "one" / "annotated.mp4").stat().st_size > 10_000
    assert len(part_rows(tmp_path / "one" / "record.db")) == 4
    rejected = 4 - one["parts"]["pass"]
    assert len(list((tmp_path / "one" / "parts").rglob("*.png"))) == rejected


def test_the_json_document_holds_exactly_what_other_programs_read(
    cli: InProcess, package: Path, pictures: Path, tmp_path: Path
):
    cli("replay", pictures, "--model", package, "--json", tmp_path / "r.json")
    document = json.loads((tmp_path / "r.json").read_text())
    assert list(document) == [
        *("schema", "source", "frames", "parts", "truth", "latency_ms"),
        *("provider", "variant", "model_id", "recipe_id", "records_sha256"),
    ]
    assert document["truth"] is None
    assert document["schema"] == 1
    for times in document["latency_ms"].values():
        assert list(times) == ["p50", "p95", "p99", "max"]


def test_bench_document(cli: InProcess, package: Path, pictures: Path, tmp_path: Path):
    result = cli(
        *("bench", "--model", package, "--source", "sim:metal_nut?width=320&height=180&parts=2"),
        *("--json", tmp_path / "b.json"),
    )
    assert result.code == 0, result
    document = json.loads((tmp_path / "b.json").read_text())
    assert list(document) == [
        *("schema", "provider", "variant", "remarks", "stages_ms", "age_at_verdict_ms"),
        *("memory_to_verdict_ms", "device_split_ms"),
        *("inspections_per_s", "frames_per_s", "dropped", "stalls", "cpu_ms_per_inspection"),
        "rss_mb",
        *("gpu", "own_ms_p50", "load_ms", "first_verdict_ms", "inspected", "frames"),
        *("source", "model_id"),
    ]
    assert list(document["age_at_verdict_ms"]) == ["p50", "p95", "p99", "max"]
    assert {"read", "presence", "queue", "prepare", "network", "judge"} <= set(
        document["stages_ms"]
    )


def test_bench_compares_variants_in_turn(cli: InProcess, tmp_path: Path):
    held = write_tiny_package(tmp_path / "two", t1=0.6, t2=0.8, variants=("fp32", "int8"))
    result = cli(
        *("bench", "--model", held, "--source", "sim:metal_nut?width=320&height=180&parts=1"),
        *("--compare", "fp32", "int8", "--rounds", 2, "--json", tmp_path / "c.json"),
    )
    assert result.code == 0, result
    document = json.loads((tmp_path / "c.json").read_text())
    assert (document["a"], document["b"], document["rounds"]) == ("fp32", "int8", 2)
    network = document["ratios"]["network p50"]
    assert network["ci95_low"] <= network["ratio"] <= network["ci95_high"]


def test_bench_adds_cameras_to_one_model(cli: InProcess, package: Path, tmp_path: Path):
    source = "sim:metal_nut?width=320&height=180&fps=30&parts=1"
    result = cli(
        *("bench", "--model", package, "--source", source, "--cameras", "1,3"),
        *("--duration", "0.5", "--json", tmp_path / "n.json"),
    )
    assert result.code == 0, result
    steps = json.loads((tmp_path / "n.json").read_text())["steps"]
    assert [(s["cameras"], s["models_loaded"], s["wanted_per_s"]) for s in steps] == [
        (1, 1, 30.0),
        (3, 1, 90.0),
    ]
    refused = cli("bench", "--model", package, "--source", source, "--cameras", "1,none")
    assert refused.code == 2
    assert "--cameras" in refused.err
    alone = cli("bench", "--model", package, "--source", source, "--in-step")
    assert alone.code == 2
    assert "--in-step is for several cameras" in alone.err


def test_bench_makes_the_rows_of_a_gpu_in_one_command(
    cli: InProcess, package: Path, tmp_path: Path
):
    """With ``--provider cuda`` where there is one; the very same on the CPU."""
    source = "sim:metal_nut?width=320&height=180&fps=30&parts=1"
    result = cli(
        *("bench", "--model", package, "--source", source, "--provider", "cpu", "--in-memory"),
        *("--plain", "--cameras", "2", "--duration", "0.5", "--json", tmp_path / "n.json"),
    )
    assert result.code == 0, result
    document = json.loads((tmp_path / "n.json").read_text())
    assert document["source"].endswith("frames in memory)")
    assert document["provider"] == "CPUExecutionProvider"
    times = document["memory_to_verdict_ms"]
    assert 0 < times["p50"] <= times["p99"] <= times["max"]
    # waiting between capture and network is in the age alone
    assert times["p50"] <= document["age_at_verdict_ms"]["p50"]
    assert document["device_split_ms"] is None
    assert document["against_plain_loop"]["calls"] == 100
    (step,) = document["cameras"]
    assert (step["cameras"], step["wanted_per_s"]) == (2, 60.0)
    assert "memory to verdict" in result.out


def test_a_provider_that_is_not_there_is_refused_in_a_line(cli: InProcess, package: Path):
    if why_no_cuda() is None:
        pytest.skip("there is a GPU here")
    result = cli("bench", "--model", package, "--provider", "cuda")
    assert result.code == 2
    assert "provider CUDA was asked for, but" in result.err


def test_bench_says_where_the_time_goes(cli: InProcess, package: Path):
    source = "sim:metal_nut?width=320&height=180&parts=1"
    result = cli("bench", "--model", package, "--source", source, "--profile")
    assert result.code == 0, result
    assert "thread inspect: waiting" in result.out
    assert "AveragePool" in result.out


def test_bench_sets_the_predictor_beside_a_plain_loop(
    cli: InProcess, package: Path, tmp_path: Path
):
    source = "sim:metal_nut?width=320&height=180&parts=1"
    result = cli(
        *("bench", "--model", package, "--source", source, "--plain"),
        *("--chart", tmp_path / "c.svg", "--json", tmp_path / "b.json"),
    )
    assert result.code == 0, result
    against = json.loads((tmp_path / "b.json").read_text())["against_plain_loop"]
    assert against["calls"] == 100
    assert against["predictor_ms"] > 0
    assert "network" in (tmp_path / "c.svg").read_text()


def test_footage_around_a_failed_part_can_be_replayed(
    cli: InProcess, package: Path, pictures: Path, tmp_path: Path
):
    result = cli(
        *("run", pictures, "--model", package, "--db", tmp_path / "r.db"),
        *("--keep-around-fail", 0.5),
    )
    assert result.code == 0, result
    (clip,) = (tmp_path / "r-clips").glob("*")
    again = cli("replay", clip, "--model", package, "--json", tmp_path / "again.json")
    assert again.code == 0, again
    assert json.loads((tmp_path / "again.json").read_text())["parts"]["fail"] >= 1


def test_a_taught_recipe_gives_the_same_parts_as_the_options_it_was_taught_with(
    cli: InProcess, package: Path, tmp_path: Path
):
    line = LINE + "&parts=3"
    recipe = tmp_path / "r.toml"
    taught = cli(
        *("teach", line, "--model", package, "--roi", ROI, "--empty-frames", "0:4"),
        *("--out", recipe),
    )
    assert taught.code == 0, taught
    with_options = ("--roi", ROI, "--empty-frames", "0:4")
    parts = []
    for options in (with_options, ("--recipe", recipe)):
        result = cli(*("replay", line, "--model", package, *options, "--json", tmp_path / "r.json"))
        assert result.code == 0, result
        parts.append(json.loads((tmp_path / "r.json").read_text())["parts"])
    assert parts[0] == parts[1]
    assert parts[0]["total"] == 3
    assert cli("teach", line, "--model", package, "--out", recipe).code == 2
