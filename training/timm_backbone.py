"""Any of timm's networks with feature stages as the backbone, where timm is installed.

timm is no dependency: it needs torchvision, and it downloads the weights it is asked for.
"""

from __future__ import annotations

import io
import warnings
from importlib import import_module
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from inspector.errors import ConfigError
from training.graph import OPSET, Graph

STRIDES = (8, 16)
"""Of the stages that are looked at, as of the usual backbone's."""
_LUMA_BGR = (0.114, 0.587, 0.299)


class TimmBackbone(nn.Module):
    """See ``backbones.Backbone``; frozen, with the mean and deviation it was trained with."""

    def __init__(self, name: str, *, monochrome: bool) -> None:
        """Raises ConfigError where timm or that network is not to be had."""
        super().__init__()
        self.network = _open(name)
        matrix, offset = _normalising(self.network.pretrained_cfg, monochrome=monochrome)
        self.register_buffer("matrix", matrix)
        self.register_buffer("offset", offset)

    matrix: Tensor
    offset: Tensor

    def forward(self, images: Tensor) -> list[Tensor]:
        """uint8 (n, H, W, 3) BGR → float32 (n, c, h, w) for each stage."""
        pixels = images.float() @ self.matrix + self.offset
        stages: list[Tensor] = self.network(pixels.permute(0, 3, 1, 2).contiguous())
        return list(stages)

    def emit(
        self, graph: Graph, image: str, size: tuple[int, int]
    ) -> list[tuple[str, tuple[int, int]]]:
        """Adds itself to ``graph``; the name and (h, w) of each stage's output."""
        pixels = graph.matmul(graph.cast_float(image), self.matrix.numpy())
        pixels = graph.add_constant(pixels, self.offset.numpy())
        names = graph.insert(self._exported(size), graph.transpose(pixels, (0, 3, 1, 2)))
        with torch.inference_mode():
            stages = self.network(torch.zeros(1, 3, *size))
        return [(n, (x.shape[2], x.shape[3])) for n, x in zip(names, stages, strict=True)]

    def _exported(self, size: tuple[int, int]) -> onnx.ModelProto:
        file = io.BytesIO()
        names = [f"stage{stride}" for stride in STRIDES]
        with warnings.catch_warnings():
            # the newer exporter needs more packages and names its nodes anew each time
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.onnx.export(
                self.network,
                (torch.zeros(1, 3, *size),),
                file,  # type: ignore[arg-type]
                dynamo=False,
                opset_version=OPSET,
                input_names=["pixels"],
                output_names=names,
                dynamic_axes={name: {0: "N"} for name in ("pixels", *names)},
            )
        return onnx.load_from_string(file.getvalue())


def _open(name: str) -> Any:  # noqa: ANN401
    try:
        timm = import_module("timm")
    except ImportError as error:
        raise ConfigError(
            f"backbone timm:{name}: timm cannot be imported ({error}): install it, with"
            " torchvision for this torch, or use efficientnet-lite0"
        ) from None
    try:
        network = timm.create_model(name, pretrained=True, features_only=True)
        reductions = list(network.feature_info.reduction())
        if not set(STRIDES) <= set(reductions):
            raise ConfigError(
                f"backbone timm:{name} has stages at strides {reductions}: expected"
                f" {' and '.join(map(str, STRIDES))} among them"
            )
        stages = tuple(reductions.index(stride) for stride in STRIDES)
        network = timm.create_model(name, pretrained=True, features_only=True, out_indices=stages)
    except (RuntimeError, OSError, ValueError, AttributeError) as error:
        raise ConfigError(f"backbone timm:{name} cannot be opened: {error}") from None
    return network.eval().requires_grad_(requires_grad=False)


def _normalising(config: dict[str, Any], *, monochrome: bool) -> tuple[Tensor, Tensor]:
    """(3, 3) and (3,): from BGR bytes to what the network was trained on, which is RGB."""
    mean, deviation = torch.tensor(config["mean"]).float(), torch.tensor(config["std"]).float()
    to_rgb = torch.eye(3).flip(0)
    if monochrome:
        to_rgb = torch.tensor(_LUMA_BGR)[:, None].repeat(1, 3)
    return (to_rgb / (255.0 * deviation)).contiguous(), -mean / deviation
