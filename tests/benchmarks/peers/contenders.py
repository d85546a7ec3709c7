"""A peer's ONNX file and our package behind the same two questions: how long, how bad."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from inspector.core.inspection import Crop
from inspector.inference.package import load_package
from inspector.inference.predictor import open_predictor
from inspector.inference.session import CPU, open_session
from tests.benchmarks.peers.exported import DOCUMENT, RANDOM, Exported

_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one picture: its score, higher is worse, and milliseconds.

    network_ms: of ``session.run`` alone; total_ms: from the full-size picture to the score.
    """

    score: float
    network_ms: float
    total_ms: float


Ask = Callable[[NDArray[np.uint8]], Answer]
"""uint8 (H, W, 3) BGR, full size → Answer."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Something that judges pictures.

    ranks: whether its scores mean anything (a backbone with random weights has none that do).
    size: of the network's input, width × height. megabytes: of its files.
    """

    name: str
    title: str
    is_ours: bool
    ranks: bool
    size: str
    megabytes: float
    fit_seconds: float | None
    ask: Ask


def peer(folder: Path, threads: int) -> Contender:
    """What ``export.py`` wrote, on ONNX Runtime with the station's own session options.

    A file that only takes so many pictures at a time gets the same one as often, and its part
    of the time counts (in the peer's favour: a batch is a little quicker).
    """
    exported = Exported.read(folder)
    path = folder / exported.onnx
    # loaded by onnx, because its weights may lie in a second file
    model = onnx.load(path).SerializeToString()
    session = open_session(model, provider=CPU, threads=threads, where=str(path))
    names = [output.name for output in session.get_outputs()]
    place, spec = names.index(exported.score), exported.input
    fixed = session.get_inputs()[0].shape[0]
    at_once = fixed if isinstance(fixed, int) else 1

    def ask(image: NDArray[np.uint8]) -> Answer:
        start = time.perf_counter_ns()
        batch = spec.prepare(image)
        prepared = time.perf_counter_ns()
        batch = np.repeat(batch, at_once, axis=0)
        asked = time.perf_counter_ns()
        answers = session.run(names, {spec.name: batch})
        end = time.perf_counter_ns()
        score = float(np.asarray(answers[place]).ravel()[0])
        network_ms = (end - asked) / at_once / _MILLION
        return Answer(score, network_ms, (prepared - start) / _MILLION + network_ms)

    return Contender(
        name=folder.name,
        title=f"{exported.library} {exported.version}: {exported.title}",
        is_ours=False,
        ranks=exported.weights != RANDOM,
        size=f"{spec.width}×{spec.height}",
        megabytes=len(model) / 1e6,
        fit_seconds=exported.fit_seconds,
        ask=ask,
    )


def ours(package: Path, variant: str, threads: int) -> Contender:
    """A package through the station's predictor, fixture and all."""
    held = load_package(package)
    predictor = open_predictor(held, variant=variant, threads=threads)
    manifest = predictor.manifest

    def ask(image: NDArray[np.uint8]) -> Answer:
        start = time.perf_counter_ns()
        (prediction,) = predictor.predict([Crop(image)])
        total = (time.perf_counter_ns() - start) / _MILLION
        return Answer(prediction.score, prediction.network_ms, total)

    return Contender(
        name=f"ours-{manifest.title}-{variant}",
        title=f"ours: {manifest.title}, {variant}, fixture {manifest.fixture.kind}",
        is_ours=True,
        ranks=True,
        size=f"{manifest.input.width}×{manifest.input.height}",
        megabytes=manifest.variant(variant).size_bytes / 1e6,
        fit_seconds=None,
        ask=ask,
    )


def peers_in(folder: Path, names: Sequence[str] | None, threads: int) -> list[Contender]:
    """What ``export.py`` wrote below a folder, by name; all of it, if no names are given."""
    found = sorted(path.parent for path in folder.glob(f"*/{DOCUMENT}"))
    missing = set(names or ()) - {path.name for path in found}
    if missing or not found:
        wanted = ", ".join(sorted(missing)) or "peers"
        raise SystemExit(f"no {wanted} in {folder}: run export.py with the peers' Python first")
    return [peer(path, threads) for path in found if names is None or path.name in names]
