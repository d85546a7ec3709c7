"""The ``inspector-train`` command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from inspector.errors import InputError, InspectorError
from training.datasets import find_category
from training.evaluate import evaluate as run_evaluation
from training.fit import UNSTATED_LICENCE, Order, Trained
from training.fit import fit as run_fit
from training.fixturing import FixtureName
from training.prepare.command import prepare
from training.progress import progress
from training.seeds_command import seeds
from training.show import evaluation_table, write_json
from training.supervised_command import ablation, cross_validate, fit_supervised
from training.trainer import SUPERVISED

INTERRUPTED = 130

Data = Annotated[Path, typer.Option(help="Folder that holds the category's folder.")]
CategoryName = Annotated[str, typer.Option("--category", help="Name of the category.")]

app = typer.Typer(
    name="inspector-train",
    help="Train models for Inspector from images of good parts, and measure them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

app.command()(prepare)
app.command("cross-validate")(cross_validate)
app.command()(ablation)
app.command()(seeds)


@app.command()
def fit(
    data: Data,
    category: CategoryName,
    method: Annotated[
        str, typer.Option(help="memory-bank, classifier or seed-cnn.")
    ] = "memory-bank",
    out: Annotated[Path, typer.Option(help="Folder of the model packages.")] = Path("models"),
    version: Annotated[
        str | None, typer.Option(help="Name of the version; the next free number by default.")
    ] = None,
    size: Annotated[
        int, typer.Option(min=64, max=1024, help="Side of the network's input, a multiple of 32.")
    ] = 256,
    fixture: Annotated[
        FixtureName,
        typer.Option(help="How the part is found and turned first; auto tries what can be learnt."),
    ] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Decides everything that is drawn.")] = 0,
    licence: Annotated[
        str, typer.Option(help="Under which the model may be used (its images decide).")
    ] = UNSTATED_LICENCE,
    force: Annotated[bool, typer.Option("--force", help="Replace that version.")] = False,
) -> None:
    """Train a model and write its package to OUT/CATEGORY/VERSION.

    memory-bank learns from train/good alone. classifier and seed-cnn learn from every image
    of the category, those in test too: measure them with cross-validate.
    """
    if size % 32:
        raise InputError(f"--size {size}: expected a multiple of 32")
    order = Order(
        find_category(data, category),
        out,
        method=method,
        version=version,
        size=size,
        fixture=fixture,
        seed=seed,
        force=force,
        licence=licence,
    )
    console = Console(stderr=True, highlight=False)
    if method in SUPERVISED:
        fit_supervised(order, console)
        return
    with progress(console) as report:
        trained = run_fit(order, report)
    _print_trained(console, trained)


@app.command()
def evaluate(
    model: Annotated[Path, typer.Option(help="Folder of a model package.")],
    data: Data,
    category: CategoryName,
    json: Annotated[
        Path | None, typer.Option(help="File for the figures; - for standard output.")
    ] = None,
    variant: Annotated[str | None, typer.Option(help="fp32, fp16 or int8.")] = None,
) -> None:
    """Measure a package on the category's test images, as the station would judge them."""
    console = Console(stderr=True, highlight=False)
    with progress(console) as report:
        result = run_evaluation(model, find_category(data, category), report, variant=variant)
    console.print(evaluation_table(result))
    if json is not None:
        write_json(json, result)


def main() -> None:
    """Entry point; exit codes: 0 done, 1 a run ended in an error, 2 wrong usage or input."""
    sys.exit(_guarded())


def _guarded() -> int:
    """One clear line on stderr instead of a traceback (as the station's commands do)."""
    try:
        app()
    except InspectorError as error:
        typer.echo(f"error: {' '.join(str(error).split())}", err=True)
        return error.exit_code
    except KeyboardInterrupt:
        return _interrupted()
    except SystemExit as done:
        # newer versions of typer turn Ctrl-C into this code without a word
        if done.code == INTERRUPTED:
            return _interrupted()
        return done.code if isinstance(done.code, int) else 1
    return 0


def _interrupted() -> int:
    typer.echo("interrupted: nothing is half-written; what was finished before is kept", err=True)
    return INTERRUPTED


def _print_trained(console: Console, trained: Trained) -> None:
    limits, manifest = trained.calibration, trained.manifest
    console.print(
        f"{manifest.title}: T1 {limits.t1:.4f} (about {limits.overkill_t1:.2%} of good parts at or"
        f" above), T2 {limits.t2:.4f}, from {limits.n_good} held-out good images in"
        f" {limits.n_views} views each; escapes unknown without defects\n"
        f"fixture {manifest.training.options['fixture']}\n"
        f"export differs from torch by {trained.parity:.1e}; written to {trained.folder}"
    )


if __name__ == "__main__":
    main()
