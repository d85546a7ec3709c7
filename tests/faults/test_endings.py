"""Ends that nobody asked for: signals at random moments, power loss, a reader that stalls."""

from __future__ import annotations

import json
import random
import re
import shutil
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from inspector.core.inspection import Part
from inspector.store.opening import open_store
from inspector.store.recorder import RunRecorder, begin_run
from tests.faults.ledger import Ledger, Row
from tests.faults.line import recorded_parts
from tests.support.cli import start
from tests.support.records import inspection, part, run_start

LINE = "sim:metal_nut?seed=3&defect_rate=0.4&width=320&height=180&fps=60&slide=2&rest=4&empty=3"
ROI = "80,10,160,160"
PRINTED = re.compile(r"part +(\d+) +(PASS|FAIL|REVIEW|INVALID).* (01[0-9A-Z]{24})")
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


def run_until(lines: int, number: signal.Signals, package: Path, folder: Path) -> dict[str, str]:
    """Starts a run, signals it when it has printed so many parts; what it printed in all."""
    process = start(
        *("run", LINE, "--model", package, "--roi", ROI, "--empty-frames", "0:3"),
        *("--db", folder / "record.db", "--json", folder / "run.json"),
        cwd=folder,
    )
    assert process.stdout is not None
    printed: dict[str, str] = {}
    for line in process.stdout:
        if match := PRINTED.search(line):
            printed[match[3]] = match[2]
        if len(printed) >= lines:
            process.send_signal(number)
            break
    rest, errors = process.communicate(timeout=90)
    assert process.returncode == (-number if number is signal.SIGKILL else 0), errors
    return printed | {m[3]: m[2] for line in rest.splitlines() if (m := PRINTED.search(line))}


def _check_accounts(document: Path, parts: int) -> None:
    told = json.loads(document.read_text())
    frames = told["frames"]
    assert frames["captured"] == frames["inspected"] + frames["dropped"] + frames["failed"]
    assert frames["recorded"] == frames["inspected"] + frames["failed"]
    assert told["parts"]["total"] == parts


def signalled(
    number: signal.Signals, moments: list[int], package: Path, folder: Path, ledger: Ledger
) -> None:
    verdicts: Counter[str] = Counter()
    lost = 0
    for moment in moments:
        folder.mkdir(exist_ok=True)
        printed = run_until(moment, number, package, folder)
        recorded = recorded_parts(folder / "record.db")
        lost += sum(recorded.get(key) != verdict for key, verdict in printed.items())
        if number is not signal.SIGKILL:
            _check_accounts(folder / "run.json", len(recorded))
            assert len(recorded) == len(printed)
        with closing(sqlite3.connect(folder / "record.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        verdicts.update(printed.values())
        shutil.rmtree(folder)
    assert lost == 0
    ledger.add(
        Row(
            fault=f"{number.name}, at {len(moments)} random moments",
            where="the process",
            expected="printed means recorded"
            + ("" if number is signal.SIGKILL else "; a clean end, all accounts sound"),
            meanwhile=verdicts,
            lost=lost,
        )
    )


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_at_a_random_moment_loses_nothing_printed(
    number: signal.Signals, package: Path, tmp_path: Path, ledger: Ledger
) -> None:
    signalled(number, [random.Random(number).randint(1, 9)], package, tmp_path / "run", ledger)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_at_a_hundred_random_moments(
    number: signal.Signals, package: Path, tmp_path: Path, ledger: Ledger
) -> None:
    chance = random.Random(number)
    count = 34 if number is signal.SIGKILL else 33
    moments = [chance.randint(1, 40) for _ in range(count)]
    signalled(number, moments, package, tmp_path / "run", ledger)


class PowerLoss:
    """Copies the record's files at random points of writing, as a dead disk would hold them.

    SQLite calls back between the steps of its own program, in the middle of transactions
    too. Of what the log got since the last commit a random part is missing or torn.
    """

    def __init__(self, db: Path, folder: Path, seed: int, every: int) -> None:
        self._db, self._folder = db, folder
        self._chance = random.Random(seed)
        self._every = every
        self._synced = b""
        self.announced: dict[str, str] = {}
        self.losses: list[tuple[Path, dict[str, str]]] = []

    def watch(self, recorder: RunRecorder) -> None:
        raw = recorder._connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        assert raw.execute("PRAGMA synchronous").fetchone() == (2,)
        raw.set_progress_handler(self._step, 50)

    def announce(self, parts: list[Part]) -> None:
        """After ``write`` has returned; power may go in the middle of the commit, too."""
        if self._chance.randrange(4) == 0:
            self._lose()
        self.announced |= {p.part_id: p.verdict.value for p in parts}
        self._synced = self._log.read_bytes() if self._log.exists() else b""

    @property
    def _log(self) -> Path:
        return self._db.with_name(self._db.name + "-wal")

    def _step(self) -> int:
        if self._chance.randrange(self._every) == 0:
            self._lose()
        return 0

    def _lose(self) -> None:
        folder = self._folder / str(len(self.losses))
        folder.mkdir(parents=True)
        shutil.copyfile(self._db, folder / self._db.name)
        if self._log.exists():
            (folder / self._log.name).write_bytes(self._as_a_dead_disk_holds_it())
        self.losses.append((folder / self._db.name, dict(self.announced)))

    def _as_a_dead_disk_holds_it(self) -> bytes:
        """What was synced is whole, old bytes under writes that never arrived included."""
        now, synced = self._log.read_bytes(), self._synced
        old = synced + bytes(max(0, len(now) - len(synced)))
        same = np.frombuffer(now, np.uint8) == np.frombuffer(old, np.uint8)[: len(now)]
        changed = np.flatnonzero(~same)
        if not changed.size:
            return now
        first, end = int(changed[0]), int(changed[-1]) + 1
        arrived = self._chance.randint(first, end)
        torn = self._chance.randint(arrived, end)
        return now[:arrived] + self._chance.randbytes(torn - arrived) + old[torn:]


def lose_power(folder: Path, commits: int, every: int, ledger: Ledger) -> None:
    db = folder / "record.db"
    recorder = begin_run(open_store(db), run_start())
    power = PowerLoss(db, folder / "losses", 1, every)
    power.watch(recorder)
    raw = recorder._connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    for index in range(commits):
        parts = [part(3 * index + n) for n in range(3)]
        recorder.write([inspection(10 * index + n) for n in range(10)], parts)
        power.announce(parts)
        if index % 9 == 8:
            # the next commit begins the log anew, over the old one
            raw.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
    recorder.close()
    assert len(power.losses) >= commits // 10
    lost = sum(_lost(path, announced) for path, announced in power.losses)
    assert lost == 0
    ledger.add(
        Row(
            fault=f"power lost, at {len(power.losses)} random moments of writing",
            where="the record's files",
            expected="the record opens, whole, with all that was announced",
            meanwhile=Counter(PASS=len(power.announced)),
            lost=lost,
        )
    )


def _lost(path: Path, announced: dict[str, str]) -> int:
    open_store(path).close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    recorded = recorded_parts(path)
    shutil.rmtree(path.parent)
    return sum(recorded.get(key) != verdict for key, verdict in announced.items())


def test_power_loss_loses_nothing_announced(tmp_path: Path, ledger: Ledger) -> None:
    lose_power(tmp_path, commits=60, every=60, ledger=ledger)


@pytest.mark.slow
def test_power_loss_at_many_moments(tmp_path: Path, ledger: Ledger) -> None:
    lose_power(tmp_path, commits=1000, every=60, ledger=ledger)
