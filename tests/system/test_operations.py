"""What keeps a station in operation, by its commands."""

from __future__ import annotations

import json
from pathlib import Path

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
