"""The ``prepare`` command."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from inspector.core.geometry import Roi
from training.prepare.items import Trust
from training.prepare.report import document, print_survey
from training.prepare.survey import Request, refuse, survey
from training.prepare.write import check_target, write
from training.progress import progress
from training.show import write_json


class LabelAs(StrEnum):
    """What becomes of pictures that nobody labelled."""

    REVIEWED = "reviewed"


def prepare(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SRC...",
            help="MVTec AD layout; folders by class (good, bad, …); a CSV with"
            " path,label[,type,mask,split]; the pictures that a station kept. Several are joined.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder that will hold the category's folder.")],
    category: Annotated[
        str | None, typer.Option(help="Name of the category; that of SRC by default.")
    ] = None,
    test_share: Annotated[
        float, typer.Option(min=0, max=1, help="Of good pictures without a split of their own.")
    ] = 0.3,
    seed: Annotated[int, typer.Option(min=0, help="Decides which of them.")] = 0,
    trust: Annotated[
        Trust | None,
        typer.Option(help="Whom to believe where labels disagree: CSV (or sidecar), or folder."),
    ] = None,
    label_as: Annotated[
        LabelAs | None,
        typer.Option(help="Keep a station's unlabelled pictures in unlabelled/, unused."),
    ] = None,
    roi: Annotated[
        str | None,
        typer.Option(metavar="X,Y,W,H", help="Region to cut out of a station's pictures."),
    ] = None,
    allow_leakage: Annotated[
        bool, typer.Option("--allow-leakage", help="Leave copies of test pictures out of train.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="A file that cannot be used is an error.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a category that prepare wrote.")
    ] = False,
    json: Annotated[
        Path | None, typer.Option(help="File for what was found; - for standard output.")
    ] = None,
) -> None:
    """Make pictures into a category that fit can use: checked, split, with their provenance."""
    request = Request(
        tuple(sources),
        out,
        category=category,
        test_share=test_share,
        seed=seed,
        trust=trust,
        keep_unlabelled=label_as is LabelAs.REVIEWED,
        allow_leakage=allow_leakage,
        strict=strict,
        force=force,
        roi=Roi.parse(roi) if roi is not None else None,
    )
    # before minutes are spent on reading
    check_target(request, request.sources)
    console = Console(stderr=True, highlight=False)
    with progress(console) as report:
        found = survey(request, report)
    print_survey(console, found)
    result = document(found)
    if found.objections:
        _keep(json, result | {"written": None})
    refuse(found)
    with progress(console) as report:
        folder = write(found, result, report)
    _keep(json, result | {"written": str(folder)})
    console.print(f"written to {folder}", markup=False, soft_wrap=True)


def _keep(path: Path | None, result: dict[str, Any]) -> None:
    if path is not None:
        write_json(path, result)
