"""From facts to pages."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from training.evaluation import Evaluation
from training.outcomes import Outcome
from training.report import charts
from training.report.figures_sections import (
    curves_section,
    figures_section,
    tiles,
    types_section,
    verdicts_section,
)
from training.report.folds import JudgedFolds
from training.report.gallery import gallery
from training.report.gather import Facts, Packaged
from training.report.other_sections import (
    comparison_section,
    data_section,
    folds_name,
    origin_section,
    promises_section,
    seeds_section,
    supervised_section,
    variants_section,
)
from training.report.page import Block, Chart, Gallery, Note, Page, Section, Table, Tile
from training.show import interval, scale_text

INDEX = "index.html"


def category_page(facts: Facts, *, worst: int) -> Page:
    """All of one category; ``worst`` pictures at most in each group of the gallery."""
    name, main = facts.category.name, facts.main
    found: list[Section | None] = []
    if main is not None:
        found += _of_figures(facts, main)
    found += _of_package(facts.packaged, worst)
    if main is not None:
        found.append(comparison_section(facts))
    found += [supervised_section(one, n) for n, one in enumerate(facts.supervised)]
    found += [_of_folds(one, n, worst) for n, one in enumerate(facts.folds)]
    found += [seeds_section(facts.seeds), data_section(facts.inventory)]
    if facts.packaged is not None and facts.packaged.measured is not None:
        found.append(origin_section(facts.packaged, facts.packaged.measured.manifest))
    return Page(
        file=page_file(name),
        title=name,
        subtitle=_subtitle(facts),
        tiles=[] if main is None else tiles(main),
        sections=[section for section in found if section is not None],
        home=INDEX,
        notes=_notes(facts),
    )


def page_file(name: str) -> str:
    """A plain file name for any category's name."""
    kept = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)[:80]
    return (
        f"{kept}.html" if kept == name and kept != "index" else f"{kept}-{abs(_sum(name)):x}.html"
    )


def _sum(name: str) -> int:
    return int.from_bytes(name.encode(), "big") % 0xFFFFFFFF


def _of_figures(facts: Facts, main: Evaluation) -> list[Section | None]:
    others = [(f"{one['method']}, folds", one) for one in facts.supervised if one is not main]
    return [
        figures_section(main),
        verdicts_section(main),
        curves_section(main, others),
        types_section(main),
    ]


def _of_package(packaged: Packaged | None, worst: int) -> list[Section | None]:
    if packaged is None or packaged.measured is None:
        return []
    measured = packaged.measured
    return [
        Section("gallery", "Worst errors", [_gallery(measured.outcomes, worst)]),
        promises_section(measured.manifest, measured.document),
        variants_section(packaged),
    ]


def _of_folds(judged: JudgedFolds, number: int, worst: int) -> Section:
    return Section(
        f"gallery-folds-{number}",
        f"Worst errors of {folds_name(judged.document)} in folds",
        [_gallery(judged.outcomes, worst)],
        "Each image as the package saw it that was trained without it, at that package's T1.",
    )


def _gallery(outcomes: Sequence[Outcome], worst: int) -> Gallery:
    note = (
        "Left the image, with the defect outlined where a mask says where it is; right the map:"
        " nothing below half of T1, the brighter the further beyond."
    )
    return Gallery(gallery(outcomes, most=worst), note)


def _subtitle(facts: Facts) -> str:
    if facts.packaged is not None and facts.packaged.measured is not None:
        manifest, result = facts.packaged.measured.manifest, facts.packaged.measured.document
        return (
            f"{manifest.title}, {manifest.training.method}, {result['variant']}, official test:"
            f" {result['n_good']} good and {result['n_defective']} defective images"
            f"{scale_text(result)}"
        )
    main = facts.main
    if main is None:
        return "nothing measured yet"
    counts = f"{main['n_good']} good and {main['n_defective']} defective images"
    return f"{main['model']} in folds: {counts}"


def _notes(facts: Facts) -> list[Note]:
    notes = []
    if facts.packaged is not None and facts.packaged.measured is None:
        notes.append(
            Note(
                f"The package {facts.packaged.folder} has learnt from the test images, or there are"
                " none: it is not measured here. Figures are from cross-validation, if any.",
                warning=True,
            )
        )
    if facts.inventory.shared:
        notes.append(
            Note(f"{facts.inventory.shared} pictures stand in train and in test.", warning=True)
        )
    return notes


def index_page(all_facts: Sequence[Facts], failed: dict[str, str]) -> Page:
    """All categories in one table, with links to their pages."""
    measured = [(facts, facts.main) for facts in all_facts if facts.main is not None]
    blocks: list[Block] = [_table(all_facts)]
    if measured:
        rows = [
            (facts.category.name, main["image"]["auroc"], main["image"]["auroc_ci95"])
            for facts, main in measured
        ]
        drawn = charts.intervals(rows, "image AUROC, 95 %")
        blocks.append(Chart(drawn, "AUROC of every category", "Image AUROC", wide=True))
    sections = [Section("categories", "Categories", blocks)]
    if failed:
        rows_failed = list(failed.items())
        sections.append(
            Section(
                "failed", "Without a report", [Table(("category", "why"), rows_failed, prose=True)]
            )
        )
    return Page(
        file=INDEX,
        title="All categories",
        subtitle=f"{len(all_facts)} categories, {len(failed)} without a report",
        tiles=_totals([main for _, main in measured]),
        sections=sections,
    )


def _totals(results: Sequence[Evaluation]) -> list[Tile]:
    if not results:
        return []
    n_bad, n_good = sum(r["n_defective"] for r in results), sum(r["n_good"] for r in results)
    escapes = sum(r["image"]["escapes"] for r in results)
    overkills = sum(r["image"]["overkills"] for r in results)
    mean = sum(r["image"]["auroc"] for r in results) / len(results)
    lowest = min(results, key=lambda r: r["image"]["auroc"])
    return [
        Tile("mean image AUROC", f"{mean:.4f}", f"over {len(results)} categories"),
        Tile("lowest", f"{lowest['image']['auroc']:.4f}", lowest["category"]),
        Tile("escapes", str(escapes), f"of {n_bad}", "bad" if escapes else "good"),
        Tile("overkills", str(overkills), f"of {n_good}", "bad" if overkills else "good"),
    ]


def _table(all_facts: Sequence[Facts]) -> Table:
    headings = (
        "category",
        "model",
        "test images",
        "AUROC (95 %)",
        "F1 (all FAIL)",
        "escapes",
        "overkills",
        "review",
        "pixel AUROC / PRO",
        "ms",
    )
    rows = [(facts.category.name, *_cells(facts)) for facts in all_facts]
    links = [quote(page_file(facts.category.name)) for facts in all_facts]
    return Table(headings, rows, links=links)


def _cells(facts: Facts) -> tuple[str, ...]:
    result = facts.main
    if result is None:
        return ("not measured", *[""] * 8)
    image, pixel = result["image"], result["pixel"]
    return (
        result["model"].partition("#")[0] + ("" if result["protocol"] == "official" else ", folds"),
        f"{result['n_good']} + {result['n_defective']}",
        f"{image['auroc']:.4f} ({interval(image['auroc_ci95'])})",
        f"{image['f1']:.3f} ({result['floors']['all_fail_f1']:.3f})",
        str(image["escapes"]),
        str(image["overkills"]),
        str(image["review"]),
        "" if pixel is None else f"{pixel['auroc']:.3f} / {pixel['pro']:.3f}",
        f"{result['milliseconds_per_image']:.1f}",
    )
