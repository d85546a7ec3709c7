"""The image archive: what is saved, what goes when room is short, and what never stops."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.core.inspection import Part, Verdict
from inspector.errors import StoreFullError, StoreUnavailableError
from inspector.sources.folder import FolderSource
from inspector.sources.options import SourceOptions
from inspector.store import images
from inspector.store.archive_files import encode_png, scan
from inspector.store.images import ImageArchive
from inspector.store.recorder import ArchivedImage
from tests.support.fakes import frame
from tests.support.records import SPOT, part

RUN = "01" + "A" * 24
PLENTY = 10**12
RNG = np.random.default_rng(3)


def made(index: int, verdict: Verdict = Verdict.FAIL, run_id: str = RUN) -> Part:
    return part(index, verdict, score=0.9, run_id=run_id, defects=(SPOT,))


def noisy(side: int = 48) -> np.ndarray:
    return RNG.integers(0, 256, (side, side, 3), dtype=np.uint8)


def archive(folder: Path, **options) -> ImageArchive:
    settings = {"quota_bytes": PLENTY, "keep_free_bytes": 0, "capacity": 100} | options
    return ImageArchive(folder, **settings)


def kept(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*.png"))


def test_a_failed_part_is_saved_raw_beside_what_is_known_of_it(tmp_path: Path) -> None:
    pixels, bad = noisy(), made(7)
    saved: list[ArchivedImage] = []
    with archive(tmp_path / "kept", on_saved=saved.append) as keeper:
        assert keeper.offer(bad, frame(75, pixels.copy()))

    folder = tmp_path / "kept" / f"000001-{RUN}"
    name = "000007_FAIL_00000075"
    assert sorted(p.name for p in folder.iterdir()) == [f"{name}.json", f"{name}.png"]
    assert np.array_equal(cv2.imread(str(folder / f"{name}.png")), pixels)
    known = json.loads((folder / f"{name}.json").read_text())
    assert (known["schema"], known["part_id"], known["verdict"]) == (1, bad.part_id, "FAIL")
    assert known["defects"] == [{"box": [1, 2, 30, 40], "area_px": 512.5, "peak": 0.75}]
    assert (known["frame_index"], known["station_id"], known["source_id"]) == (75, "s", "fake")
    assert known["captured_at"] == "2026-01-01T00:00:00.750000+00:00"
    (image,) = saved
    assert (image.part_id, image.path) == (bad.part_id, f"{folder.name}/{name}.png")
    assert image.bytes == sum(p.stat().st_size for p in folder.iterdir())
    assert keeper.status.used_bytes == image.bytes


def test_the_archive_of_a_run_replays_in_order(tmp_path: Path) -> None:
    pictures = {index: noisy() for index in (2, 10, 100)}
    with archive(tmp_path) as keeper:
        for index, pixels in pictures.items():
            keeper.offer(made(index), frame(10 * index, pixels.copy()))
    source = FolderSource(tmp_path / f"000001-{RUN}", SourceOptions())
    source.open()
    replayed = [source.read().image for _ in pictures]
    source.close()
    assert all(map(np.array_equal, replayed, pictures.values()))


def test_red_stays_red() -> None:
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 2] = 255
    assert np.array_equal(cv2.imdecode(np.frombuffer(encode_png(red), np.uint8), 1), red)


@pytest.mark.parametrize(
    ("verdict", "one_in", "saved"),
    [
        (Verdict.FAIL, 0, [0, 1, 2, 3, 4, 5]),
        (Verdict.REVIEW, 0, [0, 1, 2, 3, 4, 5]),
        (Verdict.INVALID, 0, [0, 1, 2, 3, 4, 5]),
        (Verdict.PASS, 0, []),
        (Verdict.PASS, 1, [0, 1, 2, 3, 4, 5]),
        (Verdict.PASS, 3, [0, 3]),
    ],
)
def test_which_parts_are_kept(tmp_path: Path, verdict: Verdict, one_in: int, saved) -> None:
    with archive(tmp_path, pass_one_in=one_in) as keeper:
        accepted = [n for n in range(6) if keeper.offer(made(n, verdict), frame(n))]
    assert accepted == saved
    assert [entry.part_index for entry in scan(tmp_path)] == saved
    assert keeper.status.skipped == 0


def test_offer_never_waits_and_counts_what_finds_no_room(tmp_path: Path) -> None:
    taken, go_on = threading.Event(), threading.Event()

    def slow(folder: Path) -> int:
        taken.set()
        assert go_on.wait(30)
        return PLENTY

    with archive(tmp_path, capacity=2, free=slow) as keeper:
        accepted = [keeper.offer(made(0), frame(0))]
        assert taken.wait(30)
        accepted += [keeper.offer(made(n), frame(n)) for n in range(1, 5)]
        waiting = keeper.status
        go_on.set()
    assert accepted == [True, True, True, False, False]
    assert (waiting.waiting, waiting.skipped) == (2, 2)
    assert (keeper.status.saved, keeper.status.skipped, keeper.status.waiting) == (3, 2, 0)
    assert len(kept(tmp_path)) == 3


def test_stop_saves_what_waits_and_can_be_repeated(tmp_path: Path) -> None:
    keeper = archive(tmp_path)
    for n in range(5):
        keeper.offer(made(n), frame(n))
    keeper.start()
    keeper.stop()
    keeper.stop()
    assert len(kept(tmp_path)) == keeper.status.saved == 5
    assert not keeper.offer(made(9), frame(9))
    assert keeper.status.skipped == 1
    archive(tmp_path).stop()  # never started


def size_of_one(tmp_path: Path) -> int:
    with archive(tmp_path / "one") as keeper:
        keeper.offer(made(0), frame(0, noisy()))
    return keeper.status.used_bytes


def test_the_quota_takes_samples_first_and_then_the_oldest(tmp_path: Path) -> None:
    one, folder = size_of_one(tmp_path), tmp_path / "kept"
    order = [Verdict.FAIL, Verdict.PASS, Verdict.REVIEW, Verdict.PASS, *[Verdict.FAIL] * 3]
    with archive(folder, quota_bytes=4 * one + one // 2, pass_one_in=1) as keeper:
        for n, verdict in enumerate(order):
            keeper.offer(made(n, verdict), frame(n, noisy()))
    # 1 and 3 were samples; then the oldest reject had to go
    assert [entry.part_index for entry in scan(folder)] == [2, 4, 5, 6]
    assert keeper.status.used_bytes <= 4 * one + one // 2
    assert (keeper.status.saved, keeper.status.errors) == (7, 0)


def test_no_reject_goes_for_a_sample(tmp_path: Path) -> None:
    one, folder = size_of_one(tmp_path), tmp_path / "kept"
    with archive(folder, quota_bytes=2 * one + one // 2, pass_one_in=1) as keeper:
        for n, verdict in enumerate([Verdict.FAIL, Verdict.FAIL, Verdict.PASS]):
            keeper.offer(made(n, verdict), frame(n, noisy()))
    assert [entry.part_index for entry in scan(folder)] == [0, 1]
    assert isinstance(keeper.status.first_error, StoreFullError)
    assert keeper.status.errors == 1


def test_a_share_of_the_disk_stays_free(tmp_path: Path) -> None:
    one, folder = size_of_one(tmp_path), tmp_path / "kept"

    def free(place: Path) -> int:
        return 10 * one - sum(p.stat().st_size for p in place.rglob("*") if p.is_file())

    with archive(folder, keep_free_bytes=6 * one, free=free) as keeper:
        for n in range(10):
            keeper.offer(made(n), frame(n, noisy()))
    left = [entry.part_index for entry in scan(folder)]
    assert left == list(range(10 - len(left), 10))
    assert len(left) in (3, 4)
    assert keeper.status.saved == 10


def test_a_picture_larger_than_the_quota_costs_no_other(tmp_path: Path) -> None:
    one, folder = size_of_one(tmp_path), tmp_path / "kept"
    with archive(folder, quota_bytes=2 * one) as keeper:
        keeper.offer(made(0), frame(0, noisy()))
        keeper.offer(made(1), frame(1, noisy(200)))
    assert [entry.part_index for entry in scan(folder)] == [0]
    assert keeper.status.errors == 1


def test_earlier_runs_go_first_whatever_the_clock_said_then(tmp_path: Path) -> None:
    one, folder = size_of_one(tmp_path), tmp_path / "kept"
    for run_id in ("07" + "Z" * 24, "01" + "B" * 24):  # the clock was set back
        with archive(folder) as keeper:
            keeper.offer(made(5, run_id=run_id), frame(5, noisy()))
    with archive(folder, quota_bytes=2 * one + one // 2) as keeper:
        keeper.offer(made(0), frame(0, noisy()))
    assert [entry.folder.name for entry in scan(folder)] == [
        "000002-01" + "B" * 24,
        f"000003-{RUN}",
    ]
    assert not (folder / ("000001-07" + "Z" * 24)).exists()


def test_nothing_that_is_not_its_own_is_touched(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    run = folder / f"000001-{RUN}"
    run.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "000001_PASS_00000001.png").write_bytes(b"x" * 1000)
    (folder / ("000002-" + "C" * 26)).symlink_to(elsewhere)
    (run / "000002_PASS_00000002.png").symlink_to(elsewhere / "000001_PASS_00000001.png")
    for name in ("notes.txt", "photo.png", "1_PASS_2.png", "000001_GOOD_00000001.png"):
        (run / name).write_bytes(b"x" * 1000)
        (folder / name).write_bytes(b"x" * 1000)
    (run / "000001_PASS_00000001.png").write_bytes(b"x" * 1000)  # this one is
    (run / "000003_FAIL_00000003.png.part").write_bytes(b"x" * 1000)  # left by a crash
    before = {p for p in tmp_path.rglob("*") if not p.is_dir()}

    one = size_of_one(tmp_path)
    with archive(folder, quota_bytes=one + one // 10) as keeper:
        keeper.offer(made(9), frame(9, noisy()))

    gone = before - {p for p in tmp_path.rglob("*") if not p.is_dir()}
    assert sorted(p.name for p in gone) == [
        "000001_PASS_00000001.png",
        "000003_FAIL_00000003.png.part",
    ]
    assert keeper.status.saved == 1


def test_a_failed_save_is_counted_and_the_first_error_kept(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with archive(folder) as keeper:
        (folder / f"000001-{RUN}").write_text("in the way")
        keeper.offer(made(0), frame(0))
        keeper.offer(replace(made(1), run_id=RUN), frame(1))
        keeper.offer(made(2), frame(2, np.empty((0, 0, 3), np.uint8)))
        keeper.stop()
    status = keeper.status
    assert (status.saved, status.errors) == (0, 3)
    assert isinstance(status.first_error, FileExistsError)
    assert (folder / f"000001-{RUN}").read_text() == "in the way"


def test_a_disk_that_fills_up_in_mid_file_leaves_no_half_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = Path.replace, []

    def failing(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with archive(tmp_path) as keeper:
        keeper.offer(made(0), frame(0))
        keeper.offer(made(1), frame(1))
    assert (keeper.status.saved, keeper.status.errors) == (1, 1)
    assert sorted(p.name for p in tmp_path.rglob("*.*")) == [
        "000001_FAIL_00000001.json",
        "000001_FAIL_00000001.png",
    ]


def test_a_folder_removed_by_hand_does_not_end_the_archive(tmp_path: Path) -> None:
    one, folder = size_of_one(tmp_path), tmp_path / "kept"
    saved = threading.Semaphore(0)
    limit = one + one // 2
    with archive(folder, quota_bytes=limit, on_saved=lambda image: saved.release()) as keeper:
        keeper.offer(made(0), frame(0, noisy()))
        assert saved.acquire(timeout=30)
        shutil.rmtree(folder / f"000001-{RUN}")
        keeper.offer(made(1), frame(1, noisy()))
    assert (keeper.status.saved, keeper.status.errors) == (2, 0)
    assert [entry.part_index for entry in scan(folder)] == [1]


def test_a_root_or_a_home_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("/")
    refused = (Path("/"), tmp_path, tmp_path / "link", Path("/proc"), tmp_path / "file")
    for folder in refused:
        with pytest.raises(StoreUnavailableError):
            archive(folder)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_the_thread_is_seen_and_later_offers_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(images, "write_entry", broken)
    keeper = archive(tmp_path)
    keeper.offer(made(0), frame(0))
    keeper.start()
    keeper._thread.join(30)
    assert not keeper.offer(made(1), frame(1))
    keeper.stop()
    assert isinstance(keeper.status.first_error, KeyError)
    assert (keeper.status.errors, keeper.status.skipped) == (1, 1)
