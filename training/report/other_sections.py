"""Sections on what stands beside the figures: promises, other methods, seeds, data, origin."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.core.manifest import ModelManifest, ThresholdBasis
from training.evaluation import Evaluation
from training.intervals import wilson
from training.report import charts
from training.report.gather import BASELINE, Facts, Packaged
from training.report.inventory import Inventory
from training.report.page import Block, Chart, Note, Section, Table
from training.seeds import Seeds
from training.seeds_show import figure_names, interval_text, title_of, value_text
from training.show import interval
from training.supervised import Supervised

_HEADINGS = (
    "",
    "images",
    "AUROC (95 %)",
    "AP",
    "accuracy",
    "F1",
    "escapes",
    "overkills",
    "review",
    "ms",
)


def promises_section(manifest: ModelManifest, result: Evaluation) -> Section:
    """What calibration expected, beside what the test images showed."""
    basis, image = manifest.threshold_basis, result["image"]
    n_good, n_bad = result["n_good"], result["n_defective"]
    rows = [
        _promise(
            "good parts at or above T1",
            basis.expected_overkill_t1,
            f"{image['overkills']} of {n_good}",
            image["ci95"]["overkill_rate"],
        ),
        _promise(
            "good parts at or above T2",
            basis.expected_overkill_t2,
            f"{image['at_t2']['overkills']} of {n_good}",
            wilson(image["at_t2"]["overkills"] / n_good, n_good),
        ),
        _promise(
            "good parts in review",
            basis.expected_review,
            f"{image['review_load']['good']:.1%} of {n_good}",
            wilson(image["review_load"]["good"], n_good),
        ),
        _promise(
            "defective parts below T1",
            basis.expected_escape,
            f"{image['escapes']} of {n_bad}",
            image["ci95"]["escape_rate"],
        ),
    ]
    table = Table(
        ("share", "expected", "seen in the test", "95 %", "agree"), rows, note=_basis(basis)
    )
    return Section("promises", "What calibration promises", [table])


def _promise(
    what: str, expected: float | None, seen: str, bounds: Sequence[float] | None
) -> tuple[str, ...]:
    around = "" if bounds is None else interval(bounds)
    if expected is None:
        return (what, "unknown", seen, around, "")
    agrees = (
        "" if bounds is None else ("yes" if bounds[0] <= expected else "no: more than expected")
    )
    return (what, f"{expected:.2%}", seen, around, agrees)


def _basis(basis: ThresholdBasis) -> str:
    text = (
        f"Thresholds: {basis.method}. From {basis.n_good} good and {basis.n_defective} defective"
        " images."
    )
    if basis.synthetic_escape is not None and basis.synthetic_escape_at_most is not None:
        text += (
            f" Of {basis.n_synthetic} made-up defects {basis.synthetic_escape:.1%} passed (at most"
            f" {basis.synthetic_escape_at_most:.1%}), which promises nothing of real ones."
        )
    if basis.escape_at_most is not None:
        text += f" Escapes: at most {basis.escape_at_most:.1%} at 95 % confidence."
    return text


def comparison_section(facts: Facts) -> Section:
    """All methods there are figures of, and what those have that learnt nothing."""
    rows = []
    if facts.packaged is not None and facts.packaged.measured is not None:
        measured = facts.packaged.measured
        name = f"this package: {measured.manifest.training.method}, official test"
        rows.append(_method(name, measured.document))
    for one in sorted(facts.supervised, key=lambda s: s["method"] == BASELINE):
        name = f"{one['method']}, {len(one['folds'])} folds, seed {one['seed']}"
        if one["method"] == BASELINE:
            name += " (the first project)"
        rows.append(_method(name, one))
    seen: list[str] = []
    for result in _evaluations(facts):
        if result["protocol"] not in seen:
            seen.append(result["protocol"])
            rows += _floors(result)
    blocks: list[Block] = [Table(_HEADINGS, rows)]
    if not any(one["method"] == BASELINE for one in facts.supervised):
        blocks.append(
            Note(
                "The first project's network is not beside it: run inspector-train"
                " cross-validate --method seed-cnn --json FILE, and give the FILE with"
                " --cross-validation."
            )
        )
    intro = (
        "The official test takes the images in test; folds take every labelled image once. Figures"
        " of different images can only be compared with their own floors."
    )
    return Section("comparison", "Beside other methods", blocks, intro)


def _evaluations(facts: Facts) -> list[Evaluation]:
    own = [] if facts.main is None else [facts.main]
    return [*own, *facts.supervised]


def _method(name: str, result: Evaluation) -> tuple[str, ...]:
    image = result["image"]
    return (
        name,
        f"{result['n_good']} + {result['n_defective']}",
        f"{image['auroc']:.4f} ({interval(image['auroc_ci95'])})",
        f"{image['average_precision']:.3f}",
        f"{image['accuracy']:.3f}",
        f"{image['f1']:.3f}",
        str(image["escapes"]),
        str(image["overkills"]),
        str(image["review"]),
        f"{result['milliseconds_per_image']:.1f}",
    )


def _floors(result: Evaluation) -> list[tuple[str, ...]]:
    floors, images = result["floors"], f"{result['n_good']} + {result['n_defective']}"
    return [
        (
            f"all PASS, {result['protocol']}",
            images,
            "0.5",
            "",
            f"{floors['all_pass_accuracy']:.3f}",
            "0",
            str(result["n_defective"]),
            "0",
            "0",
            "",
        ),
        (
            f"all FAIL, {result['protocol']}",
            images,
            "0.5",
            "",
            f"{floors['all_fail_accuracy']:.3f}",
            f"{floors['all_fail_f1']:.3f}",
            "0",
            str(result["n_good"]),
            "0",
            "",
        ),
    ]


def variants_section(packaged: Packaged) -> Section | None:
    """None for a package of one variant."""
    if packaged.measured is None or len(packaged.variants) < 2:
        return None
    first = packaged.variants[0]
    sizes: dict[str, int] = {v.name: v.size_bytes for v in packaged.measured.manifest.variants}
    rows = [
        (
            result["variant"],
            f"{sizes[result['variant']] / 1e6:.1f} MB",
            f"{result['image']['auroc']:.4f}",
            f"{result['image']['f1']:.3f}",
            str(result["image"]["escapes"]),
            str(result["image"]["overkills"]),
            str(result["image"]["review"]),
            str(_differ(first, result)),
            f"{result['milliseconds']['median']:.1f} / {result['milliseconds']['p95']:.1f}",
        )
        for result in packaged.variants
    ]
    headings = (
        "variant",
        "size",
        "AUROC",
        "F1",
        "escapes",
        "overkills",
        "review",
        f"verdicts unlike {first['variant']}",
        "ms, median / p95",
    )
    return Section("variants", "Variants side by side", [Table(headings, rows)])


def _differ(one: Evaluation, other: Evaluation) -> int:
    pairs = zip(one["scores"], other["scores"], strict=True)
    return sum(a["verdict"] != b["verdict"] for a, b in pairs)


def folds_name(result: Supervised) -> str:
    """Method and seed, and what it was kept from seeing."""
    without = f", without {', '.join(result['hold_out'])}" if result["hold_out"] else ""
    return f"{result['method']}, seed {result['seed']}{without}"


def supervised_section(result: Supervised, number: int) -> Section:
    """Folds, training curves and the open-set figure of the ``number``-th cross-validation."""
    headings = ("fold", "trained on", "tested on", "T1", "tp", "fp", "fn", "tn", "s to train")
    rows = [
        (
            str(fold["fold"] + 1),
            str(fold["n_train"]),
            str(fold["n_test"]),
            f"{fold['thresholds']['t1']:.3f}",
            *(str(fold["confusion"][name]) for name in ("tp", "fp", "fn", "tn")),
            f"{fold['train_seconds']:.0f}",
        )
        for fold in result["folds"]
    ]
    blocks: list[Block] = [Table(headings, rows, "Folds")]
    curves = [fold["curves"] for fold in result["folds"] if fold["curves"].get("train_loss")]
    if curves:
        drawn = charts.training_curves(curves)
        blocks.append(Chart(drawn, "Losses by epoch", "Training curves, a line a fold"))
    if result["open_set"] is not None:
        image = result["open_set"]
        text = (
            f"Types that no training saw ({', '.join(result['hold_out'])}): AUROC"
            f" {image['auroc']:.4f} ({interval(image['auroc_ci95'])}), {image['escapes']} escapes."
        )
        blocks.append(Note(text))
    return Section(f"folds-{number}", f"Cross-validation of {folds_name(result)}", blocks)


def seeds_section(documents: Sequence[Seeds]) -> Section | None:
    if not documents:
        return None
    return Section("seeds", "Several seeds", [_seeds_table(document) for document in documents])


def _seeds_table(document: Seeds) -> Table:
    names, summary = figure_names(document), document["summary"]
    rows = [
        (str(row["seed"]), *(value_text(n, row[n]) for n in names))  # type: ignore[literal-required]
        for row in document["seeds"]
    ]
    rows.append(("mean", *(value_text(name, summary[name]["mean"]) for name in names)))
    rows.append(("95 % of the mean", *(interval_text(document, name) for name in names)))
    title = f"{document['method']}, {document['protocol']} protocol"
    return Table(
        ("seed", *(title_of(name) for name in names)),
        rows,
        title,
        "Student's t over the seeds; it says nothing of the choice of images.",
    )


def data_section(inventory: Inventory) -> Section:
    rows = [("train/good", str(inventory.train_good), "")]
    rows += [
        (f"test/{kind}", str(count), str(inventory.masks.get(kind, "")))
        for kind, count in sorted(inventory.test.items())
    ]
    sizes = [
        (f"{width}×{height}" if width else "unknown", str(count))
        for (width, height), count in sorted(inventory.sizes.items(), key=lambda s: -s[1])
    ]
    blocks: list[Block] = [
        Table(("folder", "images", "masks"), rows, note=_imbalance(inventory), wide=False),
        Table(("pixels", "images"), sizes[:8], note=_more(len(sizes) - 8), wide=False),
    ]
    if inventory.shared:
        text = f"{inventory.shared} pictures stand in train and in test: the figures flatter."
        blocks.append(Note(text, warning=True))
    return Section("data", "Data", blocks)


def _more(count: int) -> str:
    return f"and {count} other sizes" if count > 0 else ""


def _imbalance(inventory: Inventory) -> str:
    if not inventory.defective:
        return "No defective images: nothing can be said of escapes."
    ratio = inventory.good / inventory.defective
    most = max(inventory.good, inventory.defective) / (inventory.good + inventory.defective)
    return (
        f"{inventory.good} good and {inventory.defective} defective, {ratio:.1f} to 1: always"
        f" saying the commoner one is right for {most:.1%}."
    )


def origin_section(packaged: Packaged, manifest: ModelManifest) -> Section:
    info = manifest.training
    rows = [
        ("package", str(packaged.folder)),
        ("fingerprint", packaged.fingerprint),
        ("created", manifest.created),
        ("licence", manifest.licence),
        ("seed", str(info.seed)),
        ("training data, sha256", manifest.data.sha256),
        ("input", f"{manifest.input.width}×{manifest.input.height} pixels"),
        *((key, str(value)) for key, value in sorted((info.options | info.tools).items())),
    ]
    return Section("origin", "How to make it again", [Table(("", ""), rows, prose=True)])
