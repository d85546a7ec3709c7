"""The log: whole lines of JSON, bounded, without secrets, and no danger to a run."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from inspector.core.log_rule import LogRule
from inspector.errors import ConfigError, ProgramError, StoreError
from inspector.station import logbook as module
from inspector.station.logbook import log_beside, logbook

LOG = logging.getLogger("inspector.test")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_says_when_who_where_and_what(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with logbook(path, LogRule()):
        LOG.info("part %d", 3, extra={"run_id": "R", "score": float("nan"), "odd": object})
        LOG.debug("too fine")
    LOG.info("after the end")
    found = lines(path)
    assert [line["message"] for line in found] == ["began", "part 3", "closed"]
    assert found[1].keys() >= {"at", "level", "logger", "thread", "pid", "message"}
    assert (found[1]["run_id"], found[1]["score"], found[1]["level"]) == ("R", "nan", "info")


def test_no_secret_reaches_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSPECTOR_AUDIT_KEY", "00ff" * 16)
    path = tmp_path / "a.log"

    def run() -> None:
        with logbook(path, LogRule()) as redactor:
            redactor.hide("s3cr%t/@ö")
            LOG.info("rtsp://u:odd/p@ss@cam and %s", "s3cr%t/@ö", extra={"password": "bare"})
            LOG.info("00ff" * 16, extra={"at_url": ["http://a:bb@c/"]})
            raise StoreError("broke at s3cr%25t%2F%40%C3%B6")

    with pytest.raises(StoreError):
        run()
    text = path.read_text(encoding="utf-8")
    for secret in ("s3cr", "p@ss", "bare", "00ff", "bb@"):
        assert secret not in text, text


def test_a_text_is_cut_after_its_secrets_are_out(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with logbook(path, LogRule()) as redactor:
        redactor.hide("sw0rdf1shes")
        LOG.info("%s", "x" * (module.MAX_TEXT - 5) + "sw0rdf1shes")
        LOG.info("y", extra={"what": "x" * (module.MAX_TEXT - 5) + "sw0rdf1shes"})
    assert "sw0" not in path.read_text(encoding="utf-8")


def test_errors_that_nobody_catches_are_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    path = tmp_path / "a.log"

    def fail() -> None:
        raise RuntimeError("boom")

    def run() -> None:
        with logbook(path, LogRule()):
            thread = threading.Thread(target=fail, name="capture")
            thread.start()
            thread.join()
            raise ZeroDivisionError

    with pytest.raises(ProgramError, match=r"ZeroDivisionError: .*traceback is in"):
        run()
    errors = [line for line in lines(path) if "error" in line]
    assert "RuntimeError: boom" in errors[0]["error"]
    assert "ZeroDivision" in errors[1]["error"]
    assert [e["level"] for e in errors] == ["critical", "error"]


def test_it_is_rotated_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEGABYTE", 1000)
    path = tmp_path / "a.log"
    with logbook(path, LogRule(max_mb=2, files=2)):
        for n in range(100):
            LOG.info("line %d %s", n, "x" * 80)
    files = sorted(tmp_path.glob("a.log*"))
    assert [p.name for p in files] == ["a.log", "a.log.1", "a.log.2"]
    assert all(p.stat().st_size <= 2000 + 300 for p in files)
    assert lines(path)[-1]["message"] == "closed"


def test_two_programs_write_one_log_without_tearing_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    code = (
        "import logging,sys; from pathlib import Path\n"
        "from inspector.core.log_rule import LogRule\n"
        "from inspector.station import logbook as m\n"
        "m.MEGABYTE = 10_000\n"
        "with m.logbook(Path(sys.argv[1]), LogRule(max_mb=1, files=50)):\n"
        "    for n in range(200): logging.getLogger('inspector.x').info('%s %d', sys.argv[2], n)\n"
    )
    programs = [
        subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in ("a", "b")
    ]
    assert [p.wait(60) for p in programs] == [0, 0]
    said = [line["message"] for p in tmp_path.glob("a.log*") for line in lines(p)]
    for name in ("a", "b"):
        assert sorted(m for m in said if m.startswith(f"{name} ")) == sorted(
            f"{name} {n}" for n in range(200)
        )


def test_a_full_disk_ends_nothing_and_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.log"

    def full(handler: object, message: str) -> None:
        raise OSError(28, "No space left on device")

    with logbook(path, LogRule()):
        with monkeypatch.context() as broken:
            broken.setattr(module.ConcurrentRotatingFileHandler, "do_write", full)
            LOG.error("lost")
        LOG.error("kept")
    assert capsys.readouterr().err == ""
    assert [line["message"] for line in lines(path)] == ["began", "kept", "closed"]
    assert lines(path)[-1]["lines_lost"] == 1


def test_places_that_cannot_be_used(tmp_path: Path) -> None:
    for path, words in ((tmp_path, "folder"), (tmp_path / "no" / "a.log", "no folder")):
        with pytest.raises(ConfigError, match=words), logbook(path, LogRule()):
            pass
    assert log_beside(Path("x/line.db")) == Path("x/line.log")
