"""``prepare``: repeats, leakage, pictures of a station."""

from __future__ import annotations

import json
from pathlib import Path

import cv2

from tests.support.prepared import flat, part, provenance, put, refused
from tests.support.train_cli import TrainCli
from tests.training.test_prepare_layouts import RUN, station_picture
from training.datasets import find_category, read_image


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
