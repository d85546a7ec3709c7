"""``fit --all`` and ``fingerprint``, and the cache that long runs share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from inspector.errors import InspectorError
from training.feature_cache import GIGABYTE, FeatureCache, caching
from training.fit import Order
from training.fit_all import SCHEMA, AllRows, Row, fit_all
from training.fit_all_show import fit_all_markdown, fit_all_table
from training.progress import progress
from training.provenance import package_files, package_fingerprint
from training.show import write_bytes, write_json


def fingerprint(
    packages: Annotated[list[Path], typer.Argument(help="Folders of model packages.")],
    files: Annotated[bool, typer.Option("--files", help="The digest of each file too.")] = False,
) -> None:
    """Print the digest of a package without its time of creation.

    The same images, options and seed on the same machine and program give the same one.
    """
    for folder in packages:
        typer.echo(f"{package_fingerprint(folder)}  {folder}")
        if files:
            for name, sha256 in package_files(folder).items():
                typer.echo(f"  {sha256}  {name}")


def run_all(orders: Sequence[Order], cache: FeatureCache | None, json: Path | None) -> None:
    """Trains all, writes OUT/fit-all.json and .md; raises InspectorError if one failed."""
    console = Console(stderr=True, highlight=False)
    out = orders[0].out
    with caching(cache), progress(console) as report:
        rows = fit_all(orders, report, partial(console.print, markup=False, soft_wrap=True))
    say_cache(console, cache)
    document = AllRows(schema=SCHEMA, data=str(orders[0].category.path.parent), rows=rows)
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "fit-all.json", document)
    write_bytes(out / "fit-all.md", fit_all_markdown(rows).encode())
    console.print(fit_all_table(rows))
    if json is not None:
        write_json(json, document)
    _refuse_failed(rows)


def open_cache(folder: Path, gigabytes: float) -> FeatureCache | None:
    """None for a limit of 0; raises InputError where the folder cannot be made."""
    return FeatureCache(folder, int(gigabytes * GIGABYTE)) if gigabytes else None


def say_cache(console: Console, cache: FeatureCache | None) -> None:
    if cache is None:
        return
    use = cache.use
    if use.hits:
        console.print(f"features: {use.hits} found in the cache, {use.misses} computed")
    if use.trouble:
        console.print(use.trouble, markup=False, soft_wrap=True)


def _refuse_failed(rows: Sequence[Row]) -> None:
    failed = [row for row in rows if row["error"]]
    if failed:
        names = ", ".join(row["category"] for row in failed)
        raise InspectorError(f"{len(failed)} of {len(rows)} categories failed: {names}; see above")
