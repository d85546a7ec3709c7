"""Whatever a user can get wrong: one clear line on stderr, exit 2, no traceback."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from inspector.core.protocols import FrameSource
from inspector.sources.factory import open_source
from inspector.sources.options import SourceOptions
from inspector.station import build
from tests.support.cli import InProcess, Result

SHA = "a" * 64


def one_clear_line(result: Result, *says: str) -> None:
    assert result.code == 2, result
    lines = [line for line in result.err.splitlines() if line.strip()]
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    assert "Traceback" not in result.out + result.err
    for text in says:
        assert text in lines[0]


def _zero(path: Path) -> Path:
    path.write_bytes(b"")
    return path


def _text(path: Path) -> Path:
    path.write_text("this is not a video\n" * 50)
    return path


def _empty_folder(path: Path) -> Path:
    path = path.with_suffix("")
    path.mkdir()
    (path / "notes.txt").write_text("no images")
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path, "no such file"),
        (_zero, "empty"),
        (_text, "video"),
        (_empty_folder, "no images"),
    ],
)
def test_files(cli: InProcess, package: Path, tmp_path: Path, make: Callable, says: str):
    source = make(tmp_path / "footage.mp4")
    one_clear_line(cli("replay", source, "--model", package), says, source.name)


@pytest.mark.parametrize(
    "source", ["gopher://x/y", "file:///etc/passwd", "concat:a|b", "sim:teapot"]
)
def test_addresses(cli: InProcess, package: Path, source: str):
    one_clear_line(cli("run", source, "--model", package, "--duration", "1"))


def test_unreachable_stream_and_no_password_in_sight(cli: InProcess, package: Path, tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        address = f"rtsp://operator:sw0rdf1sh@127.0.0.1:{port}/line"
        result = cli("run", address, "--model", package, "--db", tmp_path / "r.db")
    one_clear_line(result, "127.0.0.1")
    assert "sw0rdf1sh" not in result.out + result.err


RECIPE = f'model_sha256 = "{SHA}"\n[thresholds]\nt1 = 0.5\nt2 = 0.8\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (RECIPE + "treshold = 3\n", "treshold"),
        (RECIPE.replace("0.8", "0.1"), "T2"),
        (RECIPE, "was set for model"),
        ("\x00\x01", "TOML"),
        ("a = " + "[" * 100_000, "nested too deeply"),
    ],
)
def test_recipes(cli: InProcess, package: Path, pictures: Path, tmp_path: Path, text, says):
    recipe = tmp_path / "r.toml"
    recipe.write_text(text)
    one_clear_line(cli("replay", pictures, "--model", package, "--recipe", recipe), says)


def _break(package: Path, how: str) -> None:
    model = next(package.glob("*.onnx"))
    manifest = package / "manifest.json"
    document = json.loads(manifest.read_text())
    match how:
        case "checksum":
            data = bytearray(model.read_bytes())
            data[-20] ^= 1
            model.write_bytes(data)
        case "no model":
            model.unlink()
        case "no manifest":
            manifest.unlink()
        case "outputs":
            document["outputs"][1]["shape"] = [99, 99]
            manifest.write_text(json.dumps(document))
        case "unknown key":
            document["surprise"] = 1
            manifest.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("checksum", "sha256"),
        ("no model", "onnx"),
        ("no manifest", "manifest.json"),
        ("outputs", "99, 99"),
        ("unknown key", "surprise"),
    ],
)
def test_packages(cli: InProcess, package: Path, pictures: Path, how: str, says: str):
    _break(package, how)
    one_clear_line(cli("replay", pictures, "--model", package), says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--roi", "0,0,65,10"], "leaves the image"),
        (["--roi", "zero"], "ROI"),
        (["--empty-frames", "5:5"], "frames"),
        (["--empty-frames", "0:50"], "ended before frame 50"),
        (["--truth", "no.csv"], "no such file"),
        (["--require-gpu"], "GPU"),
        (["--variant", "fp16"], "fp16"),
        (["--job", "nothing"], "job"),
        (["--json", "."], "is a folder"),
        (["--json", "no/such/r.json"], "no folder"),
        (["--json"], "--json"),
        (["--bogus"], "--bogus"),
        (["one source too many"], "too many"),
        (["--threads", "0"], "--threads"),
    ],
)
def test_options(cli: InProcess, package: Path, pictures: Path, arguments, says):
    one_clear_line(cli("replay", pictures, "--model", package, *arguments), says)


def test_the_place_of_the_json_document_is_checked_before_the_run(
    cli: InProcess, package: Path, pictures: Path, tmp_path: Path
):
    for command, options in (
        ("run", (pictures, "--db", tmp_path / "r.db")),
        ("replay", (pictures, "--out", tmp_path / "out")),
        ("bench", ("--source", str(pictures), "--db", tmp_path / "b.db")),
    ):
        one_clear_line(cli(command, *options, "--model", package, "--json", tmp_path), "folder")
    assert not (tmp_path / "r.db").exists()
    assert not (tmp_path / "b.db").exists()
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--duration", "nan"),
        ("run", "--duration", "inf"),
        ("run", "--keep-around-fail", "nan"),
        ("bench", "--duration", "nan"),
        ("record", "--out", "x.mkv", "--duration", "nan"),
    ],
)
def test_seconds_that_are_no_number(
    cli: InProcess, package: Path, pictures: Path, arguments: tuple[str, ...]
):
    command, *options = arguments
    source = ("--source",) if command == "bench" else ()
    model = () if command == "record" else ("--model", package)
    one_clear_line(cli(command, *source, pictures, *model, *options), options[-2])


def test_a_missing_argument_or_option(cli: InProcess):
    one_clear_line(cli("simulate", "--out", "x"), "source")
    one_clear_line(cli("stats"), "--db")
    one_clear_line(cli("no-such-command"), "no-such-command")


def test_help_and_a_bare_command_still_show_the_usage(cli: InProcess):
    result = cli("run", "--help")
    assert result.code == 0
    assert "--duration" in result.out
    bare = cli()
    assert bare.code == 2
    assert "Usage" in bare.out + bare.err
    assert "error:" not in bare.err


@pytest.mark.parametrize(
    ("text", "says"),
    [("3\n²\n", "line 2"), ("9" * 5000, "line 1"), ("1_000\n", "line 1"), ("\n", "no frame")],
)
def test_triggers(cli: InProcess, package: Path, pictures: Path, tmp_path: Path, text, says):
    triggers = tmp_path / "t.txt"
    triggers.write_text(text, encoding="utf-8")
    one_clear_line(cli("replay", pictures, "--model", package, "--triggers", triggers), says)


def test_triggers_that_would_be_ignored(
    cli: InProcess, package: Path, pictures: Path, tmp_path: Path
):
    triggers, recipe = tmp_path / "t.txt", tmp_path / "r.toml"
    triggers.write_text("3\n")
    base = ("replay", pictures, "--model", package, "--triggers", triggers)
    one_clear_line(cli(*base, "--empty-frames", "0:2"), "--triggers and --empty-frames")
    assert cli("teach", pictures, "--model", package, "--out", recipe).code == 0
    one_clear_line(cli(*base, "--recipe", recipe), "parts.mode")
    recipe.write_text(recipe.read_text().replace('mode = "frame"', 'mode = "trigger"'))
    assert cli(*base, "--recipe", recipe).code == 0


def test_truth_with_a_field_beyond_any_measure(
    cli: InProcess, package: Path, pictures: Path, tmp_path: Path
):
    truth = tmp_path / "t.csv"
    truth.write_text("part,first_frame,last_frame,label\n0,0,1," + "x" * 200_000 + "\n")
    one_clear_line(cli("replay", pictures, "--model", package, "--truth", truth), "not CSV")


def test_a_job_nested_too_deeply(cli: InProcess, tmp_path: Path):
    job = tmp_path / "j.toml"
    job.write_text("a = " + "[" * 100_000)
    one_clear_line(cli("replay", "--job", job), "nested too deeply")


def test_replay_refuses_what_does_not_wait(
    cli: InProcess, package: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def as_camera(address: str, options: SourceOptions, memory: object = None) -> FrameSource:
        return open_source(address, replace(options, as_live=True))

    monkeypatch.setattr(build, "open_source", as_camera)
    result = cli("replay", pictures, "--model", package, "--out", tmp_path / "out")
    one_clear_line(result, "replay needs recorded footage")
    assert not (tmp_path / "out" / "record.db").exists()


def test_no_model_and_no_source(cli: InProcess, pictures: Path, package: Path):
    one_clear_line(cli("replay", pictures), "--model")
    one_clear_line(cli("replay", "--model", package), "SOURCE")


def test_a_corrupt_picture_among_good_ones_is_invalid_counted_and_not_fatal(
    cli: InProcess, package: Path, pictures: Path, tmp_path: Path
):
    result = cli("replay", pictures, "--model", package, "--json", tmp_path / "r.json")
    assert result.code == 0, result
    document = json.loads((tmp_path / "r.json").read_text())
    assert document["parts"] == {"total": 10, "pass": 8, "fail": 1, "review": 0, "invalid": 1}
    assert document["frames"]["failed"] == 1


def test_a_package_with_external_tensors(
    cli: InProcess, package: Path, pictures: Path, tmp_path: Path
):
    import hashlib

    import onnx
    from onnx import TensorProto

    path = next(package.glob("*.onnx"))
    model = onnx.load(path)
    tensor = model.graph.initializer.add()
    tensor.name, tensor.data_type = "stolen", TensorProto.FLOAT
    tensor.dims.append(4)
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../secret.bin"
    data = model.SerializeToString()
    path.write_bytes(data)
    manifest = package / "manifest.json"
    document = json.loads(manifest.read_text())
    document["variants"][0] |= {
        "sha256": hashlib.sha256(data).hexdigest(),
        "size_bytes": len(data),
    }
    manifest.write_text(json.dumps(document))
    one_clear_line(cli("replay", pictures, "--model", package), "external")


def test_a_record_that_is_no_database(
    cli: InProcess, package: Path, pictures: Path, tmp_path: Path
):
    record = tmp_path / "record.db"
    record.write_bytes(b"something else entirely" * 100)
    result = cli("run", pictures, "--model", package, "--db", record)
    one_clear_line(result, "record.db")
    assert record.read_bytes() == b"something else entirely" * 100


def test_stats_of_nothing(cli: InProcess, tmp_path: Path):
    one_clear_line(cli("stats", "--db", tmp_path / "none.db"), "none.db")


def test_a_disk_too_full_for_the_record(
    cli: InProcess, package: Path, pictures: Path, small_disk: Path
):
    (small_disk / "ballast").write_bytes(b"0" * (small_disk_bytes(small_disk) - 8192))
    one_clear_line(
        cli("run", pictures, "--model", package, "--db", small_disk / "record.db"), "full"
    )


def small_disk_bytes(folder: Path) -> int:
    import shutil

    return shutil.disk_usage(folder).free


@pytest.mark.parametrize(
    "option", [("--provider", "cpu"), ("--threads", "1"), ("--roi", "0,0,9,9")]
)
def test_the_window_takes_no_option_that_it_would_not_heed(
    cli: InProcess, monkeypatch: pytest.MonkeyPatch, option: tuple[str, str]
):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    one_clear_line(cli("gui", *option), option[0], "only with SOURCE")
