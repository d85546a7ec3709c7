"""The doctor: each check told of a sick machine says so, and what to do."""

from __future__ import annotations

import datetime as dt
import io
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import onnx
import pytest

from inspector.errors import SourceOpenError
from inspector.inference.gallery import Verification
from inspector.inference.providers import CPU
from inspector.sources.credentials import Credentials
from inspector.sources.discover import FoundCamera
from inspector.station.doctor import networks
from inspector.station.doctor.disk import check_disk, file_system, measure
from inspector.station.doctor.findings import (
    Finding,
    Severity,
    error,
    exit_code,
    note,
    ok,
    run_checks,
    warning,
)
from inspector.station.doctor.machine import (
    check_cameras,
    check_clock,
    check_keyring,
    check_machine,
    check_permissions,
)
from inspector.station.doctor.networks import PROBE, check_models, check_providers
from inspector.station.doctor.programs import check_versions
from inspector.station.doctor.record import check_record
from inspector.store.opening import open_store
from inspector.store.recorder import begin_run
from tests.support.records import END, part, run_start

UTC = dt.UTC


def worst(findings: Iterable[Finding]) -> Finding:
    return max(reversed(list(findings)), key=lambda f: f.severity)


def test_exit_codes_are_those_of_monitoring_plug_ins() -> None:
    assert exit_code([]) == 0
    assert exit_code([ok("a", ""), note("a", "")]) == 0
    assert exit_code([warning("a", "", "")]) == 1
    assert exit_code([warning("a", "", ""), error("b", "", ""), ok("c", "")]) == 2


def test_a_check_that_breaks_is_a_finding_and_the_next_is_made() -> None:
    def broken() -> Iterable[Finding]:
        raise SourceOpenError("no\nidea")

    first, second = run_checks([("cameras", broken), ("b", lambda: [ok("b", "well")])])
    assert (first.severity, first.what, first.found) == (Severity.ERROR, "cameras", "no idea")
    assert second == ok("b", "well")


@pytest.mark.parametrize(
    ("year", "synchronised", "severity", "says"),
    [
        (2026, True, Severity.OK, "synchronised"),
        (2026, False, Severity.WARNING, "not synchronised"),
        (2026, None, Severity.NOTE, "cannot be told"),
        (1970, True, Severity.ERROR, "1970"),
    ],
)
def test_clock(year: int, synchronised: bool | None, severity: Severity, says: str) -> None:
    (found,) = check_clock(lambda: dt.datetime(year, 1, 2, tzinfo=UTC), lambda: synchronised)
    assert found.severity is severity
    assert says in found.found


@pytest.mark.parametrize(
    ("installed", "severity", "says"),
    [
        ({"numpy": "2.1", "rich": "15"}, Severity.OK, "as tested"),
        ({"numpy": "2.1+cpu", "rich": "15"}, Severity.OK, "as tested"),
        ({"numpy": "1.26", "rich": "15"}, Severity.ERROR, "numpy 1.26"),
        ({"rich": "15"}, Severity.ERROR, "numpy is not installed"),
        ({"numpy": "2.2", "rich": "15"}, Severity.WARNING, "numpy 2.2 (tested: 2.1)"),
        ({"numpy": "2.1", "rich": "16"}, Severity.NOTE, "rich 16"),
        (
            {"numpy": "2.1", "onnxruntime": "1", "onnxruntime-gpu": "1"},
            Severity.ERROR,
            "both installed",
        ),
    ],
)
def test_versions(tmp_path: Path, installed: dict[str, str], severity: Severity, says: str) -> None:
    pins = tmp_path / "constraints.txt"
    pins.write_text("numpy==2.1\nrich==15\n# a remark\nabsent==3\n")
    asked = ["numpy>=2", 'torch; extra == "training"', "win; sys_platform == 'plan9'"]
    found = worst(check_versions(installed, constraints=pins, requires=lambda: asked))
    assert found.severity is severity
    assert says in found.found


def test_disk(tmp_path: Path) -> None:
    (found,) = check_disk("disk", tmp_path)
    assert "MB/s" in found.found
    assert list(tmp_path.iterdir()) == []
    assert worst(check_disk("disk", tmp_path, free=lambda p: 2**20)).severity is Severity.ERROR
    assert worst(check_disk("disk", tmp_path, free=lambda p: 2**30)).severity >= Severity.WARNING
    assert worst(check_disk("disk", tmp_path / "no")).severity is Severity.NOTE
    assert min(measure(tmp_path)) > 0
    assert isinstance(file_system(tmp_path), str)


def test_permissions(tmp_path: Path) -> None:
    assert worst(check_permissions(tmp_path / "r.db", ())).severity is Severity.OK
    missing = worst(check_permissions(tmp_path / "no" / "r.db", ()))
    assert (missing.severity, missing.todo != "") == (Severity.ERROR, True)
    key = tmp_path / "r.db.audit-key"
    key.write_bytes(b"k")
    key.chmod(0o644)
    assert "chmod" in worst(check_permissions(tmp_path / "r.db", ())).todo


def test_cameras() -> None:
    assert worst(check_cameras(lambda: ())).severity is Severity.NOTE
    seen = worst(check_cameras(lambda: (FoundCamera("Eye", "0", "USB"),)))
    assert (seen.severity, "Eye" in seen.found) == (Severity.OK, True)


class _Keyring:
    priority = 5.0


def test_keyring_and_machine() -> None:
    assert worst(check_keyring(Credentials(_Keyring()))).severity is Severity.OK  # type: ignore[arg-type]
    assert len(list(check_machine())) == 1


def test_the_probe_is_what_it_says() -> None:
    model = onnx.load(io.BytesIO(PROBE))
    onnx.checker.check_model(model)
    assert [node.op_type for node in model.graph.node] == ["Relu"]


def test_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(check_providers(lambda name: "not here"))
    assert [f.severity for f in found] == [Severity.NOTE, Severity.NOTE, Severity.OK]
    assert CPU in found[-1].found
    # listed, and yet it cannot be made
    broken = worst(check_providers(lambda name: None))
    assert broken.severity is Severity.ERROR
    monkeypatch.setattr(networks, "PROBE", b"\x08\x08")
    assert worst(check_providers(lambda name: "no")).severity is Severity.ERROR


def test_models(tmp_path: Path) -> None:
    assert worst(check_models(tmp_path / "no")).severity is Severity.NOTE
    assert worst(check_models(tmp_path)).severity is Severity.WARNING
    (tmp_path / "nut" / "1").mkdir(parents=True)
    (tmp_path / "nut" / "1" / "manifest.json").write_text("{")
    bad = Verification(problem="golden outputs differ")
    found = worst(check_models(tmp_path, verify=lambda path: bad))
    assert (found.severity, "nut@1" in found.found) == (Severity.ERROR, True)


def _damaged(db: Path) -> None:
    with db.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096 * 3)


def _future(db: Path) -> None:
    with closing(sqlite3.connect(db)) as raw:
        raw.execute("UPDATE runs SET started_at = started_at + 3600000000")
        raw.commit()


@pytest.mark.parametrize(
    ("spoil", "severity", "says"),
    [
        (lambda db: None, Severity.OK, "3 parts"),
        (_damaged, Severity.ERROR, "damaged"),
        (_future, Severity.WARNING, "future"),
        (lambda db: db.write_text("no record" * 99), Severity.ERROR, "not a record"),
        (lambda db: db.unlink(), Severity.NOTE, "none at"),
    ],
)
def test_record(
    tmp_path: Path, spoil: Callable[[Path], object], severity: Severity, says: str
) -> None:
    store = open_store(tmp_path / "r.db")
    recorder = begin_run(store, run_start())
    recorder.write([], [part(n) for n in range(3)])
    recorder.finish(END)
    with closing(sqlite3.connect(tmp_path / "r.db")) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    spoil(tmp_path / "r.db")
    now = run_start().started_at + dt.timedelta(minutes=1)
    found = worst(check_record(tmp_path / "r.db", now=lambda: now))
    assert found.severity is severity, found
    assert says in found.found
