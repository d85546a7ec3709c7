"""``inspector-train seeds``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from inspector.errors import InputError, InspectorError
from training.all_command import open_cache, say_cache
from training.batch import attempt, named_categories
from training.feature_cache import caching
from training.fit import Order, check_region
from training.fixturing import FixtureName
from training.methods import LITE0, find_method
from training.progress import progress
from training.seeds import Plan, Protocol, Seeds, check_protocol, run_seeds
from training.seeds_show import figure_names, interval_text, seeds_markdown, title_of, value_text
from training.show import write_bytes, write_json
from training.target_options import (
    MaxEscape,
    MaxOverkill,
    MaxReview,
    RegionPixels,
    targets_of,
)
from training.trainer import SUPERVISED, find_supervised

_SIZE = 256


def seeds(
    data: Annotated[Path, typer.Option(help="Folder that holds the categories' folders.")],
    out: Annotated[
        Path, typer.Option(help="Folder for the figures and packages; finished seeds stay in it.")
    ],
    category: Annotated[
        list[str] | None,
        typer.Option(help="Name of a category; may be given several times; all by default."),
    ] = None,
    count: Annotated[int, typer.Option("--seeds", min=1, max=100, help="How many.")] = 5,
    first_seed: Annotated[int, typer.Option(min=0, help="The others follow it.")] = 0,
    protocol: Annotated[
        Protocol,
        typer.Option(help="official: train on good, test on test; supervised: in folds."),
    ] = "official",
    method: Annotated[
        str | None,
        typer.Option(help="As of fit; memory-bank by default, classifier for supervised."),
    ] = None,
    size: Annotated[
        int | None, typer.Option(min=64, max=1024, help="Side of the input, a multiple of 32.")
    ] = None,
    region_pixels: RegionPixels = None,
    fixture: Annotated[
        FixtureName | None, typer.Option(help="auto by default; none for supervised methods.")
    ] = None,
    backbone: Annotated[
        str, typer.Option(help="Of methods that learn from good images alone.")
    ] = LITE0,
    max_escape: MaxEscape = None,
    max_overkill: MaxOverkill = None,
    max_review: MaxReview = None,
    folds: Annotated[int, typer.Option(min=2, max=50, help="Of the supervised protocol.")] = 5,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for features; OUT/.features by default.")
    ] = None,
    cache_limit: Annotated[
        float, typer.Option(min=0, help="Gigabytes that it may grow to; 0 for no cache.")
    ] = 4.0,
    json: Annotated[
        Path | None, typer.Option(help="File for the figures; - for standard output.")
    ] = None,
) -> None:
    """Train and measure with several seeds: each one's figures, their mean and its interval.

    What is finished is kept: the same command goes on where it was stopped or killed.
    """
    name = method or ("memory-bank" if protocol == "official" else "classifier")
    check_protocol(name, protocol)
    targets = targets_of(max_escape, max_overkill, max_review)
    orders = [
        Order(
            found,
            out,
            method=name,
            size=_size(name, size),
            region_pixels=region_pixels,
            fixture=fixture or ("none" if name in SUPERVISED else "auto"),
            backbone=backbone,
            targets=targets,
        )
        for found in named_categories(data, category or [])
    ]
    for order in orders:
        check_region(order)
    plan = Plan(tuple(range(first_seed, first_seed + count)), protocol, out, folds)
    console = Console(stderr=True, highlight=False)
    features = open_cache(cache or out / ".features", cache_limit)
    with caching(features):
        documents, failed = _run(orders, plan, console)
    say_cache(console, features)
    if documents:
        write_bytes(out / f"seeds-{protocol}-{name}.md", seeds_markdown(documents).encode())
        result = {"schema": 1, "categories": documents, "failed": failed}
        write_json(out / f"seeds-{protocol}-{name}.json", result)
        if json is not None:
            write_json(json, result)
        for document in documents:
            console.print(_table(document))
    if failed:
        raise InspectorError(
            f"{len(failed)} of {len(orders)} categories failed: "
            + "; ".join(f"{what}: {why}" for what, why in failed.items())
        )


def _run(orders: list[Order], plan: Plan, console: Console) -> tuple[list[Seeds], dict[str, str]]:
    documents: list[Seeds] = []
    failed: dict[str, str] = {}
    say = partial(console.print, markup=False)
    for order in orders:
        # a display for each, so that the steps of one category do not pile up on the next
        with progress(console) as report:
            result = attempt(partial(run_seeds, order, plan, report, say))
        if isinstance(result, str):
            failed[order.category.name] = result
        else:
            documents.append(result)
    return documents, failed


def _size(method: str, size: int | None) -> int:
    if size is not None and size % 32:
        raise InputError(f"--size {size}: expected a multiple of 32")
    if method in SUPERVISED:
        return size or int(find_supervised(method).SIZE)
    find_method(method)
    return size or _SIZE


def _table(document: Seeds) -> Table:
    """A line a figure: seeds are few, and a screen is narrow."""
    table = Table(
        title=escape(f"{document['category']}, {document['protocol']}, {document['method']}"),
        box=box.SIMPLE,
    )
    table.add_column("")
    for row in document["seeds"]:
        table.add_column(f"seed {row['seed']}", justify="right")
    table.add_column("mean", justify="right", style="bold")
    table.add_column("95 %", justify="right", no_wrap=True)
    for name in figure_names(document):
        cells = [value_text(name, row[name]) for row in document["seeds"]]  # type: ignore[literal-required]
        mean = value_text(name, document["summary"][name]["mean"])
        table.add_row(title_of(name), *cells, mean, interval_text(document, name))
    return table
