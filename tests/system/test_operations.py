"""What keeps a station in operation, by its commands."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.support.cli import InProcess


def test_a_run_tells_its_log_what_came_of_it(
    cli: InProcess, package: Path, pictures: Path, tmp_path: Path
) -> None:
    done = cli("run", pictures, "--model", package, "--db", tmp_path / "line.db")
    assert done.code == 0, done
    said = [json.loads(line) for line in (tmp_path / "line.log").read_text().splitlines()]
    messages = [line["message"] for line in said]
    assert messages[0] == "began"
    assert messages[-1] == "closed"
    assert {"run began", "run ended"} <= set(messages)
    (end,) = [line for line in said if line["message"] == "run ended"]
    assert end["state"] == "STOPPED"
    assert end["parts"]["total"] == 10
    assert end["run_id"]
    rejects = [line for line in said if line["message"].startswith("part ")]
    assert sorted(line["message"] for line in rejects) == ["part 4 FAIL", "part 7 INVALID"]


def test_a_run_that_is_refused_says_why_in_the_log(
    cli: InProcess, package: Path, tmp_path: Path
) -> None:
    done = cli("run", tmp_path / "no.mp4", "--model", package, "--db", tmp_path / "line.db")
    assert done.code == 2
    assert "no such file" in (tmp_path / "line.log").read_text()


def test_backup_and_restore(cli: InProcess, package: Path, pictures: Path, tmp_path: Path) -> None:
    db = tmp_path / "line.db"
    cli("run", pictures, "--model", package, "--db", db)
    made = cli("backup", tmp_path / "b", "--db", db, "--archive", tmp_path / "line-parts")
    assert (made.code, made.err) == (0, "")
    assert "10 parts" in made.out
    back = cli(
        "restore", tmp_path / "b", "--db", tmp_path / "n.db", "--archive", tmp_path / "n-parts"
    )
    assert (back.code, back.err) == (0, "")
    stats = cli("stats", "--db", tmp_path / "n.db")
    assert stats.code == 0
    assert {p.suffix for p in (tmp_path / "n-parts").rglob("*.*")} >= {".png", ".json"}


def test_the_doctor_says_on_one_page_what_is_wrong(
    cli: InProcess, package: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models" / "tiny"
    models.mkdir(parents=True)
    package.rename(models / "1")
    place = ("--db", tmp_path / "line.db", "--models", tmp_path / "models", "--json", "-")
    done = cli("doctor", *place)
    told = json.loads(done.out)
    assert done.code == told["exit_code"] in (0, 1)
    golden = [f for f in told["findings"] if f["what"] == "models"]
    assert [f["severity"] for f in golden] == ["ok"]
    assert len(done.err.splitlines()) < 60

    (models / "1" / "golden-fp32.npz").unlink()
    (tmp_path / "line.db").write_bytes(b"rust" * 999)
    done = cli("doctor", *place)
    errors = [f for f in json.loads(done.out)["findings"] if f["severity"] == "error"]
    assert done.code == 2
    assert {f["what"] for f in errors} == {"models", "record"}
    assert all(f["todo"] for f in errors)


def test_diagnostics_hold_no_secret_and_no_picture_unless_asked(
    cli: InProcess, package: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINE_API_TOKEN", "t0k3n-of-the-line")
    db = tmp_path / "line.db"
    cli("run", pictures, "--model", package, "--db", db)
    secrets = ("sw0rd/f1sh@", "sw0rd%2Ff1sh", "t0k3n-of-the-line", "hunter2")
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    (jobs / "a.toml").write_text('name = "a"\nsource = "rtsp://u:sw0rd/f1sh@@cam/x"\n')
    (tmp_path / "extra.toml").write_text('password = "hunter2"\n# t0k3n-of-the-line\n')
    with (tmp_path / "line.log").open("a") as log:
        log.write('{"message": "rtsp://u:sw0rd%2Ff1sh@cam t0k3n-of-the-line"}\n')
    place = ("--db", db, "--jobs", jobs, "--config", tmp_path / "extra.toml")

    done = cli("diagnostics", tmp_path / "d.zip", *place)
    assert (done.code, done.err) == (0, "")
    with zipfile.ZipFile(tmp_path / "d.zip") as bundle:
        held = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert held.keys() >= {
        "doctor.json",
        "versions.json",
        "record/schema.sql",
        "record/counts.json",
        "record/runs.json",
        "config/000-a.toml",
        "logs/line.log",
    }
    assert json.loads(held["record/counts.json"])["rows"]["parts"] == 10
    assert not [name for name in held if name.endswith((".png", ".jpg"))]
    found = [(name, s) for name, text in held.items() for s in secrets if s in text]
    assert found == []

    assert cli("diagnostics", tmp_path / "d.zip", *place).code == 2
    assert cli("diagnostics", tmp_path / "e.zip", *place, "--with-images", "1").code == 0
    with zipfile.ZipFile(tmp_path / "e.zip") as bundle:
        assert len([n for n in bundle.namelist() if n.endswith(".png")]) == 1


def test_diagnostics_of_a_broken_station_say_what_is_missing(
    cli: InProcess, tmp_path: Path
) -> None:
    (tmp_path / "line.db").write_bytes(b"rust" * 999)
    done = cli("diagnostics", tmp_path / "d.zip", "--db", tmp_path / "line.db")
    assert done.code == 0
    assert "left out  record" in done.out
