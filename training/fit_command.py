"""``inspector-train fit``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from inspector.errors import InputError
from training.all_command import open_cache, run_all, say_cache
from training.batch import find_categories
from training.datasets import Category, find_category
from training.feature_cache import caching
from training.fit import UNSTATED_LICENCE, Order, Trained
from training.fit import fit as run_fit
from training.fixturing import FixtureName
from training.methods import LITE0
from training.progress import progress
from training.provenance import package_fingerprint
from training.show import promised
from training.supervised_command import fit_supervised
from training.target_options import (
    Data,
    MaxEscape,
    MaxOverkill,
    MaxReview,
    RegionPixels,
    targets_of,
)
from training.trainer import SUPERVISED
from training.variants.build import NAMES, parse_names
from training.variants.show import variants_shown


def fit(
    data: Data,
    category: Annotated[str | None, typer.Option(help="Name of the category.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every category in DATA; goes on after a kill.")
    ] = False,
    method: Annotated[
        str,
        typer.Option(
            help="auto (tries the next five), memory-bank, whitened-bank, gaussian, fused,"
            " discriminator; classifier, seed-cnn."
        ),
    ] = "memory-bank",
    out: Annotated[Path, typer.Option(help="Folder of the model packages.")] = Path("models"),
    version: Annotated[
        str | None, typer.Option(help="Name of the version; the next free number by default.")
    ] = None,
    size: Annotated[
        int, typer.Option(min=64, max=1024, help="Side of the network's input, a multiple of 32.")
    ] = 256,
    region_pixels: RegionPixels = None,
    fixture: Annotated[
        FixtureName,
        typer.Option(help="How the part is found and turned first; auto tries what can be learnt."),
    ] = "auto",
    backbone: Annotated[
        str, typer.Option(help="efficientnet-lite0, or timm:NAME where timm is installed.")
    ] = LITE0,
    seed: Annotated[int, typer.Option(min=0, help="Decides everything that is drawn.")] = 0,
    licence: Annotated[
        str, typer.Option(help="Under which the model may be used (its images decide).")
    ] = UNSTATED_LICENCE,
    max_escape: MaxEscape = None,
    max_overkill: MaxOverkill = None,
    max_review: MaxReview = None,
    variants: Annotated[
        str, typer.Option(help="fp32 and any of fp16, int8, each shipped if it judges alike.")
    ] = ",".join(NAMES),
    force: Annotated[bool, typer.Option("--force", help="Replace that version.")] = False,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for features; OUT/.features with --all.")
    ] = None,
    cache_limit: Annotated[
        float, typer.Option(min=0, help="Gigabytes that it may grow to; 0 for no cache.")
    ] = 4.0,
    json: Annotated[
        Path | None, typer.Option(help="With --all, file for the summary; - for standard output.")
    ] = None,
) -> None:
    """Train a model and write its package to OUT/CATEGORY/VERSION.

    With --all, every category that is not yet finished with the same images and options is
    trained and measured, and one that fails does not stop the rest.

    classifier and seed-cnn learn from every image of the category, those in test too: measure
    them with cross-validate. All other methods learn from train/good alone, discriminator from
    train/<kind of defect> too, where there is one.

    --max-escape lowers T1, --max-review raises it, --max-overkill sets T2; what the images
    cannot promise is refused. classifier and seed-cnn count escapes on known defects that are
    kept from training; the others on synthetic ones, made up in good parts.
    """
    if size % 32:
        raise InputError(f"--size {size}: expected a multiple of 32")
    order = Order(
        _category(data, category, every=every),
        out,
        method=method,
        version=version,
        size=size,
        region_pixels=region_pixels,
        fixture=fixture,
        seed=seed,
        force=force,
        licence=licence,
        targets=targets_of(max_escape, max_overkill, max_review),
        backbone=backbone,
        variants=parse_names(variants),
    )
    if every:
        orders = [replace(order, category=found) for found in find_categories(data)]
        run_all(orders, open_cache(cache or out / ".features", cache_limit), json)
        return
    if json is not None:
        raise InputError("--json is for fit --all: evaluate writes the figures of one category")
    console = Console(stderr=True, highlight=False)
    if method in SUPERVISED:
        fit_supervised(order, console)
        return
    features = open_cache(cache, cache_limit) if cache else None
    with caching(features), progress(console) as report:
        trained = run_fit(order, report)
    say_cache(console, features)
    _print_trained(console, trained)


def _category(data: Path, name: str | None, *, every: bool) -> Category:
    """The one asked for, or the first of all."""
    if every == (name is not None):
        raise InputError("give --category NAME for one category, or --all for every one")
    return find_categories(data)[0] if name is None else find_category(data, name)


def _chosen(options: Mapping[str, object]) -> str:
    """What ``auto`` took, and why; nothing for other methods."""
    return f"method {options['chosen']}: {options['why']}\n" if "chosen" in options else ""


def _print_trained(console: Console, trained: Trained) -> None:
    manifest = trained.manifest
    console.print(
        f"{manifest.title}\n{promised(trained.calibration)}\n"
        f"fixture {manifest.training.options['fixture']}\n"
        f"{_chosen(manifest.training.options)}"
        f"export differs from torch by {trained.parity:.1e}\n"
        f"{variants_shown(manifest, trained.refused)}\nwritten to {trained.folder},"
        f" fingerprint {package_fingerprint(trained.folder)[:16]}"
    )
