"""A person's word, from the command line to the folder that training reads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inspector.core.inspection import Part, Verdict
from inspector.store.images import ImageArchive
from inspector.store.opening import open_store
from inspector.store.recorder import begin_run
from tests.support.cli import InProcess
from tests.support.fakes import frame
from tests.support.records import part, run_start
from tests.support.train_cli import TrainCli

RUN = "01" + "A" * 24


def station(folder: Path, verdicts: list[Verdict]) -> list[Part]:
    """A record and its archive, as ``inspector run`` leaves them."""
    parts = [part(n, verdict, run_id=RUN) for n, verdict in enumerate(verdicts)]
    recorder = begin_run(open_store(folder / "line.db"), run_start(RUN))
    keeper = ImageArchive(
        folder / "line-parts", quota_bytes=10**9, keep_free_bytes=0, on_saved=recorder.note_image
    )
    with keeper:
        for n, one in enumerate(parts):
            pixels = np.random.default_rng(n).integers(0, 255, (40, 40, 3), np.uint8)
            assert keeper.offer(one, frame(10 * n, pixels))
    recorder.write([], parts)
    recorder.close()
    return parts


def test_labels_of_a_station_become_a_data_set(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inspector, train = InProcess(capfd, monkeypatch), TrainCli(capfd, monkeypatch)
    parts = station(tmp_path, [Verdict.FAIL, Verdict.REVIEW, Verdict.FAIL, Verdict.INVALID])
    db = ("--db", tmp_path / "line.db", "--why", "looked at it", "--who", "anna")
    said = ["good", "good", "bad"]
    for one, word in zip(parts, said, strict=False):
        kind = ("--type", "bent lead") if word == "bad" else ()
        result = inspector("labels", "set", one.part_id, word, *db, *kind)
        assert result.code == 0, result.err
        assert "1 written" in result.out
    again = inspector("labels", "write", "--db", tmp_path / "line.db")
    assert "3 labels: 0 written, 3 as they were" in again.out

    result = train(
        "prepare", tmp_path / "line-parts", "--out", tmp_path / "data", "--category", "nut",
        "--test-share", 0, "--label-as", "reviewed", "--json", "-",
    )  # fmt: skip
    assert result.code == 0, result.err
    folder = Path(json.loads(result.out)["written"])
    assert len(list((folder / "train" / "good").iterdir())) == 2
    assert len(list((folder / "test" / "bent_lead").iterdir())) == 1
    assert len(list((folder / "unlabelled").iterdir())) == 1
    assert "anna" in (folder / "provenance.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("good", "--type", "scratch"), "only a bad part has one"),
        (("bad", "--type", "ok"), "reads as good"),
    ],
)
def test_a_label_that_makes_no_sense(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    (one,) = station(tmp_path, [Verdict.FAIL])
    inspector = InProcess(capfd, monkeypatch)
    result = inspector(
        "labels", "set", one.part_id, *arguments, "--db", tmp_path / "line.db", "--why", "x"
    )
    assert result.code == 2
    assert words in result.err


def test_no_record_is_made_for_a_label(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inspector = InProcess(capfd, monkeypatch)
    result = inspector("labels", "set", "P", "good", "--db", tmp_path / "no.db", "--why", "x")
    assert result.code == 2
    assert "no record at" in result.err
    assert not (tmp_path / "no.db").exists()
