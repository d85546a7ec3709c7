"""The evaluation document, and the commands around it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inspector.core.geometry import Affine
from inspector.core.inspection import Prediction, Verdict
from inspector.errors import InputError
from tests.support.parts_folder import write_category, write_image
from training import cli, metrics
from training.datasets import Category, Sample, find_category
from training.evaluate import Outcome, _image_figures, _pixel_figures, evaluate
from training.fit import Trained

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
]


def _nothing(step: str, share: float) -> None:
    pass


def test_document(discs: Path, trained: Trained) -> None:
    result = evaluate(trained.folder, find_category(discs, "disc"), _nothing)
    assert list(result) == [
        "schema",
        "category",
        "protocol",
        "n_good",
        "n_defective",
        "thresholds",
        "image",
        "pixel",
        "by_defect_type",
        "floors",
        "variant",
        "milliseconds_per_image",
    ]
    assert (result["schema"], result["category"], result["protocol"]) == (1, "disc", "official")
    assert (result["n_good"], result["n_defective"]) == (5, 5)
    assert result["thresholds"] == trained.manifest.variants[0].thresholds.model_dump()
    assert list(result["image"]) == IMAGE_KEYS
    assert result["image"]["auroc"] == 1.0
    assert sum(result["image"]["confusion"].values()) == 10
    assert result["pixel"] is not None
    assert result["pixel"]["auroc"] > 0.9
    assert result["pixel"]["pro"] > 0.7
    assert list(result["by_defect_type"]) == ["blot"]
    assert result["by_defect_type"]["blot"]["n"] == 5
    assert result["floors"] == {"all_pass_accuracy": 0.5, "all_fail_f1": pytest.approx(2 / 3)}
    assert result["milliseconds_per_image"] > 0


def test_without_masks_there_are_no_pixel_figures(tmp_path: Path, trained: Trained) -> None:
    root = write_category(tmp_path, good=2, masks=False)
    result = evaluate(trained.folder, find_category(root, "disc"), _nothing)
    assert result["pixel"] is None


def _outcome(kind: str, score: float, verdict: Verdict, mask: Path | None = None) -> Outcome:
    heat = np.full((2, 2), score, np.float32)
    prediction = Prediction(score, heat, None, Affine.identity(), "m@1#0")
    return Outcome(Sample(Path("x.png"), kind, mask), (4, 4), prediction, verdict)


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
    figures = _image_figures(outcomes, defective, scores)
    assert figures["confusion"] == {"tp": 3, "fp": 2, "fn": 1, "tn": 1}
    assert (figures["escapes"], figures["overkills"], figures["review"]) == (1, 2, 2)
    assert _pixel_figures(outcomes) is None
    json.dumps(figures, allow_nan=False)


def test_empty_masks_give_no_pixel_figures(tmp_path: Path) -> None:
    write_image(tmp_path / "m.png", np.zeros((4, 4), np.uint8))
    outcomes = [
        _outcome("good", 0.1, Verdict.PASS),
        _outcome("hole", 2.0, Verdict.FAIL, tmp_path / "m.png"),
    ]
    assert _pixel_figures(outcomes) is None


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
    code = _run(monkeypatch, "fit", "--data", discs, "--category", "disc", "--out", tmp_path / "m")
    assert code == cli.INTERRUPTED
    assert "interrupted" in capsys.readouterr().err
    assert not (tmp_path / "m").exists()
