"""The evaluation document, and the commands around it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inspector.core.geometry import Affine
from inspector.core.inspection import Prediction, Verdict
from inspector.core.manifest import ProposedThresholds
from inspector.errors import InputError, PackageError
from tests.support.parts_folder import write_category, write_image
from training import cli, metrics
from training.camera_model import reduced
from training.datasets import Category, Sample, find_category, read_image
from training.evaluate import evaluate
from training.figures import figures, image_figures
from training.fit import Order, Trained, fit
from training.outcomes import Outcome, region_of
from training.pixel_figures import pixel_figures

IMAGE_KEYS = [
    "auroc",
    "auroc_ci95",
    "average_precision",
    "accuracy",
    "precision",
    "recall",
    "f1",
    "confusion",
    "escapes",
    "overkills",
    "review",
    "fpr_at_tpr1",
    "tpr_at_fpr0",
    "ci95",
    "review_load",
    "at_t2",
]


def _nothing(step: str, share: float) -> None:
    pass


def test_document(discs: Path, trained: Trained) -> None:
    result = evaluate(trained.folder, find_category(discs, "disc"), _nothing)
    assert list(result) == [
        "schema",
        "category",
        "model",
        "protocol",
        "n_good",
        "n_defective",
        "thresholds",
        "image",
        "pixel",
        "by_defect_type",
        "type_confusion",
        "floors",
        "variant",
        "milliseconds_per_image",
        "milliseconds",
        "scores",
    ]
    assert (result["schema"], result["category"], result["protocol"]) == (2, "disc", "official")
    assert (result["n_good"], result["n_defective"]) == (5, 5)
    proposed = trained.manifest.variant(result["variant"]).thresholds
    assert result["thresholds"] == {"t1": proposed.t1, "t2": proposed.t2}
    assert list(result["image"]) == IMAGE_KEYS
    assert result["image"]["auroc"] == 1.0
    assert sum(result["image"]["confusion"].values()) == 10
    assert result["pixel"] is not None
    assert result["pixel"]["auroc"] > 0.9
    assert result["pixel"]["pro"] > 0.7
    assert list(result["by_defect_type"]) == ["blot"]
    assert result["by_defect_type"]["blot"]["n"] == 5
    assert result["floors"] == {
        "all_pass_accuracy": 0.5,
        "all_pass_f1": 0.0,
        "all_fail_accuracy": 0.5,
        "all_fail_f1": pytest.approx(2 / 3),
    }
    assert result["model"] == trained.manifest.model_id("int8")
    assert result["type_confusion"] is None
    for low, high in [*result["image"]["ci95"].values(), *result["pixel"]["ci95"].values()]:
        assert 0 <= low < high <= 1
    assert [s["image"] for s in result["scores"][:6:5]] == [
        "test/blot/000.jpg",
        "test/good/000.png",
    ]
    assert {s["kind"] for s in result["scores"]} == {"blot", "good"}
    assert all(s["score"] > 1.0 for s in result["scores"] if s["verdict"] != "PASS")
    assert result["milliseconds_per_image"] > 0


def test_test_images_are_judged_at_the_scale_of_training(tmp_path: Path) -> None:
    """As if the smaller pictures had been given, but maps lie on the pictures as they are."""
    root = write_category(tmp_path / "data", good=6)
    category = find_category(root, "disc")
    out = tmp_path / "m"
    package = fit(Order(category, out, size=64, region_pixels=64, fixture="none"), _nothing).folder
    for path in sorted((root / "disc" / "test").rglob("*.*")):
        small = tmp_path / "small" / "disc" / path.relative_to(root / "disc")
        write_image(small.with_suffix(".png"), reduced(read_image(path), 64))
    given = evaluate(package, find_category(tmp_path / "small", "disc"), _nothing)
    result = evaluate(package, category, _nothing)
    assert [s["score"] for s in result["scores"]] == [s["score"] for s in given["scores"]]
    assert result.get("region_pixels") == 64
    assert result["pixel"] is not None
    assert result["pixel"]["auroc"] > 0.9
    as_they_are = evaluate(package, category, _nothing, region_pixels=0)
    assert "region_pixels" not in as_they_are
    assert as_they_are["scores"][0]["score"] != result["scores"][0]["score"]
    assert evaluate(package, category, _nothing, region_pixels=80).get("region_pixels") == 80


@pytest.mark.parametrize("asked", [1, 63, 8193])
def test_a_scale_that_no_station_has_is_refused(discs: Path, trained: Trained, asked: int) -> None:
    with pytest.raises(InputError, match="expected 0 or 64 to 8192"):
        evaluate(trained.folder, find_category(discs, "disc"), _nothing, region_pixels=asked)


@pytest.mark.parametrize("told", ["640", -1, 63, 10**9, 0.5])
def test_a_package_that_tells_nonsense_of_its_scale_is_refused(
    trained: Trained, told: str | float
) -> None:
    training = trained.manifest.training
    spoilt = training.model_copy(update={"options": training.options | {"region_pixels": told}})
    with pytest.raises(PackageError, match="region_pixels"):
        region_of(trained.manifest.model_copy(update={"training": spoilt}))
    assert region_of(trained.manifest) is None


def test_without_masks_there_are_nopixel_figures(tmp_path: Path, trained: Trained) -> None:
    root = write_category(tmp_path, good=2, masks=False)
    result = evaluate(trained.folder, find_category(root, "disc"), _nothing)
    assert result["pixel"] is None


def _outcome(kind: str, score: float, verdict: Verdict, mask: Path | None = None) -> Outcome:
    heat = np.full((2, 2), score, np.float32)
    prediction = Prediction(score, heat, None, Affine.identity(), "m@1#0")
    return Outcome(Sample(Path("x.png"), kind, mask), (4, 4), prediction, verdict, 1.0)


def test_review_and_invalid_count_as_rejected() -> None:
    outcomes = [
        _outcome("good", 0.1, Verdict.PASS),
        _outcome("good", 1.02, Verdict.REVIEW),
        _outcome("good", np.nan, Verdict.INVALID),
        _outcome("hole", 0.9, Verdict.PASS),
        _outcome("hole", 1.05, Verdict.REVIEW),
        _outcome("hole", 2.0, Verdict.FAIL),
        _outcome("hole", np.nan, Verdict.INVALID),
    ]
    defective = np.array([o.sample.is_defective for o in outcomes])
    scores = metrics.finite([o.prediction.score for o in outcomes])
    image = image_figures(outcomes, defective, scores)
    assert image["confusion"] == {"tp": 3, "fp": 2, "fn": 1, "tn": 1}
    assert (image["escapes"], image["overkills"], image["review"]) == (1, 2, 2)
    assert image["at_t2"] == {"escapes": 2, "overkills": 0, "invalid": 2}
    assert image["review_load"] == {"all": 2 / 7, "good": 1 / 3, "defective": 1 / 4}
    assert pixel_figures(outcomes) is None
    json.dumps(image, allow_nan=False)


def test_scores_and_types_are_told_image_by_image(tmp_path: Path) -> None:
    def named(kind: str, score: float, name: str | None) -> Outcome:
        sample = Sample(tmp_path / "test" / kind / "1.png", kind)
        prediction = Prediction(score, None, None, Affine.identity(), "m@1#0", fault=None)
        verdict = Verdict.FAIL if score > 1 else Verdict.PASS
        return Outcome(sample, (4, 4), prediction, verdict, 1.0, name)

    outcomes = [named("good", 0.5, "hole"), named("hole", 2, "hole"), named("dent", 3, "hole")]
    outcomes.append(_outcome("dent", np.nan, Verdict.INVALID))
    document = figures(
        Category("nut", tmp_path),
        outcomes,
        protocol="official",
        model="nut@1#0",
        thresholds=ProposedThresholds(t1=1, t2=2),
        variant="fp32",
    )
    assert document["type_confusion"] == {"dent": {"hole": 1}, "hole": {"hole": 1}}
    assert document["scores"][1] == {
        "image": "test/hole/1.png",
        "kind": "hole",
        "score": 2.0,
        "verdict": "FAIL",
        "named": "hole",
        "fault": None,
    }
    assert document["scores"][3]["score"] is None
    assert document["scores"][3]["image"] == "x.png"
    json.dumps(document, allow_nan=False)


def test_empty_masks_give_nopixel_figures(tmp_path: Path) -> None:
    write_image(tmp_path / "m.png", np.zeros((4, 4), np.uint8))
    outcomes = [
        _outcome("good", 0.1, Verdict.PASS),
        _outcome("hole", 2.0, Verdict.FAIL, tmp_path / "m.png"),
    ]
    assert pixel_figures(outcomes) is None


def test_a_model_of_something_else_is_refused(discs: Path, trained: Trained) -> None:
    with pytest.raises(InputError, match="a model of 'disc', not of 'nut'"):
        evaluate(trained.folder, Category("nut", discs / "disc"), _nothing)


def _run(monkeypatch: pytest.MonkeyPatch, *args: str | Path) -> int:
    monkeypatch.setattr("sys.argv", ["inspector-train", *(str(a) for a in args)])
    with pytest.raises(SystemExit) as done:
        cli.main()
    assert isinstance(done.value.code, int)
    return done.value.code


def test_commands(
    discs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fit = [
        "fit",
        "--data",
        discs,
        "--category",
        "disc",
        "--out",
        tmp_path / "m",
        "--size",
        "64",
        "--fixture",
        "none",
    ]
    assert _run(monkeypatch, *fit) == 0
    assert "T1 1.0000" in capsys.readouterr().err
    measure = ["evaluate", "--data", discs, "--category", "disc", "--model", tmp_path / "m/disc/1"]
    assert _run(monkeypatch, *measure, "--json", tmp_path / "e.json") == 0
    assert "image AUROC" in capsys.readouterr().err
    assert _run(monkeypatch, *measure, "--json", "-") == 0
    printed = json.loads(capsys.readouterr().out)
    saved = json.loads((tmp_path / "e.json").read_text(encoding="utf-8"))
    assert printed["image"] == saved["image"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["fit", "--category", "nut"], "no category 'nut'"),
        (["fit", "--category", "disc", "--method", "magic"], "no method 'magic'"),
        (["fit", "--category", "disc", "--size", "100"], "multiple of 32"),
        (["fit", "--category", "disc", "--version", "../x"], "version '../x'"),
        (["evaluate", "--category", "disc", "--model", "absent"], "no such folder"),
    ],
)
def test_wrong_usage_is_one_line(
    discs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
    said: str,
) -> None:
    out = ["--out", tmp_path] if args[0] == "fit" else []
    assert _run(monkeypatch, *args, "--data", discs, *out) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert lines[-1].startswith("error: ")
    assert said in lines[-1]
    assert not any("Traceback" in line for line in lines)
    assert not list(tmp_path.iterdir())


def test_interrupt(
    discs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("training.fit.photograph", interrupt)
    quick = ["--size", "64", "--fixture", "none"]
    where = ["--data", discs, "--category", "disc", "--out", tmp_path / "m"]
    code = _run(monkeypatch, "fit", *where, *quick)
    assert code == cli.INTERRUPTED
    assert "interrupted" in capsys.readouterr().err
    assert not (tmp_path / "m").exists()
