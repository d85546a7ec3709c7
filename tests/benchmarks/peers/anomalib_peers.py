"""anomalib's models as it exports them, but without its score normalisation.

That clips scores to 0..1, which would cost it ties. Runs in the peers' environment.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import torch
from anomalib.models import EfficientAd, Padim, Patchcore
from anomalib.models.components import AnomalibModule
from anomalib.models.image.patchcore.torch_model import PatchcoreModel
from anomalib.pre_processing import PreProcessor
from torchvision.transforms.v2 import Compose, Normalize, Resize

from tests.benchmarks.peers.exported import Exported, Job
from tests.benchmarks.peers.preparation import InputSpec
from tests.benchmarks.peers.weights import (
    LITE0,
    LITE0_MEAN,
    LITE0_STD,
    load_lite0,
    load_resnet18,
)

SIZE = 256
BATCH = 8
BANK = 2000


def padim_lite0(job: Job) -> Exported:
    model = Padim(
        backbone=LITE0,
        layers=["blocks.1", "blocks.2", "blocks.4"],
        pre_trained=False,
        n_features=100,
        pre_processor=_lite0_input(),
        post_processor=False,
        evaluator=False,
        visualizer=False,
    )
    load_lite0(model.model.feature_extractor.feature_extractor)
    return _finish(job, model, "PaDiM, EfficientNet-Lite0, 100 features", "imagenet")


def padim_resnet18(job: Job) -> Exported:
    model = Padim(pre_trained=False, post_processor=False, evaluator=False, visualizer=False)
    network = model.model.feature_extractor.feature_extractor
    weights = load_resnet18(network, job.resnet18)
    return _finish(job, model, "PaDiM, ResNet18, its defaults", weights)


def patchcore_lite0(job: Job) -> Exported:
    model = Patchcore(
        backbone=LITE0,
        layers=["blocks.2", "blocks.4"],
        pre_trained=False,
        pre_processor=_lite0_input(),
        post_processor=False,
        evaluator=False,
        visualizer=False,
    )
    model.fit = lambda: _fill_bank(model.model)
    load_lite0(model.model.feature_extractor.feature_extractor)
    title = f"PatchCore, EfficientNet-Lite0, bank of {BANK:,}"
    return _finish(job, model, title, "imagenet")


def _fill_bank(network: PatchcoreModel) -> None:
    """The same greedy choice of farthest patches as anomalib's, from a random quarter of them.

    anomalib looks at all, after a random projection, which here makes 303 numbers of 152:
    that takes more than a quarter of an hour on two busy cores.
    """
    patches = torch.vstack(network.embedding_store)
    network.embedding_store.clear()
    patches = patches[torch.randperm(len(patches))[: len(patches) // 4]]
    squares = patches.square().sum(1)
    chosen = [0]
    nearest = torch.full_like(squares, torch.inf)
    while len(chosen) < BANK:
        last = patches[chosen[-1]]
        distances = squares - 2 * (patches @ last) + last.square().sum()
        torch.minimum(nearest, distances, out=nearest)
        chosen.append(int(nearest.argmax()))
    network.memory_bank = patches[chosen]


def efficientad_s(job: Job) -> Exported:
    """Its teacher is only to be had from a hub: not fitted, for its time alone."""
    model = EfficientAd(post_processor=False, evaluator=False, visualizer=False)
    return _exported(job, model, "EfficientAD-S", "random", 0.0)


def _lite0_input() -> PreProcessor:
    return PreProcessor(Compose([Resize((SIZE, SIZE)), Normalize(LITE0_MEAN, LITE0_STD)]))


def _finish(job: Job, model: AnomalibModule, title: str, weights: str) -> Exported:
    start = time.perf_counter()
    spec = InputSpec("input", SIZE, SIZE)
    model.train()
    with torch.no_grad():
        for batch in job.batches(spec, BATCH):
            model.model(model.pre_processor.transform(torch.from_numpy(batch)))
        model.fit()
    return _exported(job, model, title, weights, time.perf_counter() - start)


def _exported(
    job: Job, model: AnomalibModule, title: str, weights: str, seconds: float
) -> Exported:
    model.eval()
    written = Path(model.to_onnx(job.folder, input_size=(SIZE, SIZE)))
    for file in written.parent.iterdir():
        shutil.move(file, job.folder / file.name)
    shutil.rmtree(job.folder / "weights")
    return Exported(
        library="anomalib",
        title=title,
        weights=weights,
        onnx=written.name,
        input=InputSpec("input", SIZE, SIZE),
        score="pred_score",
        fit_seconds=seconds,
    )


PEERS = {
    "anomalib-padim-lite0": padim_lite0,
    "anomalib-padim-resnet18": padim_resnet18,
    "anomalib-patchcore-lite0": patchcore_lite0,
    "anomalib-efficientad-s": efficientad_s,
}
