"""Classifier: is a part defective, where, and which defect it is, learnt from examples.

Its map of logits is a sum: how far each place is from good ones (the base, which knows
defects that nobody has labelled), a small head on frozen features, and the fine-tuned end
of EfficientNet-Lite0. Whatever is frozen is worked out once for all images and copies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from inspector.errors import ConfigError
from training.augment import Policy, augment
from training.backbones import EfficientNetLite0
from training.bank import Bank
from training.finetune import FineTuning, Inputs, Options, Targets, Tunable
from training.frozen import FrozenFeatures
from training.graph import Graph
from training.labelled import Indices, Labelled
from training.methods import Report, Role
from training.splits import keep_for_validation
from training.thresholds import choose_thresholds
from training.trainer import FittedLabelled, seeded

SIZE = 256
"""Side of the input that it is run at unless another is asked for, pixels."""
STAGES = (4, 10)
"""Frozen blocks that are looked at; what is tuned begins after the last of them."""
_LAST = 15
_BANK_COPIES = 2
_CANDIDATES = 30_000
_CHUNK = 8
_STEEPNESS = 4.0
"""Logits by which a distance of twice the unit begins."""


class Classifier(Tunable):
    """See the module.

    Args:
        scale: float32 (2, c): mean and deviation of the frozen features of good images.
        bank: of good patches; ``unit`` is the distance where good images end.
    """

    def __init__(
        self,
        data: Labelled,
        options: Options,
        types: int,
        scale: Tensor,
        bank: Bank | None,
        unit: float,
    ) -> None:
        super().__init__()
        stages = (*STAGES, _LAST) if options.tuned else STAGES
        self.backbone = EfficientNetLite0(stages, monochrome=data.monochrome)
        self.tuned = nn.ModuleList(list(self.backbone.blocks)[STAGES[-1] + 1 :])
        self.size, self.types, self.options = data.size, types, options
        self._dropout = options.dropout
        self.bank, self.unit, self.scale = bank, unit, scale
        outputs = 1 + types
        self.heads = nn.ModuleDict()
        if bank is not None:
            self.heads["distance"] = nn.Conv2d(1, outputs, 1)
        if options.local:
            self.heads["local"] = nn.Conv2d(options.hidden, outputs, 1)
        if options.tuned:
            self.heads["tuned"] = nn.Conv2d(self.backbone.channels[-1], outputs, 1)
        self._begin()
        if options.local:
            self.heads["hidden"] = nn.Conv2d(scale.shape[1], options.hidden, 1)

    def _begin(self) -> None:
        """At first the map is the distance alone: its unit stands for even odds."""
        for name in self.heads:
            nn.init.zeros_(self._head(name).weight)
            nn.init.zeros_(_bias(self._head(name)))
        if "distance" in self.heads:
            with torch.no_grad():
                self._head("distance").weight[0] = _STEEPNESS

    @property
    def roles(self) -> tuple[Role, ...]:
        named: tuple[Role, ...] = ("anomaly_score", "anomaly_map")
        return (*named, "class_scores") if self.types else named

    def maps(self, inputs: Inputs) -> Tensor:
        """As ``Tunable.maps``."""
        stages = [stage.float() for stage in inputs.stages]
        logits = []
        if self.bank is not None:
            base = inputs.distances.float()[:, None] / self.unit - 1.0
            logits.append(self.heads["distance"](base))
        if self.options.local:
            x = (patches(stages) - self.scale[0][:, None, None]) / self.scale[1][:, None, None]
            x = self.heads["hidden"](x).relu()
            logits.append(self.heads["local"](functional.dropout(x, self._dropout, self.training)))
        if self.options.tuned:
            x = stages[-1]
            for block in self.tuned:
                x = block(x)
            coarse = self.heads["tuned"](functional.dropout2d(x, self._dropout, self.training))
            size = (inputs.share.shape[1], inputs.share.shape[2])
            logits.append(functional.interpolate(coarse, size=size, mode="bilinear"))
        return torch.stack(logits).sum(0)

    def pooled(self, maps: Tensor) -> Tensor:
        """As ``Tunable.pooled``: a mean in which high values count for more."""
        sharpness = self.options.sharpness
        if not sharpness:
            return maps.mean((2, 3))
        sums = (maps * sharpness).logsumexp((2, 3))
        return (sums - math.log(maps.shape[2] * maps.shape[3])) / sharpness

    @torch.inference_mode()
    def predict(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        """As ``Network.predict``; the map is the probability that each place alone would give."""
        self.eval()
        maps = torch.cat([self._maps_of(part) for part in torch.split(torch.tensor(images), 4)])
        pooled = self.pooled(maps)
        found = [pooled[:, 0].sigmoid().numpy(), maps[:, 0].sigmoid().numpy()]
        if self.types:
            found.append(pooled[:, 1:].softmax(1).numpy())
        return tuple(found)

    def _maps_of(self, images: Tensor) -> Tensor:
        stages = tuple(self.backbone(images)[: len(STAGES)])
        near = patches(stages)
        distances = self.bank.distances(near) if self.bank else torch.zeros_like(near[:, 0])
        return self.maps(Inputs(stages, distances, torch.zeros_like(distances)))

    def emit(self, graph: Graph, image: str) -> tuple[str, ...]:
        """As ``Network.emit``."""
        outputs = self.backbone.emit(graph, image, self.size)
        size = outputs[0][1]
        parts = self._emit_parts(graph, outputs)
        heat = self._emit_sum(graph, parts, size, slice(0, 1))
        found = [
            graph.sigmoid(graph.reshape(self._emit_pooled(graph, heat, size), (-1,))),
            graph.reshape(graph.sigmoid(heat), (-1, *size)),
        ]
        if self.types:
            kinds = self._emit_sum(graph, parts, size, slice(1, None))
            found.append(graph.softmax(self._emit_pooled(graph, kinds, size), 1))
        return tuple(found)

    def _emit_parts(
        self, graph: Graph, outputs: list[tuple[str, tuple[int, int]]]
    ) -> dict[str, str]:
        """What goes into each head."""
        size = outputs[0][1]
        parts = {"tuned": outputs[-1][0]} if self.options.tuned else {}
        near = _emit_patches(graph, outputs[: len(STAGES)])
        if self.bank is not None:
            distances = self.bank.emit(graph, near, size)
            parts["distance"] = graph.add_constant(graph.scale(distances, 1.0 / self.unit), -1.0)
        if self.options.local:
            # standardised in the weights
            conv = self._head("hidden")
            weight = conv.weight.detach() / self.scale[1][None, :, None, None]
            bias = _bias(conv).detach() - weight[:, :, 0, 0] @ self.scale[0]
            parts["local"] = graph.relu(graph.conv(near, weight.numpy(), bias.numpy()))
        return parts

    def _emit_sum(
        self, graph: Graph, parts: dict[str, str], size: tuple[int, int], channels: slice
    ) -> str:
        """Maps (N, k, h, w) of some outputs of the heads."""
        maps = []
        for name, x in parts.items():
            weight = self._head(name).weight.detach()[channels].numpy()
            bias = _bias(self._head(name)).detach()[channels].numpy()
            coarse = graph.conv(x, weight, bias)
            maps.append(graph.resize_bilinear(coarse, size) if name == "tuned" else coarse)
        total = maps[0]
        for other in maps[1:]:
            total = graph.add(total, other)
        return total

    def _emit_pooled(self, graph: Graph, maps: str, size: tuple[int, int]) -> str:
        """(N, k)."""
        sharpness, cells = self.options.sharpness, size[0] * size[1]
        if not sharpness:
            return graph.scale(graph.reduce_sum(maps, [2, 3]), 1.0 / cells)
        sums = graph.reduce_log_sum_exp(graph.scale(maps, sharpness), [2, 3])
        return graph.scale(graph.add_constant(sums, -math.log(cells)), 1.0 / sharpness)

    def _head(self, name: str) -> nn.Conv2d:
        head = self.heads[name]
        assert isinstance(head, nn.Conv2d)
        return head


def patches(stages: Sequence[Tensor]) -> Tensor:
    """Features of the stages on the grid of the first one, each a mean of 3×3."""
    size = (stages[0].shape[2], stages[0].shape[3])
    pooled = [functional.avg_pool2d(x, 3, stride=1, padding=1) for x in stages]
    return torch.cat([functional.interpolate(x, size=size, mode="bilinear") for x in pooled], 1)


def _emit_patches(graph: Graph, outputs: Sequence[tuple[str, tuple[int, int]]]) -> str:
    size = outputs[0][1]
    pooled = [(graph.average_pool(x, 3), hw) for x, hw in outputs]
    aligned = [x if hw == size else graph.resize_bilinear(x, size) for x, hw in pooled]
    return graph.concat(aligned, 1)


def _bias(conv: nn.Conv2d) -> Tensor:
    assert conv.bias is not None
    return conv.bias


class ClassifierTrainer:
    """See ``trainer.Trainer``.

    Args:
        stages: outputs of the frozen blocks for the plain images and their copies.
        share: uint8 (n, 1 + copies, h, w), where their defects are.
    """

    def __init__(
        self, data: Labelled, stages: tuple[Tensor, ...], share: Tensor, options: Options
    ) -> None:
        self._data, self._stages, self._share, self._options = data, stages, share, options

    def train(self, chosen: Indices, *, seed: int, report: Report) -> FittedLabelled:
        """As ``trainer.Trainer.train``."""
        data, options = self._data, self._options
        train, validation = keep_for_validation(data.kinds, chosen, seed)
        types = data.types_in(train) if options.types_weight else ()
        types = types if len(types) > 1 else ()
        good = train[~data.defective[train]]
        bank = self._bank(good, seed) if options.distance else None
        inputs = self._inputs(bank, np.concatenate([train, validation]), report)
        with seeded(seed):
            network = Classifier(
                data, options, len(types), self._scale(good), bank, _unit(inputs, good)
            )
            run = FineTuning(network, inputs, Targets.of(data, types), options)
            epochs = run.fit(train, validation, seed, report)
        scores = run.scores(validation)
        defective = np.repeat(data.defective[validation], scores.shape[1])
        t1, t2 = choose_thresholds(scores.ravel(), defective)
        return FittedLabelled(
            network=network,
            labels=types,
            t1=t1,
            t2=t2,
            threshold_method=(
                f"fewest errors on {len(validation)} images kept from training and their"
                " augmented copies, counted softly, good and defective ones alike; T2 above the"
                " highest good one of them"
            ),
            validation=validation,
            validation_scores=scores[:, 0],
            epochs=tuple(epochs),
            options=asdict(options),
        )

    def _bank(self, good: Indices, seed: int) -> Bank:
        chosen = torch.from_numpy(good)
        views = min(_BANK_COPIES, self._share.shape[1])
        features = [
            patches([stage[i : i + 1, copy].float() for stage in self._stages]).half()
            for i in good
            for copy in range(views)
        ]
        owners = chosen.repeat_interleave(views)
        return Bank.of(
            torch.cat(features),
            owners,
            patches=self._options.patches,
            candidates=_CANDIDATES,
            seed=seed,
        )

    def _inputs(self, bank: Bank | None, chosen: Indices, report: Report) -> Inputs:
        """With the distances of chosen images; an image is not measured by its own patches."""
        distances = torch.zeros(self._share.shape, dtype=torch.float16)
        if bank is not None:
            for n, i in enumerate(chosen):
                features = patches([stage[i].float() for stage in self._stages])
                distances[i] = bank.distances(features, owner=int(i)).half()
                report("distances", (n + 1) / len(chosen))
        return Inputs(self._stages, distances, self._share)

    def _scale(self, good: Indices) -> Tensor:
        """float32 (2, c): mean and deviation over the plain images."""
        means, squares = [], []
        for i in good:
            x = patches([stage[i : i + 1, 0].float() for stage in self._stages])
            means.append(x.mean((0, 2, 3)))
            squares.append(x.square().mean((0, 2, 3)))
        mean = torch.stack(means).mean(0)
        variance = torch.stack(squares).mean(0) - mean.square()
        return torch.stack([mean, variance.clamp_min(1e-6).sqrt()])


def _unit(inputs: Inputs, good: Indices) -> float:
    """The highest distance in an image that 99 % of the good ones stay below."""
    highest = inputs.distances[torch.from_numpy(good), 0].float().amax((1, 2))
    return float(highest.quantile(0.99)) or 1.0


def trainer(
    data: Labelled,
    policy: Policy,
    *,
    seed: int,
    report: Report,
    options: Options | None = None,
) -> ClassifierTrainer:
    """Runs the frozen blocks on every image and on augmented copies of it.

    Raises ConfigError where every part of the network is switched off.
    """
    options = options or Options()
    if not (options.distance or options.local or options.tuned):
        raise ConfigError("the classifier needs the distance, the local head or the tuned end")
    frozen = FrozenFeatures(STAGES, data.size, monochrome=data.monochrome)
    n, copies = len(data.images), 1 + options.copies
    stages = tuple(torch.empty((n, copies, *s), dtype=torch.float16) for s in frozen.shapes)
    height, width = frozen.shapes[0][1:]
    share = torch.empty((n, copies, height, width), dtype=torch.uint8)
    pictures = np.concatenate([data.images, data.masks[..., None]], axis=3)
    for copy in range(copies):
        rng = np.random.default_rng([seed, copy])
        for at in range(0, n, _CHUNK):
            part = pictures[at : at + _CHUNK]
            part = augment(part, policy, rng) if copy else part
            for stage, found in zip(stages, frozen(part[..., :3]), strict=True):
                stage[at : at + _CHUNK, copy] = found
            share[at : at + _CHUNK, copy] = _shares(part[..., 3], height, width)
            report("features", (copy * n + at + len(part)) / (copies * n))
    return ClassifierTrainer(data, stages, share, options)


def _shares(masks: NDArray[np.uint8], height: int, width: int) -> Tensor:
    """uint8 (n, h, w): the mean of each cell."""
    cells = [cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA) for mask in masks]
    return torch.from_numpy(np.stack(cells))
