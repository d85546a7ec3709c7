"""``inspector-train evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from training.datasets import find_category
from training.evaluate import evaluate as run_evaluation
from training.progress import progress
from training.show import evaluation_table, write_json
from training.target_options import CategoryName, Data


def evaluate(
    model: Annotated[Path, typer.Option(help="Folder of a model package.")],
    data: Data,
    category: CategoryName,
    json: Annotated[
        Path | None, typer.Option(help="File for the figures; - for standard output.")
    ] = None,
    variant: Annotated[str | None, typer.Option(help="fp32, fp16 or int8.")] = None,
    region_pixels: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Test pictures with more on the shorter side are reduced to it; 0 for none; as"
            " the package was trained by default.",
        ),
    ] = None,
) -> None:
    """Measure a package on the category's test images, as the station would judge them."""
    console = Console(stderr=True, highlight=False)
    with progress(console) as report:
        result = run_evaluation(
            model,
            find_category(data, category),
            report,
            variant=variant,
            region_pixels=region_pixels,
        )
    console.print(evaluation_table(result))
    if json is not None:
        write_json(json, result)
