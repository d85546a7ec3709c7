"""``inspector models``: which packages there are, and whether one can be trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from inspector.cli import options
from inspector.cli.screen import Screen
from inspector.core.execution import Execution
from inspector.core.manifest import ModelManifest
from inspector.errors import PackageError
from inspector.inference.package import Package, find_packages, load_package
from inspector.inference.predictor import OnnxPredictor, open_predictor

group = typer.Typer(help="List and verify model packages.", no_args_is_help=True)

_COLUMNS = ("category", "version", "variants", "MB", "method", "AUROC", "problem")


@group.command("list")
def list_models(
    folder: Annotated[
        Path, typer.Option("--dir", help="Holds packages as CATEGORY/VERSION.")
    ] = Path("models"),
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON document.")] = False,
) -> None:
    """List the packages below a folder; broken ones with what is wrong."""
    rows = [_row(path, held) for path, held in find_packages(folder).items()]
    if as_json:
        typer.echo(json.dumps({"schema": 1, "packages": rows}, indent=2))
    else:
        Screen().print(_table(rows))


@group.command()
def verify(
    package: Annotated[Path, typer.Argument(help="Folder of the package.")],
    require_gpu: Annotated[bool, typer.Option(help="A fallback to the CPU is an error.")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads of a run.")] = None,
    provider: options.Provider = None,
) -> None:
    """Check everything about a package, and run its golden inputs on this machine."""
    held = load_package(package)
    typer.echo(f"{held.manifest.title}: manifest is valid")
    for variant in held.manifest.variants:
        predictor = open_predictor(
            held,
            variant=variant.name,
            require_gpu=require_gpu,
            threads=threads,
            execution=Execution(provider=provider or "auto"),
        )
        typer.echo(_report(predictor, variant.golden.atol))
        predictor.close()


def _report(predictor: OnnxPredictor, atol: float) -> str:
    remarks = "".join(f"\n  {line}" for line in predictor.remarks)
    return (
        f"{predictor.variant}: checksums, self-contained model, inputs and outputs are right;"
        f" golden outputs differ by {predictor.golden_difference:.3g} (allowed {atol:g})"
        f" on {predictor.provider}\n  {predictor.model_id}{remarks}"
    )


def _row(path: Path, held: Package | PackageError) -> dict[str, Any]:
    """What is known of a package; a broken one is named by its folders."""
    if isinstance(held, PackageError):
        return {"path": str(path), "category": path.parent.name, "version": path.name,
                "problem": str(held)}  # fmt: skip
    manifest = held.manifest
    return {
        "path": str(path),
        "category": manifest.category,
        "version": manifest.version,
        "variants": [variant.name for variant in manifest.variants],
        "size_bytes": sum(variant.size_bytes for variant in manifest.variants),
        "method": manifest.training.method,
        "auroc": _auroc(manifest),
        "problem": None,
    }


def _auroc(manifest: ModelManifest) -> float | None:
    return next((v for k, v in manifest.metrics.items() if k in {"auroc", "image_auroc"}), None)


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(*_COLUMNS)
    for row in rows:
        auroc = row.get("auroc")
        table.add_row(
            row["category"],
            row["version"],
            " ".join(row.get("variants", [])),
            f"{row['size_bytes'] / 1e6:.1f}" if "size_bytes" in row else "",
            row.get("method", ""),
            "" if auroc is None else f"{auroc:.4f}",
            row["problem"] or "",
        )
    return table
