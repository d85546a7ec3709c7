"""Every layout is recognised and read; what cannot be understood is refused with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inspector.core.geometry import Roi
from inspector.errors import InputError
from tests.support.parts_folder import disc, write_category, write_image
from training.prepare.items import Found, Item, Reading, Trust
from training.prepare.layouts import read_source

RUN = "000001-01M85257HG1NA4VP95HAJGY66C"


def read(source: Path, **how: Any) -> Found:
    return read_source(source, Reading(**how))


def kinds(found: Found) -> list[tuple[str, str, str | None]]:
    return sorted((i.path.name, i.kind, i.split) for i in found.items)


def station_picture(
    folder: Path, part: int = 3, verdict: str = "FAIL", *, size: int = 40, **fields: object
) -> Path:
    path = folder / f"{part:06}_{verdict}_{part * 30:08}.png"
    write_image(path, disc(part, size=size))
    document = {
        "schema": 1,
        "part_id": f"P{part}",
        "run_id": "01M85257HG1NA4VP95HAJGY66C",
        "part_index": part,
        "verdict": verdict,
        "score": 1.5,
        "reason": None,
        "model_id": "disc@1#00",
        **fields,
    }
    path.with_suffix(".json").write_text(json.dumps(document))
    return path


def test_mvtec_layout_keeps_its_splits_and_masks(tmp_path: Path) -> None:
    write_category(tmp_path)
    found = read(tmp_path, category="disc")
    assert len(found.items) == 22
    assert {(i.kind, i.split) for i in found.items} == {
        ("good", "train"),
        ("good", "test"),
        ("blot", "test"),
    }
    assert all((i.mask is not None) is (i.kind == "blot") for i in found.items)
    assert read(tmp_path / "disc").items == found.items
    assert read(tmp_path).items == found.items


def test_several_categories_need_a_name(tmp_path: Path) -> None:
    for name in ("disc", "nut"):
        write_category(tmp_path, name, good=1)
    with pytest.raises(InputError, match=r"several categories \(disc, nut\).*--category"):
        read(tmp_path)
    with pytest.raises(InputError, match="several categories"):
        read(tmp_path, category="screw")


def test_folders_by_class(tmp_path: Path) -> None:
    write_image(tmp_path / "Non-Defective" / "a.png", disc(0))
    write_image(tmp_path / "scratch" / "a.jpg", disc(1))
    write_image(tmp_path / "bad" / "b.bmp", disc(2))
    write_image(tmp_path / "ground_truth" / "scratch" / "a_mask.bmp", disc(1))
    (tmp_path / "bad" / "b.heic").write_bytes(b"?")
    found = read(tmp_path)
    assert kinds(found) == [
        ("a.jpg", "scratch", None),
        ("a.png", "good", None),
        ("b.bmp", "bad", None),
    ]
    assert [i.mask.name for i in found.items if i.mask] == ["a_mask.bmp"]
    assert found.ignored == {".heic": 1}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("bad", "scratch"), "which of its folders holds the good parts"),
        (("good", "0"), "does not say whether its parts are good"),
        (("good", "goood"), "does not say whether its parts are good"),
        (("",), r"no layout that is known, 1 pictures without a label"),
    ],
)
def test_folders_that_do_not_say(tmp_path: Path, names: tuple[str, ...], said: str) -> None:
    for name in names:
        write_image(tmp_path / name / "a.png", disc(0))
    with pytest.raises(InputError, match=said):
        read(tmp_path)


@pytest.mark.parametrize("make", ["nothing", "empty", "file"])
def test_no_layout(tmp_path: Path, make: str) -> None:
    source = tmp_path / "source"
    if make == "empty":
        source.mkdir()
    elif make == "file":
        source = tmp_path / "a.zip"
        source.write_bytes(b"PK")
    with pytest.raises(InputError, match="expected train/good and test/<kind>"):
        read(source)


def table(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv(tmp_path: Path, delimiter: str) -> None:
    text = "Path,Label,type,mask,split\na/1.png,OK,,,\n\nb.png,NG,scratch,m.png,train\nc.png,dent"
    found = read(table(tmp_path, text.replace(",", delimiter), "utf-8-sig"))
    assert found.items == [
        Item(tmp_path / "a" / "1.png", "good"),
        Item(tmp_path / "b.png", "scratch", "train", tmp_path / "m.png"),
        Item(tmp_path / "c.png", "dent"),
    ]
    assert found.conflicts == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first line must name the columns"),
        ("file,class\na.png,good\n", "found file, class"),
        ("path,label\na.png,\n", "line 2: label ''"),
        ("path,label\na.png,good\nb.png,1\n", "line 3: label '1'"),
        ("path,label\na.png,goood\n", "line 2: label 'goood'"),
        ("path,label\n,good\n", "line 2: no path"),
        ("path,label,type\na.png,good,scratch\n", "line 2: label good with the type"),
        ("path,label,type\na.png,bad,good\n", "line 2: label bad with the type"),
        ("path,label,split\na.png,good,val\n", "line 2: split 'val'"),
    ],
)
def test_a_csv_that_is_not_understood(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        read(table(tmp_path, text))
    assert "list.csv" in str(error.value)


def test_a_csv_in_another_encoding(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not UTF-8"):
        read(table(tmp_path, "path,label\nGröße.png,good\n", "latin-1"))


@pytest.mark.parametrize(
    ("line", "trust", "kind"),
    [
        ("good/a.png,bad", None, "bad"),
        ("good/a.png,bad", Trust.CSV, "bad"),
        ("good/a.png,bad", Trust.FOLDER, "good"),
        ("defective/a.png,good", Trust.FOLDER, "defective"),
        ("scratch/a.png,good", Trust.FOLDER, "scratch"),
    ],
)
def test_labels_that_contradict_the_folder(
    tmp_path: Path, line: str, trust: Trust | None, kind: str
) -> None:
    found = read(table(tmp_path, f"path,label\n{line}\nother/b.png,scratch\n"), trust=trust)
    assert len(found.conflicts) == 1
    assert "line 2 says" in found.conflicts[0]
    assert found.items[0].kind == kind
    assert found.items[1].kind == "scratch"


def test_a_good_one_with_a_mask_is_a_conflict(tmp_path: Path) -> None:
    found = read(table(tmp_path, "path,label,mask\na.png,good,m.png\n"))
    assert "names a mask" in found.conflicts[0]
    assert found.items[0].mask is None


@pytest.mark.parametrize("inside", ["", "parts"])
def test_a_stations_pictures_have_no_label_by_a_verdict(tmp_path: Path, inside: str) -> None:
    station_picture(tmp_path / inside / RUN, 3, "FAIL")
    station_picture(tmp_path / inside / RUN, 4, "PASS")
    found = read(tmp_path, roi=Roi(1, 2, 8, 8))
    assert {(i.kind, i.split, i.roi) for i in found.items} == {
        ("unlabelled", "unlabelled", Roi(1, 2, 8, 8))
    }
    record = found.items[0].record
    assert (record["part_id"], record["verdict"], record["score"]) == ("P3", "FAIL", "1.5")
    assert "reason" not in record


def test_one_run_of_a_station(tmp_path: Path) -> None:
    station_picture(tmp_path / RUN)
    assert len(read(tmp_path / RUN).items) == 1


@pytest.mark.parametrize(("label", "kind"), [("really good", "good"), ("scratch", "scratch")])
def test_a_persons_label_in_the_sidecar_counts(tmp_path: Path, label: str, kind: str) -> None:
    station_picture(tmp_path / RUN, label=label)
    [item] = read(tmp_path).items
    assert (item.kind, item.split) == (kind, None)


def _damage(picture: Path) -> None:
    picture.with_suffix(".json").write_text("{")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda p: p.with_suffix(".json").unlink(), "without its sidecar"),
        (_damage, "not JSON"),
        (lambda p: p.with_suffix(".json").write_text('{"part_id": "x"}'), "schema None"),
        (lambda p: station_picture(p.parent, label="0"), "neither good nor a kind"),
        (lambda p: station_picture(p.parent, label=1), "neither good nor a kind"),
        (lambda p: p.rename(p.with_name("a.png")), "not named as a station"),
    ],
)
def test_a_stations_picture_that_cannot_be_used(tmp_path: Path, spoil, why: str) -> None:
    spoil(station_picture(tmp_path / RUN))
    found = read(tmp_path)
    assert found.items == []
    assert why in found.problems[0].why


@pytest.mark.parametrize(
    ("trust", "kind"), [(None, "bad"), (Trust.FOLDER, "bad"), (Trust.CSV, "good")]
)
def test_sorted_pictures_of_a_station(tmp_path: Path, trust: Trust | None, kind: str) -> None:
    write_image(tmp_path / "good" / "a.png", disc(0))
    station_picture(tmp_path / "bad", label="really good")
    found = read(tmp_path, trust=trust, roi=Roi(0, 0, 9, 9))
    [item] = (i for i in found.items if i.record)
    assert (item.kind, item.record["part_id"], item.roi) == (kind, "P3", Roi(0, 0, 9, 9))
    assert "its sidecar says good, its folder bad" in found.conflicts[0]
    assert all(i.roi is None for i in found.items if not i.record)
