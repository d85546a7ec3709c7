"""anomavision's models as its own exporter writes them. Runs in the peers' environment.

It knows torchvision's ResNets only, whose weights come from a hub. For a fair AUROC it is
given EfficientNet-Lite0 as well, whose weights can be had, under the names of a ResNet.
"""

from __future__ import annotations

import time

import torch
from anomavision import EfficientAD, Padim, PatchCore, get_logger
from anomavision.algorithm.common.feature_extraction import BACKBONES
from anomavision.algorithm.padim.padim import BACKBONE_FEATURE_SIZES
from anomavision.export import ModelExporter
from torch import nn
from torchvision.models import resnet18

from tests.benchmarks.peers.exported import Exported, Job
from tests.benchmarks.peers.preparation import InputSpec
from tests.benchmarks.peers.weights import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    LITE0_MEAN,
    LITE0_STD,
    Lite0AsResnet,
    load_resnet18,
)

SIZE = 224
BATCH = 8
LITE0 = "lite0"
RESNET_INPUT = InputSpec("input", SIZE, SIZE, IMAGENET_MEAN, IMAGENET_STD)
LITE0_INPUT = InputSpec("input", SIZE, SIZE, LITE0_MEAN, LITE0_STD)


def padim_resnet18(job: Job) -> Exported:
    return _resnet18(job, Padim, "PaDiM, ResNet18, its defaults")


def patchcore_resnet18(job: Job) -> Exported:
    return _resnet18(job, PatchCore, "PatchCore, ResNet18, its defaults")


def efficientad_resnet18(job: Job) -> Exported:
    return _resnet18(job, EfficientAD, "EfficientAD-like, ResNet18, its defaults")


def padim_lite0(job: Job) -> Exported:
    _offer_lite0()
    return _finish(job, Padim(backbone=LITE0), "PaDiM, EfficientNet-Lite0", "imagenet", LITE0_INPUT)


def patchcore_lite0(job: Job) -> Exported:
    _offer_lite0()
    model = PatchCore(backbone=LITE0)
    return _finish(job, model, "PatchCore, EfficientNet-Lite0", "imagenet", LITE0_INPUT)


def _resnet18(job: Job, method: type[nn.Module], title: str) -> Exported:
    BACKBONES["resnet18"] = (_without_hub, None)
    model = method()
    extractor = model.teacher if method is EfficientAD else model.embeddings_extractor
    weights = load_resnet18(extractor.backbone, job.resnet18)
    return _finish(job, model, title, weights, RESNET_INPUT)


def _offer_lite0() -> None:
    BACKBONES[LITE0] = (_lite0, None)
    BACKBONE_FEATURE_SIZES[LITE0] = {i: [n] for i, n in enumerate(Lite0AsResnet.CHANNELS)}


def _without_hub(*, weights: None, progress: bool) -> nn.Module:
    return resnet18(weights=weights, progress=progress)


def _lite0(*, weights: None, progress: bool) -> nn.Module:
    del weights, progress
    return Lite0AsResnet()


def _finish(job: Job, model: nn.Module, title: str, weights: str, spec: InputSpec) -> Exported:
    start = time.perf_counter()
    model.fit([torch.from_numpy(batch) for batch in job.batches(spec, BATCH)])
    seconds = time.perf_counter() - start
    saved = job.folder / "model.pt"
    torch.save(model, saved)
    exporter = ModelExporter(saved, job.folder, get_logger("peers"), "cpu")
    written = exporter.export_onnx(input_shape=(1, 3, SIZE, SIZE), dynamic_batch=False)
    saved.unlink()
    if written is None:
        raise SystemExit(f"anomavision could not export {title}: see its log above")
    return Exported(
        library="anomavision",
        title=title,
        weights=weights,
        onnx=written.name,
        input=spec,
        score="output_0",
        fit_seconds=seconds,
    )


PEERS = {
    "anomavision-padim-resnet18": padim_resnet18,
    "anomavision-patchcore-resnet18": patchcore_resnet18,
    "anomavision-efficientad-resnet18": efficientad_resnet18,
    "anomavision-padim-lite0": padim_lite0,
    "anomavision-patchcore-lite0": patchcore_lite0,
}
