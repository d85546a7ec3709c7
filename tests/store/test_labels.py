"""What people say of parts: only added, audited, and brought to the archive."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from inspector.core.inspection import Verdict
from inspector.core.label import Judgement, Label
from inspector.errors import StoreError, StoreUnavailableError
from inspector.store import label_files, queries, schema
from inspector.store.audit import verify_audit
from inspector.store.images import ImageArchive
from inspector.store.label_files import LabelFiles, Written, archive_of, write_label, write_labels
from inspector.store.labels import (
    add_label,
    known_types,
    labelled_parts,
    labels_of,
    last_label_id,
    newest_label,
    newest_labels,
)
from inspector.store.opening import Store, open_store
from inspector.store.recorder import begin_run
from tests.support.fakes import frame
from tests.support.records import NOW, new_id, part, run_start

KEY = b"k" * 32
RUN = "01" + "A" * 24
BAD = part(3, Verdict.FAIL, run_id=RUN)
GOOD = part(4, run_id=RUN)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = open_store(tmp_path / "record.db")
    recorder = begin_run(store, run_start(RUN, station_id="A"))
    recorder.write([], [BAD, GOOD])
    recorder.close()
    return store


def label(part_id: str, judgement: Judgement, minute: int = 0, **changes) -> Label:
    fields = {"who": "anna", "why": "seen under the lamp"} | changes
    at = NOW + dt.timedelta(minutes=minute)
    return Label(part_id=part_id, at=at, judgement=judgement, **fields)


def test_the_newest_counts_and_all_stay(store: Store) -> None:
    said = [
        label(BAD.part_id, Judgement.GOOD),
        # the clock was set back: the order of saying counts
        label(BAD.part_id, Judgement.BAD, -60, defect_type="scratch", who="bert"),
        label(BAD.part_id, Judgement.WITHDRAWN, 2),
    ]
    before = [add_label(store, KEY, one) for one in said]
    assert before == [None, *said[:2]]
    with queries.snapshot(store) as asked:
        assert labels_of(asked, BAD.part_id) == said
        assert newest_label(asked, BAD.part_id) == said[-1]
        assert newest_label(asked, GOOD.part_id) is None
        assert last_label_id(asked) == 3
        assert asked.execute(select(newest_labels())).all() == []
        # and the verdict is what it was
        assert queries.tally(asked).count(Verdict.FAIL) == 1


def test_an_undo_brings_back_what_was_said_before(store: Store) -> None:
    add_label(store, KEY, label(BAD.part_id, Judgement.GOOD))
    replaced = add_label(store, KEY, label(BAD.part_id, Judgement.BAD))
    assert replaced is not None
    add_label(store, KEY, replaced)
    with queries.snapshot(store) as asked:
        (row,) = asked.execute(select(newest_labels()))
        assert (row.judgement, row.id) == ("GOOD", 3)


def test_every_label_is_in_the_audit_trail_of_its_station(store: Store) -> None:
    add_label(store, KEY, label(BAD.part_id, Judgement.BAD, defect_type="scratch"))
    add_label(store, KEY, label(BAD.part_id, Judgement.GOOD))
    with store.engine.connect() as asked:
        assert verify_audit(asked, KEY, "A").rows == 2
    with queries.snapshot(store) as asked:
        first, second = asked.execute(select(schema.audit).order_by(schema.audit.c.seq))
    assert (first.who, first.old, first.new) == ("anna", None, "scratch")
    assert (second.old, second.new, second.reason) == ("scratch", "good", "seen under the lamp")
    assert BAD.part_id in second.what


def test_a_label_without_its_audit_entry_is_not_kept(store: Store, monkeypatch) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE audit_heads")
    with pytest.raises(StoreError):
        add_label(store, KEY, label(BAD.part_id, Judgement.GOOD))
    with queries.snapshot(store) as asked:
        assert last_label_id(asked) == 0


def test_a_part_that_is_not_in_the_record_is_refused(store: Store) -> None:
    with pytest.raises(StoreUnavailableError, match="holds no part"):
        add_label(store, KEY, label(new_id(), Judgement.GOOD))


def test_types_that_were_named_the_most_frequent_first(store: Store) -> None:
    for kind in ("dent", "scratch", "scratch"):
        add_label(store, KEY, label(BAD.part_id, Judgement.BAD, defect_type=kind))
    with queries.snapshot(store) as asked:
        assert known_types(asked) == ["scratch", "dent"]


@pytest.fixture
def archive(store: Store, tmp_path: Path) -> Path:
    """The picture of the bad part beside the record, as a run leaves it."""
    folder = tmp_path / "record-parts"
    recorder = begin_run(store, run_start("02" + "A" * 24))
    keeper = ImageArchive(
        folder, quota_bytes=10**9, keep_free_bytes=0, on_saved=recorder.note_image
    )
    with keeper:
        keeper.offer(BAD, frame(35))
    recorder.write([], [part(0)])
    recorder.close()
    return folder


def sidecar(archive: Path) -> dict:
    (path,) = archive.rglob("*.json")
    return json.loads(path.read_text())


def write_all(store: Store) -> LabelFiles:
    with queries.snapshot(store) as asked:
        found = labelled_parts(asked)
    return write_labels(found, lambda one: archive_of(store.path, one.archive))


def test_labels_reach_the_sidecar_and_leave_it(store: Store, archive: Path) -> None:
    before = sidecar(archive)
    add_label(store, KEY, label(BAD.part_id, Judgement.BAD, defect_type="scratch"))
    add_label(store, KEY, label(GOOD.part_id, Judgement.GOOD))
    assert write_all(store) == LabelFiles(written=1, no_picture=1)
    assert sidecar(archive) == before | {
        "label": "scratch",
        "labelled_by": "anna",
        "labelled_at": NOW.isoformat(),
        "label_why": "seen under the lamp",
    }
    assert write_all(store) == LabelFiles(unchanged=1, no_picture=1)
    add_label(store, KEY, label(BAD.part_id, Judgement.WITHDRAWN))
    assert write_all(store).written == 1
    assert sidecar(archive) == before
    assert not list(archive.rglob("*.part"))


@pytest.mark.parametrize("path", ["../record-parts/x.png", "/etc/x.png", None, "gone/x.png"])
def test_a_path_that_leaves_the_archive_is_not_followed(archive: Path, path: str | None) -> None:
    (archive / "x.png").touch()
    assert write_label(archive, path, label(BAD.part_id, Judgement.GOOD)) is Written.NO_PICTURE


@pytest.mark.parametrize("text", ["", "{", "[]", '{"part_id": "another"}', "[" * 100_000])
def test_a_damaged_sidecar_is_left_alone(archive: Path, text: str) -> None:
    (path,) = archive.rglob("*.json")
    path.write_text(text)
    relative = path.with_suffix(".png").relative_to(archive).as_posix()
    assert write_label(archive, relative, label(BAD.part_id, Judgement.GOOD)) is Written.DAMAGED
    assert path.read_text() == text


def test_a_picture_deleted_meanwhile_leaves_no_sidecar(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (picture,) = archive.rglob("*.png")
    real = label_files.write_atomically

    def quota_is_quicker(path: Path, data: bytes) -> None:
        picture.unlink()
        path.unlink()
        real(path, data)

    monkeypatch.setattr(label_files, "write_atomically", quota_is_quicker)
    relative = picture.relative_to(archive).as_posix()
    assert write_label(archive, relative, label(BAD.part_id, Judgement.GOOD)) is Written.NO_PICTURE
    assert not list(archive.rglob("*.*"))


def test_where_pictures_lie(tmp_path: Path) -> None:
    record, beside, moved = tmp_path / "r.db", tmp_path / "r-parts", tmp_path / "elsewhere"
    assert archive_of(record, None) == beside
    assert archive_of(record, str(moved)) == moved
    beside.mkdir()
    # record and pictures were copied together from another machine
    assert archive_of(record, str(moved)) == beside
    moved.mkdir()
    assert archive_of(record, str(moved)) == moved
