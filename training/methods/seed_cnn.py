"""The first project's network, as it was: the baseline that all else is compared with.

A plain CNN from scratch, Adam at 1e-6, ten epochs, unweighted binary cross-entropy and a
threshold of 0.5. It learns next to nothing and predicts one class: kept, not repaired.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.augment import Policy, augment
from training.graph import Graph
from training.labelled import Indices, Labelled
from training.methods import Report, Role
from training.splits import keep_for_validation
from training.trainer import Epoch, FittedLabelled, check_loss, seeded

THRESHOLD = 0.5
SIZE = 128
"""Side of the input that it is run at unless another is asked for, pixels."""
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Options:
    """Those of the first project."""

    learning_rate: float = 1e-6
    epochs: int = 10
    batch: int = 32
    channels: tuple[int, ...] = (32, 64, 128)
    hidden: int = 128


class PlainCnn(nn.Module):
    """3×3 convolutions, each with ReLU and 2×2 max pooling; two dense layers; a sigmoid."""

    roles: tuple[Role, ...] = ("anomaly_score",)

    def __init__(self, options: Options, height: int, width: int) -> None:
        super().__init__()
        sizes = (3, *options.channels)
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(sizes))
        shrink = 2 ** len(options.channels)
        flat = sizes[-1] * (height // shrink) * (width // shrink)
        self.dense = nn.Linear(flat, options.hidden)
        self.out = nn.Linear(options.hidden, 1)
        for layer in (*self.convs, self.dense, self.out):
            assert isinstance(layer, nn.Conv2d | nn.Linear)
            nn.init.xavier_uniform_(layer.weight)
            layer.bias = nn.Parameter(torch.zeros(layer.weight.shape[0]))

    def forward(self, images: Tensor) -> Tensor:
        """uint8 (n, H, W, 3) BGR → logits (n,)."""
        x = images.permute(0, 3, 1, 2).float() / 255.0
        for conv in self.convs:
            x = functional.max_pool2d(conv(x).relu(), 2)
        logits: Tensor = self.out(self.dense(x.flatten(1)).relu())
        return logits[:, 0]

    @torch.inference_mode()
    def predict(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        """As ``Network.predict``."""
        logits = [self(part) for part in torch.split(torch.from_numpy(images), _BATCH)]
        return (torch.cat(logits).sigmoid().numpy(),)

    def emit(self, graph: Graph, image: str) -> tuple[str, ...]:
        """As ``Network.emit``."""
        x = graph.scale(graph.transpose(graph.cast_float(image), (0, 3, 1, 2)), 1.0 / 255.0)
        for conv in self.convs:
            x = graph.conv(x, _array(conv.weight), _array(conv.bias), pads=(1, 1, 1, 1))
            x = graph.max_pool(graph.relu(x), 2)
        x = graph.reshape(x, (-1, self.dense.in_features))
        x = graph.relu(graph.gemm(x, _array(self.dense.weight).T, _array(self.dense.bias)))
        x = graph.gemm(x, _array(self.out.weight).T, _array(self.out.bias))
        return (graph.sigmoid(graph.reshape(x, (-1,))),)


def _array(parameter: object) -> NDArray[np.float32]:
    assert isinstance(parameter, Tensor)
    return parameter.detach().numpy()


class SeedCnnTrainer:
    """See ``trainer.Trainer``."""

    def __init__(self, data: Labelled, policy: Policy, options: Options) -> None:
        self._data, self._policy, self._options = data, policy, options

    def train(self, chosen: Indices, *, seed: int, report: Report) -> FittedLabelled:
        """The validation images only draw its curve: nothing is chosen by them."""
        data, options = self._data, self._options
        train, validation = keep_for_validation(data.kinds, chosen, seed)
        with seeded(seed):
            network = PlainCnn(options, *data.images.shape[1:3])
            epochs = self._epochs(network, train, validation, seed, report)
        [scores] = network.predict(data.images[validation])
        record = asdict(options) | {"channels": ",".join(str(c) for c in options.channels)}
        return FittedLabelled(
            network=network,
            labels=(),
            t1=THRESHOLD,
            t2=THRESHOLD,
            threshold_method="0.5, as in the first project",
            validation=validation,
            validation_scores=scores.astype(np.float64),
            epochs=tuple(epochs),
            options=record,
        )

    def _epochs(
        self,
        network: PlainCnn,
        train: Indices,
        validation: Indices,
        seed: int,
        report: Report,
    ) -> list[Epoch]:
        optimizer = torch.optim.Adam(network.parameters(), lr=self._options.learning_rate)
        rng = np.random.default_rng(seed)
        epochs = []
        for epoch in range(self._options.epochs):
            loss = self._one_epoch(network, optimizer, rng.permutation(train), rng)
            check_loss(loss, f"seed-cnn, epoch {epoch + 1}")
            epochs.append(Epoch(loss, self._loss(network, validation)))
            report("training", (epoch + 1) / self._options.epochs)
        return epochs

    def _one_epoch(
        self,
        network: PlainCnn,
        optimizer: torch.optim.Optimizer,
        order: Indices,
        rng: np.random.Generator,
    ) -> float:
        total = 0.0
        for at in range(0, len(order), self._options.batch):
            batch = order[at : at + self._options.batch]
            images = augment(self._data.images[batch], self._policy, rng)
            loss = _loss(network, images, self._data.defective[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += loss.item() * len(batch)
        return total / len(order)

    @torch.inference_mode()
    def _loss(self, network: PlainCnn, chosen: Indices) -> float:
        return _loss(network, self._data.images[chosen], self._data.defective[chosen]).item()


def _loss(network: PlainCnn, images: NDArray[np.uint8], defective: NDArray[np.bool_]) -> Tensor:
    target = torch.from_numpy(defective).float()
    return functional.binary_cross_entropy_with_logits(network(torch.from_numpy(images)), target)


def trainer(
    data: Labelled,
    policy: Policy,
    *,
    seed: int,
    report: Report,
    options: Options | None = None,
) -> SeedCnnTrainer:
    """Nothing is prepared: it augments anew in every epoch."""
    return SeedCnnTrainer(data, policy, options or Options())
