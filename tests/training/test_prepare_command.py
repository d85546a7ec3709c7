"""``prepare`` from end to end: what is written, and from what."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support.prepared import (
    CMYK_JPEG,
    cmyk_tiff,
    files,
    flat,
    part,
    provenance,
    put,
    refused,
)
from tests.support.train_cli import TrainCli
from training.datasets import find_category, read_image, read_mask
from training.prepare import write as writing


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
