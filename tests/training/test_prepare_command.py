"""``prepare`` from end to end: what is written, what is refused, and that nothing is half done."""

from __future__ import annotations

import base64
import csv
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.support.cli import Result
from tests.support.train_cli import TrainCli
from tests.training.test_prepare_layouts import RUN, station_picture
from training.datasets import find_category, read_image, read_mask
from training.prepare import write as writing

CMYK_JPEG = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAbEhQXFBEbFxYXHhwbIChCKyglJShROj0wQmBVZWRfVV1baniZgWpxkHNb"
    "XYW1hpCeo6utq2eAvMm6pseZqKuk/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAUG"
    "/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwCjEnTT/9k="
)


def cmyk_tiff() -> bytes:
    """2 × 2 pixels, uncompressed."""
    tags = [(256, 2), (257, 2), (258, 8), (259, 1), (262, 5), (273, 120), (277, 4), (279, 16)]
    entries = b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in tags)
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    return head.ljust(120, b"\0") + bytes(range(16))


def part(seed: int, size: int = 48) -> np.ndarray:
    """A picture like no other: the near duplicates of these tests are made on purpose."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(40, 200, (12, 12, 3), np.uint8)
    return np.asarray(cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC))


def put(path: Path, image: np.ndarray, *options: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(path.suffix, image, options)
    assert done
    path.write_bytes(data.tobytes())
    return path


def flat(root: Path, good: int = 10, bad: int = 3) -> Path:
    for i in range(good):
        put(root / "good" / f"g{i:02}.png", part(i))
    for i in range(bad):
        put(root / "bad" / f"b{i:02}.jpg", part(100 + i))
        mask = np.zeros((48, 48), np.uint8)
        mask[4:9, 5:20] = i + 1
        put(root / "ground_truth" / "bad" / f"b{i:02}_mask.png", mask)
    return root


def files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def provenance(category: Path) -> list[dict[str, str]]:
    with (category / "provenance.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def train(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> TrainCli:
    return TrainCli(capfd, monkeypatch)


def refused(result: Result, out: Path) -> str:
    """The one line of an error that left nothing behind."""
    assert result.code == 2, result.err
    lines = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert not out.exists() or not any(out.iterdir())
    return lines[0]


def test_folders_become_a_category(train: TrainCli, tmp_path: Path) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    before = files(source)
    result = train("prepare", source, "--out", out, "--json", "-")
    assert result.code == 0, result.err
    category = find_category(out, "nuts")
    assert len(category.train_good()) == 7
    samples = category.test()
    assert [s.kind for s in samples] == ["bad"] * 3 + ["good"] * 3
    for sample in samples[:3]:
        # masks of 1, 2 and 3 on 0, where a reader may expect 255
        assert sample.mask is not None
        assert read_mask(sample.mask, 48, 48).sum() == 5 * 15
    assert files(source) == before
    document = json.loads(result.out)
    assert document["counts"] == {"test": {"bad": 3, "good": 3}, "train": {"good": 7}}
    assert document["imbalance"]["all_pass_accuracy"] == pytest.approx(10 / 13)
    assert document["imbalance"]["all_pass_accuracy_test"] == 0.5
    assert document["sizes"] == [{"width": 48, "height": 48, "n": 13}]
    assert "PASS for everything would be 76.9% accurate (50.0% on test)" in result.err


def test_provenance_leads_back_to_every_source(train: TrainCli, tmp_path: Path) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    assert train("prepare", source, "--out", out, "--category", "nut").code == 0
    rows = provenance(out / "nut")
    assert len(rows) == 13
    for row in rows:
        data = Path(row["source"]).read_bytes()
        assert (out / "nut" / row["file"]).read_bytes() == data
        assert writing.hashlib.sha256(data).hexdigest() == row["sha256"] == row["source_sha256"]
        assert Path(row["mask_source"]).is_file() is (row["kind"] == "bad")


def test_same_seed_same_files(train: TrainCli, tmp_path: Path) -> None:
    source = flat(tmp_path / "nuts")
    made = []
    for name, seed in (("a", 0), ("b", 0), ("c", 5)):
        assert train("prepare", source, "--out", tmp_path / name, "--seed", seed).code == 0
        made.append(files(tmp_path / name / "nuts"))
    assert made[0] == made[1]
    assert set(made[0]) != set(made[2])


@pytest.mark.parametrize(
    ("pixels", "suffix", "expected"),
    [
        (np.full((8, 9), 77, np.uint8), ".png", True),
        (np.full((8, 9), 77, np.uint8), ".tif", True),
        (np.full((8, 9, 3), 77, np.uint8), ".webp", True),
        (np.full((8, 9, 3), 77, np.uint8), ".bmp", True),
        (np.full((8, 9), 77 * 257, np.uint16), ".png", False),
        (np.full((8, 9, 3), 77 * 257, np.uint16), ".tif", False),
        (np.full((8, 9, 4), 77, np.uint8), ".png", False),
        (np.full((8, 9, 4), 77, np.uint8), ".tiff", False),
    ],
)
def test_sound_8_bit_files_are_copied_others_become_8_bit(
    train: TrainCli, tmp_path: Path, pixels: np.ndarray, suffix: str, *, expected: bool
) -> None:
    source = flat(tmp_path / "nuts", good=2)
    odd = put(source / "bad" / f"odd{suffix}", pixels)
    assert train("prepare", source, "--out", tmp_path / "out").code == 0
    [written] = (tmp_path / "out" / "nuts" / "test" / "bad").glob("odd.*")
    assert (written.read_bytes() == odd.read_bytes()) is expected
    assert (read_image(written) == 77).all()
    raw = cv2.imdecode(np.frombuffer(written.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert raw.dtype == np.uint8
    assert raw.ndim == 2 or raw.shape[2] == 3


def test_transparency_beside_the_pixels_is_not_copied(train: TrainCli, tmp_path: Path) -> None:
    source = flat(tmp_path / "nuts", good=2)
    plain = put(source / "bad" / "odd.png", np.full((8, 9), 77, np.uint8))
    data = plain.read_bytes()
    chunk = b"tRNS" + struct.pack(">H", 77)
    chunk = struct.pack(">I", 2) + chunk + struct.pack(">I", zlib.crc32(chunk))
    at = data.index(b"IDAT") - 4
    plain.write_bytes(data[:at] + chunk + data[at:])
    assert train("prepare", source, "--out", tmp_path / "out").code == 0
    written = tmp_path / "out" / "nuts" / "test" / "bad" / "odd.png"
    assert b"tRNS" not in written.read_bytes()
    assert (read_image(written) == 77).all()


def spoil(folder: Path) -> dict[str, str]:
    """Files that cannot be used, and the word that says why."""
    whole = put(folder / "whole.png", part(7)).read_bytes()
    contents = {
        "cut.png": (whole[:300], "cut off"),
        "text.jpg": (b"hello", "not an image"),
        "none.png": (b"", "empty"),
        "inks.jpg": (CMYK_JPEG, "CMYK"),
        "inks.tif": (cmyk_tiff(), "CMYK"),
        "hole.webp": (cv2.imencode(".webp", part(8))[1].tobytes()[:200], "damaged"),
    }
    for name, (data, _) in contents.items():
        (folder / name).write_bytes(data)
    (folder / "whole.png").unlink()
    return {name: why for name, (_, why) in contents.items()}


def test_unusable_files_are_named_and_left_out(train: TrainCli, tmp_path: Path) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    spoilt = spoil(source / "good")
    result = train("prepare", source, "--out", out, "--json", "-")
    assert result.code == 0, result.err
    unusable = {Path(p["file"]).name: p["why"] for p in json.loads(result.out)["unusable"]}
    assert unusable.keys() == spoilt.keys()
    for name, why in spoilt.items():
        assert why in unusable[name]
        assert name in result.err
    assert len(find_category(out, "nuts").train_good()) == 7


def test_strict_and_nothing_left_are_errors(train: TrainCli, tmp_path: Path) -> None:
    source, out = flat(tmp_path / "nuts", good=1), tmp_path / "out"
    spoil(source / "good")
    assert "--strict" in refused(train("prepare", source, "--out", out, "--strict"), out)
    only = tmp_path / "only"
    (only / "good").mkdir(parents=True)
    spoil(only / "good")
    result = train("prepare", only, "--out", out, "--json", tmp_path / "found.json")
    assert "no picture can be used" in refused(result, out)
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["written"] is None
    assert len(found["unusable"]) == 6


def test_a_mask_of_another_size_names_both(train: TrainCli, tmp_path: Path) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    put(source / "ground_truth" / "bad" / "b01_mask.png", np.ones((48, 47), np.uint8))
    line = refused(train("prepare", source, "--out", out), out)
    assert "b01_mask.png is 47×48 where its picture" in line
    assert "b01.jpg is 48×48" in line


def test_masks_may_be_missing_broken_or_empty(train: TrainCli, tmp_path: Path) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    masks = source / "ground_truth" / "bad"
    (masks / "b00_mask.png").unlink()
    (masks / "b01_mask.png").write_bytes(b"")
    put(masks / "b02_mask.png", np.zeros((48, 48), np.uint8))
    result = train("prepare", source, "--out", out)
    assert result.code == 0, result.err
    assert "b01_mask.png: the file is empty (a mask; its picture stays)" in result.err
    assert "b02_mask.png outlines nothing" in result.err
    assert [s.mask is not None for s in find_category(out, "nuts").test()[:3]] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("values", "suffix", "expected"),
    [
        (np.uint16(1), ".png", 60),
        (np.uint8(1), ".png", 60),
        (np.uint8(255), ".bmp", 60),
        (np.uint8(255), ".jpg", 60),
    ],
)
def test_outlines_of_any_depth(
    train: TrainCli, tmp_path: Path, values: np.generic, suffix: str, expected: int
) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    masks = source / "ground_truth" / "bad"
    (masks / "b00_mask.png").unlink()
    mask = np.zeros((48, 48), values.dtype)
    mask[8:14, 8:18] = values
    put(masks / f"b00_mask{suffix}", mask)
    assert train("prepare", source, "--out", out).code == 0
    sample = find_category(out, "nuts").test()[0]
    assert sample.mask is not None
    assert read_mask(sample.mask, 48, 48).sum() == expected


def test_conflicts_are_listed_and_can_be_decided(train: TrainCli, tmp_path: Path) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    lines = [f"nuts/good/g{i:02}.png,{'bad' if i < 5 else 'good'}" for i in range(10)]
    table = tmp_path / "nut.csv"
    table.write_text("\n".join(["path,label", *lines, "nuts/bad/b00.jpg,scratch"]))
    line = refused(train("prepare", table, "--out", out), out)
    assert "g00.png: nut.csv line 2 says bad, its folder good" in line
    assert "and 2 more" in line
    for trust, bad in (("csv", 5), ("folder", 0)):
        result = train("prepare", table, "--out", out / trust, "--trust", trust, "--json", "-")
        counts = json.loads(result.out)["counts"]
        assert counts["test"].get("bad", 0) == bad
        assert counts["test"]["scratch"] == 1
    assert source.is_dir()


def leaking(root: Path) -> Path:
    """A train picture again in test, once as it is, once as JPEG, once scaled and brighter."""
    for i in range(12):
        put(root / "train" / "good" / f"{i:02}.png", part(i, 192))
    put(root / "test" / "good" / "own.png", part(50, 192))
    put(root / "test" / "good" / "exact.png", part(1, 192))
    put(root / "test" / "good" / "saved.jpg", part(2, 192), cv2.IMWRITE_JPEG_QUALITY, 70)
    small = cv2.resize(part(3, 192), (128, 128), interpolation=cv2.INTER_AREA)
    put(root / "test" / "dent" / "small.png", cv2.convertScaleAbs(small, alpha=1.0, beta=8))
    put(root / "test" / "dent" / "own.png", part(60, 192))
    return root


def test_leakage_must_be_admitted(train: TrainCli, tmp_path: Path) -> None:
    source, out = leaking(tmp_path / "nut"), tmp_path / "out"
    result = train("prepare", source, "--out", out)
    line = refused(result, out)
    assert "--allow-leakage" in line
    for name in ("exact.png", "saved.jpg", "small.png"):
        assert name in line
    result = train("prepare", source, "--out", out, "--allow-leakage", "--json", "-")
    assert result.code == 0, result.err
    left_out = json.loads(result.out)["duplicates"]["left_out"]
    assert [Path(p).name for p in left_out] == ["01.png", "02.png", "03.png"]
    category = find_category(out, "nut")
    assert len(category.train_good()) == 9
    assert len(category.test()) == 5


def test_one_file_with_two_labels(train: TrainCli, tmp_path: Path) -> None:
    source, out = leaking(tmp_path / "nut"), tmp_path / "out"
    put(source / "test" / "dent" / "again.png", part(50, 192))
    result = train("prepare", source, "--out", out, "--allow-leakage")
    assert "labelled dent and good" in result.err
    names = {s.path.name for s in find_category(out, "nut").test()}
    assert "again.png" not in names
    assert len(names) == 4  # own.png of dent stays, that of good goes too


def test_repeats_within_a_split_are_dropped(train: TrainCli, tmp_path: Path) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    put(source / "good" / "z.png", part(3))
    put(source / "bad" / "z.jpg", part(100))
    result = train("prepare", source, "--out", out, "--json", "-")
    document = json.loads(result.out)
    dropped = [Path(d["file"]).name for d in document["duplicates"]["dropped"]]
    assert dropped == ["z.jpg", "z.png"]
    assert document["counts"] == {"test": {"bad": 3, "good": 3}, "train": {"good": 7}}


def test_near_duplicates_of_a_flat_folder_are_kept_on_one_side(
    train: TrainCli, tmp_path: Path
) -> None:
    source = flat(tmp_path / "nuts")
    for i in range(5):
        put(source / "good" / f"g{i:02}.jpg", part(i), cv2.IMWRITE_JPEG_QUALITY, 80)
    for seed in range(3):
        out = tmp_path / f"out{seed}"
        result = train("prepare", source, "--out", out, "--seed", seed, "--json", "-")
        assert result.code == 0, result.err
        document = json.loads(result.out)
        assert len(document["duplicates"]["near"]) == 5
        assert all(len(set(pair["splits"])) == 1 for pair in document["duplicates"]["near"])


def test_a_stations_pictures_need_a_person(train: TrainCli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for i in range(3):
        station_picture(tmp_path / "station" / RUN, i)
    source = [tmp_path / "station", "--category", "disc"]
    assert "no label by a person" in refused(train("prepare", *source, "--out", out), out)
    result = train("prepare", *source, "--out", out, "--label-as", "reviewed")
    assert result.code == 0, result.err
    assert "no good in train: fit needs at least two" in result.err
    assert len(list((out / "disc" / "unlabelled").iterdir())) == 3
    # what has been prepared keeps the station's records when it is prepared again
    again = train("prepare", out / "disc", "--out", tmp_path / "two", "--label-as", "reviewed")
    assert again.code == 0, again.err
    rows = provenance(tmp_path / "two/disc")
    assert [row["part_id"] for row in rows] == ["P0", "P1", "P2"]
    assert {row["verdict"] for row in rows} == {"FAIL"}


def test_labelled_parts_of_a_station_join_a_data_set(train: TrainCli, tmp_path: Path) -> None:
    put(tmp_path / "nut" / "train" / "good" / "000001_FAIL_00000030.png", part(0))
    put(tmp_path / "nut" / "train" / "good" / "1.png", part(1))
    put(tmp_path / "nut" / "test" / "good" / "0.png", part(2))
    for i, label in ((1, "good"), (2, "scratch")):
        # a shade of its own for each: these discs are all alike
        path = station_picture(tmp_path / "station" / RUN, i, size=96, label=label)
        put(path, part(20 + i, 96))
    result = train(
        "prepare", tmp_path / "nut", tmp_path / "station", "--out", tmp_path / "out",
        "--roi", "10,20,48,48", "--test-share", 0,
    )  # fmt: skip
    assert result.code == 0, result.err
    out = tmp_path / "out" / "nut"
    joined = out / "train" / "good" / "000001_FAIL_00000030-2.png"
    assert (read_image(joined) == part(21, 96)[20:68, 10:58]).all()
    assert (out / "test" / "scratch").is_dir()
    rows = {r["file"]: r for r in provenance(out)}
    assert rows["train/good/000001_FAIL_00000030-2.png"]["part_id"] == "P1"
    assert rows["train/good/000001_FAIL_00000030-2.png"]["roi"] == "10,20,48,48"
    assert rows["train/good/1.png"]["part_id"] == ""


def test_a_region_outside_the_picture(train: TrainCli, tmp_path: Path) -> None:
    station_picture(tmp_path / "s" / RUN, label="good")
    out = tmp_path / "out"
    result = train("prepare", tmp_path / "s", "--out", out, "--roi", "0,0,41,40")
    assert "no picture can be used" in refused(result, out)
    assert "the region 0,0,41,40 does not lie inside its 40×40 pixels" in result.err


def test_mixed_shapes_are_pointed_out(train: TrainCli, tmp_path: Path) -> None:
    source = flat(tmp_path / "nuts")
    put(source / "good" / "wide.png", part(9)[:24])
    result = train("prepare", source, "--out", tmp_path / "out")
    assert "aspects from 1.00 to 2.00" in result.err


def test_defects_of_train_are_for_testing(train: TrainCli, tmp_path: Path) -> None:
    source = flat(tmp_path / "source" / "train").parent
    result = train("prepare", source, "--out", tmp_path / "out", "--json", "-")
    assert json.loads(result.out)["counts"] == {"train": {"good": 10}, "test": {"bad": 3}}
    assert "3 defects of train go to test" in result.err
    assert "no good in test" in result.err


def test_nothing_is_overwritten_unasked(train: TrainCli, tmp_path: Path) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    assert train("prepare", source, "--out", out).code == 0
    before = files(out)
    assert "--force" in train("prepare", source, "--out", out, "--seed", 3).err
    assert files(out) == before
    assert train("prepare", source, "--out", out, "--seed", 3, "--force").code == 0
    assert files(out).keys() != before.keys()
    assert [p.name for p in out.iterdir()] == ["nuts"]


def test_force_replaces_only_what_prepare_wrote(train: TrainCli, tmp_path: Path) -> None:
    source = flat(tmp_path / "nuts")
    put(tmp_path / "out" / "nuts" / "train" / "good" / "mine.png", part(1))
    result = train("prepare", source, "--out", tmp_path / "out", "--force")
    assert result.code == 2
    assert "was not written by prepare" in result.err
    assert (tmp_path / "out" / "nuts" / "train" / "good" / "mine.png").is_file()


@pytest.mark.parametrize("out", [".", "nuts", "nuts/deeper"])
def test_sources_are_never_written_to(train: TrainCli, tmp_path: Path, out: str) -> None:
    source = flat(tmp_path / "nuts")
    before = files(tmp_path)
    result = train("prepare", source, "--out", tmp_path / out, "--force")
    assert result.code == 2
    assert "sources are never changed" in result.err
    assert files(tmp_path) == before


def test_pictures_of_a_csv_are_not_replaced_either(train: TrainCli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert train("prepare", flat(tmp_path / "nut"), "--out", out).code == 0
    before = files(out)
    paths = sorted((out / "nut" / "train" / "good").iterdir())
    table = tmp_path / "nut.csv"
    table.write_text("\n".join(["path,label", *(f"{p},good" for p in paths)]))
    result = train("prepare", table, "--out", out, "--force")
    assert result.code == 2
    assert "sources are never changed" in result.err
    assert files(out) == before


@pytest.mark.parametrize("name", ["../up", "a b", ".hidden", "x" * 65])
def test_names_must_be_plain(train: TrainCli, tmp_path: Path, name: str) -> None:
    source = flat(tmp_path / "nuts")
    result = train("prepare", source, "--out", tmp_path / "out", "--category", name)
    assert result.code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted: nothing is half-written"),
        (OSError(28, "No space left on device"), 2, "No space left on device"),
    ],
    ids=["Ctrl-C", "full disk"],
)
@pytest.mark.parametrize("at", [0, 5, 17])
def test_interrupted_writing_leaves_the_old_category(
    train: TrainCli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    said: str,
    at: int,
) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    assert train("prepare", source, "--out", out).code == 0
    before = files(out)
    calls = iter(range(1000))

    def fsync(descriptor: int) -> None:
        if next(calls) == at:
            raise error

    monkeypatch.setattr("inspector.platforms.os.fsync", fsync)
    result = train("prepare", source, "--out", out, "--seed", 3, "--force")
    assert result.code == code
    assert said in result.err
    assert files(out) == before
    assert [p.name for p in out.iterdir()] == ["nuts"]


def test_interrupted_between_the_renames(
    train: TrainCli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    assert train("prepare", source, "--out", out).code == 0
    before = files(out)
    rename = Path.rename

    def interrupted(self: Path, target: Any) -> Path:
        moved = rename(self, target)
        if self == out / "nuts":
            raise KeyboardInterrupt
        return moved

    monkeypatch.setattr(Path, "rename", interrupted)
    assert train("prepare", source, "--out", out, "--seed", 3, "--force").code == 130
    assert files(out) == before


def test_a_source_that_changes_meanwhile(
    train: TrainCli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = flat(tmp_path / "nuts"), tmp_path / "out"
    read = writing.read_bytes

    def changed(path: Path) -> bytes:
        return read(path) + (b"\0" if path.name == "g04.png" else b"")

    monkeypatch.setattr(writing, "read_bytes", changed)
    line = refused(train("prepare", source, "--out", out), out)
    assert "g04.png changed while it was prepared" in line


@pytest.mark.parametrize(
    ("good", "said"),
    [(0, "no good images in"), (1, "only one good image in")],
)
def test_fit_refuses_too_few_good_images(
    train: TrainCli, tmp_path: Path, good: int, said: str
) -> None:
    (tmp_path / "data" / "nut" / "train" / "good").mkdir(parents=True)
    for i in range(good):
        put(tmp_path / "data" / "nut" / "train" / "good" / f"{i}.png", part(i))
    out = tmp_path / "models"
    result = train("fit", "--data", tmp_path / "data", "--category", "nut", "--out", out)
    assert said in refused(result, out)


def test_fit_refuses_inks(train: TrainCli, tmp_path: Path) -> None:
    for i in range(3):
        put(tmp_path / "nut" / "train" / "good" / f"{i}.png", part(i))
    (tmp_path / "nut" / "train" / "good" / "inks.jpg").write_bytes(CMYK_JPEG)
    out = tmp_path / "models"
    result = train("fit", "--data", tmp_path, "--category", "nut", "--out", out, "--size", 64)
    assert "inks.jpg cannot be used (CMYK" in refused(result, out)
