"""``inspector-train report``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from inspector.errors import InputError, InspectorError
from training.batch import attempt, named_categories
from training.datasets import Category
from training.progress import progress
from training.report.build import INDEX, category_page, index_page
from training.report.documents import load_seeds, load_supervised
from training.report.folds import FoldFolder, load_folds
from training.report.gather import Facts, gather, newest
from training.report.page import Page
from training.report.render import render
from training.show import write_bytes


def report(
    data: Annotated[Path, typer.Option(help="Folder that holds the categories' folders.")],
    out: Annotated[Path, typer.Option(help="Folder for the pages.")],
    models: Annotated[Path, typer.Option(help="Folder of the packages.")] = Path("models"),
    category: Annotated[
        list[str] | None,
        typer.Option(help="Name of a category; may be given several times; all by default."),
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="Of the packages; the highest number by default.")
    ] = None,
    cross_validation: Annotated[
        list[Path] | None,
        typer.Option(help="What cross-validate --json wrote; several times. Of seed-cnn too."),
    ] = None,
    folds: Annotated[
        list[Path] | None,
        typer.Option(
            help="What cross-validate --out wrote; several times. Its packages are shown their"
            " test images again, for pictures of the worst errors."
        ),
    ] = None,
    seeds: Annotated[
        list[Path] | None, typer.Option(help="What seeds --json wrote; several times.")
    ] = None,
    worst: Annotated[
        int, typer.Option(min=0, max=100, help="Pictures in each group of the gallery.")
    ] = 8,
) -> None:
    """Write one page a category and one over all: HTML files that open anywhere.

    Packages are measured on the test images here, every variant of them. A page needs
    nothing but itself: no network, no other file.
    """
    documents = load_supervised(cross_validation or [])
    several = load_seeds(seeds or [])
    in_folds = [load_folds(folder) for folder in folds or []]
    categories = named_categories(data, category or [])
    _check_wanted(in_folds, categories)
    console = Console(stderr=True, highlight=False)
    _make(out)
    facts: list[Facts] = []
    failed: dict[str, str] = {}
    with progress(console) as tell:
        for number, one in enumerate(categories):
            found = attempt(
                partial(
                    gather,
                    one,
                    _package(models, version, one),
                    documents,
                    several,
                    tell,
                    in_folds,
                )
            )
            if isinstance(found, str):
                failed[one.name] = found
            else:
                _write(out, category_page(found, worst=worst))
                facts.append(found)
            tell("categories", (number + 1) / len(categories))
    _write(out, index_page(facts, failed))
    console.print(f"written to {out / INDEX}", markup=False, soft_wrap=True)
    if failed:
        raise InspectorError(
            f"{len(failed)} of {len(categories)} categories have no report: "
            + "; ".join(f"{name}: {why}" for name, why in failed.items())
        )


def _check_wanted(in_folds: Sequence[FoldFolder], categories: Sequence[Category]) -> None:
    names = [category.name for category in categories]
    for found in in_folds:
        if found.split.category not in names:
            raise InputError(
                f"--folds {found.folder} is of {found.split.category!r}, and the report is on"
                f" {', '.join(names)}: name its category too, or leave it out"
            )


def _package(models: Path, version: str | None, category: Category) -> Path | None:
    """The version asked for, or the newest; None where a category has no package."""
    if version is None:
        return newest(models, category.name)
    return models / category.name / version


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {out} cannot be made: {error.strerror}") from None


def _write(out: Path, page: Page) -> None:
    write_bytes(out / page.file, render(page))
