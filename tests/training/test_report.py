"""The pages: all in one file, every name escaped, the right pictures in the gallery."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from inspector.core.geometry import Affine
from inspector.core.inspection import Prediction, Verdict
from inspector.core.manifest import ProposedThresholds
from tests.support.parts_folder import disc, write_category, write_image
from tests.support.train_cli import TrainCli
from training.datasets import Category, Sample, find_category
from training.figures import figures
from training.fit import Order, Trained
from training.labelled_fit import Settings
from training.outcomes import Outcome
from training.report.build import category_page, page_file
from training.report.folds import judge_folds, load_folds
from training.report.gallery import gallery
from training.report.gather import Facts, newest
from training.report.inventory import take_inventory
from training.report.render import render
from training.supervised import Folding, cross_validate
from training.supervised_command import write_beside

HOSTILE = "<img src=x onerror=alert(1)> $\\frac$ &amp;"


class _Elements(HTMLParser):
    """Collects tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def addresses(self) -> Iterator[str]:
        for _, attributes in self.tags:
            for name in ("src", "href", "data", "srcset", "action"):
                if name in attributes:
                    yield str(attributes[name])


def _check_self_contained(html: str) -> _Elements:
    page = _Elements(html)
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "iframe", "object", "embed", "base", "form"}
    assert not [a for _, attributes in page.tags for a in attributes if a.startswith("on")]
    assert "url(" not in html.split("</style>")[0]
    assert "@import" not in html
    for address in page.addresses():
        assert address.startswith(("data:image/", "#")) or address.endswith(".html")
        assert "//" not in address or address.startswith("data:")
    return page


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``disc`` with a defect type of a hostile name, and a hostile file name."""
    root = write_category(tmp_path_factory.mktemp("hostile"), good=2)
    spoilt = disc(7)
    spoilt[30:50, 50:70] = 20
    write_image(root / "disc" / "test" / HOSTILE / "1.png", spoilt)
    (root / "disc" / "test" / HOSTILE / "1.png").rename(
        root / "disc" / "test" / HOSTILE / '"><script>alert(2)<!--.png'
    )
    return root


def test_a_whole_report(hostile: Path, trained: Trained, tmp_path: Path, train: TrainCli) -> None:
    models = trained.folder.parent.parent
    done = train("report", "--data", hostile, "--models", models, "--out", tmp_path, "--worst", 6)
    assert done.code == 0, done.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["disc.html", "index.html"]
    html = (tmp_path / "disc.html").read_text(encoding="utf-8")
    page = _check_self_contained(html)
    assert HOSTILE in page.text
    assert "<script>alert(2)<!--.png" in page.text
    for title in ("Figures", "Verdicts", "Worst errors", "What calibration promises", "Data"):
        assert title in page.text
    # one histogram, two curves, two charts of types
    assert html.count("data:image/svg+xml;base64,") == 5
    assert html.count("data:image/jpeg;base64,") == 2 * (6 + 5)
    index = _check_self_contained((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert "disc.html" in list(index.addresses())


@pytest.mark.slow
def test_supervised_and_seeds_stand_beside_it(
    discs: Path, trained: Trained, tmp_path: Path, train: TrainCli
) -> None:
    folds, seeds = tmp_path / "folds.json", tmp_path / "seeds"
    args = ("--data", discs, "--category", "disc")
    quick = ("--size", 64, "--fixture", "none")
    cross = train(
        "cross-validate", *args, "--method", "seed-cnn", "--size", 64, "--folds", 2, "--json", folds
    )
    assert cross.code == 0, cross.err
    assert train("seeds", *args, *quick, "--seeds", 1, "--out", seeds).code == 0
    done = train(
        "report",
        *args,
        "--models",
        trained.folder.parent.parent,
        "--out",
        tmp_path / "r",
        "--cross-validation",
        folds,
        "--seeds",
        seeds / "seeds-official-memory-bank.json",
    )
    assert done.code == 0, done.err
    page = _check_self_contained((tmp_path / "r" / "disc.html").read_text(encoding="utf-8"))
    assert "seed-cnn, 2 folds, seed 0 (the first project)" in page.text
    assert "Training curves, a line a fold" in page.text
    assert "memory-bank, official protocol" in page.text
    # without any package the folds lead the page
    alone = train(
        "report", *args, "--models", tmp_path, "--out", tmp_path / "q", "--cross-validation", folds
    )
    assert alone.code == 0, alone.err
    html = (tmp_path / "q" / "disc.html").read_text(encoding="utf-8")
    assert "seed-cnn in folds: 17 good and 5 defective images" in html


@pytest.fixture(scope="module")
def in_folds(discs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``cross-validate --out`` leaves; to be copied before it is changed."""
    out = tmp_path_factory.mktemp("folds")
    order = Order(find_category(discs, "disc"), out, size=64, fixture="none")
    result = cross_validate(order, Folding(2), Settings(), lambda step, share: None)
    write_beside(out, result)
    return out


def document_t1(folder: Path) -> float:
    """Of the first fold."""
    document = json.loads((folder / "supervised.json").read_text(encoding="utf-8"))
    return float(document["folds"][0]["thresholds"]["t1"])


def test_worst_errors_in_folds_are_shown(
    discs: Path, in_folds: Path, tmp_path: Path, train: TrainCli
) -> None:
    args = ("--data", discs, "--models", tmp_path, "--out", tmp_path / "r", "--worst", 3)
    # given twice, told once
    again = ("--cross-validation", in_folds / "supervised.json")
    done = train("report", *args, "--folds", in_folds, "--folds", in_folds, *again)
    assert done.code == 0, done.err
    html = (tmp_path / "r" / "disc.html").read_text(encoding="utf-8")
    page = _check_self_contained(html)
    assert page.text.count("memory-bank, 2 folds, seed 0") == 1
    assert page.text.count("Worst errors of memory-bank, seed 0 in folds") == 2  # and its link
    assert f"T1 {document_t1(in_folds):.3f}" in page.text
    # three of each group that has so many, and a heat map beside each
    document = json.loads((in_folds / "supervised.json").read_text(encoding="utf-8"))
    errors = document["image"]["escapes"], document["image"]["overkills"]
    assert html.count("data:image/jpeg;base64,") == 2 * (sum(min(n, 3) for n in errors) + 6)


def test_folds_of_a_category_that_is_not_reported_on_are_told(
    discs: Path, in_folds: Path, tmp_path: Path, train: TrainCli
) -> None:
    shutil.copytree(discs / "disc", tmp_path / "data" / "nut")
    args = ("--data", tmp_path / "data", "--models", tmp_path, "--out", tmp_path / "r")
    done = train("report", *args, "--folds", in_folds)
    assert done.code == 2
    assert "is of 'disc', and the report is on nut" in done.err.strip().splitlines()[-1]
    assert not (tmp_path / "r").exists()


def test_images_are_judged_by_the_package_of_their_fold(discs: Path, in_folds: Path) -> None:
    judged = judge_folds(load_folds(in_folds), find_category(discs, "disc"), lambda *_: None)
    found = {o.sample.path.name + o.sample.kind: o.prediction.score for o in judged.outcomes}
    told = {Path(s["image"]).name + s["kind"]: s["score"] for s in judged.document["scores"]}
    assert found == pytest.approx(told)
    assert {o.t1 for o in judged.outcomes} == {
        fold["thresholds"]["t1"] for fold in judged.document["folds"]
    }


@pytest.mark.parametrize("spoil", ["picture", "split", "document", "package", "exchanged"])
def test_folds_of_something_else_are_refused(
    discs: Path, in_folds: Path, tmp_path: Path, train: TrainCli, spoil: str
) -> None:
    data, folds = tmp_path / "data", tmp_path / "folds"
    shutil.copytree(discs, data)
    shutil.copytree(in_folds, folds)
    if spoil == "picture":
        write_image(data / "disc" / "test" / "good" / "001.png", disc(77))
    elif spoil == "package":
        shutil.rmtree(folds / "disc" / "fold-2")
    elif spoil == "exchanged":
        shutil.rmtree(folds / "disc" / "fold-2")
        shutil.copytree(folds / "disc" / "fold-1", folds / "disc" / "fold-2")
    elif spoil == "document":
        (folds / "supervised.json").unlink()
    else:
        told = (folds / "split.json").read_bytes()
        (folds / "split.json").write_bytes(told.replace(b'"fold": 1', b'"fold": 0', 1))
    args = ("--data", data, "--models", tmp_path, "--out", tmp_path / "r")
    done = train("report", *args, "--folds", folds)
    assert done.code in (1, 2)
    said = {
        "picture": "001.png is not the picture",
        "split": "is not the split of supervised.json",
        "document": "supervised.json cannot be read",
        "package": "fold-2",
        "exchanged": "fold-2 is not the package that supervised.json tells of",
    }
    assert said[spoil] in done.err.strip().splitlines()[-1]


def test_one_that_fails_does_not_stop_the_rest(
    trained: Trained, tmp_path: Path, train: TrainCli
) -> None:
    data = write_category(tmp_path / "data", good=2)
    write_category(data, "nut", good=2)
    (data / "nut" / "test" / "blot" / "001.jpg").write_bytes(b"")
    models = tmp_path / "models"
    for name in ("disc", "nut"):
        (models / name).mkdir(parents=True)
        (models / name / "1").symlink_to(trained.folder)
    done = train("report", "--data", data, "--models", models, "--out", tmp_path / "r")
    assert done.code == 1
    assert "1 of 2 categories have no report: nut: " in done.err.strip().splitlines()[-1]
    assert sorted(p.name for p in (tmp_path / "r").iterdir()) == ["disc.html", "index.html"]
    assert "Without a report" in (tmp_path / "r" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema": 1}', '{"schema": 2, "category": "disc", "image": 3}']
)
@pytest.mark.parametrize("option", ["--cross-validation", "--seeds"])
def test_documents_of_another_kind_are_refused(
    discs: Path, tmp_path: Path, train: TrainCli, text: str, option: str
) -> None:
    file = tmp_path / "x.json"
    file.write_text(text)
    done = train("report", "--data", discs, "--out", tmp_path / "r", option, file)
    assert done.code == 2
    last = done.err.strip().splitlines()[-1]
    assert "x.json is not what" in last
    assert "make it again" in last
    assert not (tmp_path / "r").exists()


def _outcome(folder: Path, kind: str, score: float, verdict: Verdict) -> Outcome:
    name = f"{kind}-{score}.png"
    write_image(folder / name, disc(1))
    heat = np.full((4, 4), score, np.float32) if np.isfinite(score) else None
    fault = None if np.isfinite(score) else "the part was not found"
    prediction = Prediction(score, heat, None, Affine.scaling(24, 24), "m@1#0", fault=fault)
    return Outcome(Sample(folder / name, kind), (96, 96), prediction, verdict, 1.0)


@pytest.fixture
def outcomes(tmp_path: Path) -> list[Outcome]:
    rows = [
        ("good", 0.2, Verdict.PASS),
        ("good", 0.9, Verdict.PASS),
        ("good", 1.5, Verdict.REVIEW),
        ("good", np.nan, Verdict.INVALID),
        ("hole", 0.3, Verdict.PASS),
        ("hole", 0.1, Verdict.PASS),
        ("hole", 1.1, Verdict.REVIEW),
        ("hole", 9.0, Verdict.FAIL),
    ]
    return [_outcome(tmp_path, *row) for row in rows]


def test_the_worst_come_first(outcomes: list[Outcome]) -> None:
    groups = gallery(outcomes, most=8)
    found = {g.title: [c.score for c in g.cards] for g in groups}
    assert found == {
        "Escapes": [0.1, 0.3],
        "Overkills": [None, 1.5],
        "Nearly passed": [1.1, 9.0],
        "Nearly rejected": [0.9, 0.2],
    }
    lost = groups[1].cards[0]
    assert (lost.heat, lost.fault) == (None, "the part was not found")
    assert [len(g.cards) for g in gallery(outcomes, most=1)] == [1, 1, 1, 1]
    assert gallery(outcomes, most=1)[0].total == 2


def test_escapes_are_told_at_the_head(outcomes: list[Outcome], tmp_path: Path) -> None:
    category = Category("index", tmp_path)
    document = figures(
        category,
        outcomes,
        protocol="supervised",
        model="classifier",
        thresholds=ProposedThresholds(t1=1, t2=2),
        variant="fp32",
    )
    whole = json.loads(json.dumps(document)) | {
        "method": "classifier",
        "seed": 0,
        "hold_out": [],
        "split_sha256": "",
        "folds": [],
        "open_set": None,
    }
    facts = Facts(category, take_inventory(category), None, (whole,), ())
    page = category_page(facts, worst=2)
    escapes = page.tiles[2]
    assert (escapes.label, escapes.value, escapes.tone) == ("escapes", "2", "bad")
    assert page.file != "index.html"
    assert render(page) == render(page)


@pytest.mark.parametrize("name", ["a/b", "../x", "index", "", "nüt", "x" * 300])
def test_file_names_are_plain(name: str) -> None:
    file = page_file(name)
    assert "/" not in file
    assert ".." not in file
    assert file != "index.html"
    assert len(file) < 120


def test_the_newest_package(tmp_path: Path) -> None:
    assert newest(tmp_path, "nut") is None
    for version in ("2", "10", "seed-3"):
        (tmp_path / "nut" / version).mkdir(parents=True)
        (tmp_path / "nut" / version / "manifest.json").write_text("{}")
    (tmp_path / "nut" / "11").mkdir()
    assert newest(tmp_path, "nut") == tmp_path / "nut" / "10"
