"""Fine-tuning the later blocks of a backbone and its head on features of the early ones."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.backbones import Block
from training.labelled import Indices, Labelled
from training.methods import Report
from training.trainer import Epoch, check_loss

_BATCH = 64
_INSIDE = 63
"""Of 255: a quarter of a cell on a defect makes it a part of it."""


@dataclass(frozen=True, slots=True)
class Options:
    """Settings; each part and each remedy can be switched off.

    Attributes:
        distance: distance from good patches is the base of the map.
        local: a head of two 1×1 convolutions on the frozen blocks 4 and 10 adds to it.
        tuned: the last five blocks, fine-tuned, add to it.
        masks: where a defect is outlined, its place is taught too.
        patches: size of the bank of good patches.
        hidden: channels between the two convolutions of the local head.
        copies: augmented copies of each image, beside the plain one.
        balance: ``oversample`` draws good and defective ones equally often, ``weights``
            weighs their losses so, ``none`` does neither.
        focal: exponent of the focal loss (easy images count less), 0 for cross-entropy.
        patience: epochs without a better validation loss before it stops, 0 for never.
        sharpness: of the pooling over the map: 0 is its mean, infinity its maximum.
        types_weight: share of the loss that asks which defect it is.
    """

    distance: bool = True
    local: bool = True
    tuned: bool = False
    masks: bool = True
    patches: int = 2000
    hidden: int = 64
    copies: int = 4
    balance: Literal["oversample", "weights", "none"] = "oversample"
    focal: float = 0.0
    batch: int = 16
    dropout: float = 0.2
    weight_decay: float = 1e-2
    backbone_rate: float = 1e-4
    head_rate: float = 5e-3
    epochs: int = 40
    patience: int = 8
    sharpness: float = 4.0
    types_weight: float = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """What does not change in training, of some copies of some images.

    Attributes:
        stages: float16 (…, c, h, w), outputs of the frozen blocks, finest first.
        distances: float16 (…, h, w) from good patches, on the grid of the first stage.
        share: uint8 (…, h, w), 255 where a cell of that grid lies on a defect.
    """

    stages: tuple[Tensor, ...]
    distances: Tensor
    share: Tensor

    def take(self, images: Tensor, copies: Tensor | int) -> Inputs:
        return Inputs(
            tuple(stage[images, copies] for stage in self.stages),
            self.distances[images, copies],
            self.share[images, copies],
        )


class Tunable(nn.Module, ABC):
    """A network whose early blocks are left as they are.

    ``tuned`` are the blocks that learn at the backbone's rate, ``heads`` what learns at
    the head's.
    """

    tuned: nn.ModuleList
    heads: nn.ModuleDict

    @abstractmethod
    def maps(self, inputs: Inputs) -> Tensor:
        """Of n images → logits (n, 1 + types, h, w)."""

    @abstractmethod
    def pooled(self, maps: Tensor) -> Tensor:
        """(n, k, h, w) → (n, k)."""


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Of each image.

    Attributes:
        defective: float32 (n,), 1 or 0.
        types: int64 (n,), number of the type, -1 for good ones and other types.
        outlined: bool (n,): whether ``Inputs.share`` is to be believed.
    """

    defective: Tensor
    types: Tensor
    outlined: Tensor

    @classmethod
    def of(cls, data: Labelled, types: Sequence[str]) -> Targets:
        numbers = {kind: i for i, kind in enumerate(types)}
        return cls(
            torch.from_numpy(data.defective).float(),
            torch.tensor([numbers.get(kind, -1) for kind in data.kinds]),
            torch.from_numpy(data.outlined),
        )


class FineTuning:
    """One training of one network; ``inputs`` hold (n, 1 + copies, …), plain ones first."""

    def __init__(
        self, network: Tunable, inputs: Inputs, targets: Targets, options: Options
    ) -> None:
        self._network, self._inputs = network, inputs
        self._targets, self._options = targets, options

    def fit(self, train: Indices, validation: Indices, seed: int, report: Report) -> list[Epoch]:
        """Keeps the weights of the epoch whose validation loss was least."""
        rng = np.random.default_rng(seed)
        pace = self._pace(len(train))
        epochs: list[Epoch] = []
        best, kept = 0, self._weights()
        for number in range(self._options.epochs):
            loss = check_loss(self._epoch(train, pace, rng), f"classifier, epoch {number + 1}")
            epochs.append(Epoch(loss, self._validation_loss(validation)))
            report("training", (number + 1) / self._options.epochs)
            if epochs[-1].validation_loss <= epochs[best].validation_loss:
                best, kept = number, self._weights()
            elif self._options.patience and number - best >= self._options.patience:
                break
        if self._options.patience:
            self._network.load_state_dict(kept)
        freeze(self._network.tuned)
        report("training", 1.0)
        return epochs

    @torch.inference_mode()
    def logits(self, chosen: Indices, copy: int = 0) -> Tensor:
        """float32 (n, 1 + types): of the plain images, or of one of their copies."""
        self._network.eval()
        parts = torch.split(torch.from_numpy(chosen), _BATCH)
        maps = [self._network.maps(self._inputs.take(part, copy)) for part in parts]
        return self._network.pooled(torch.cat(maps))

    def scores(self, chosen: Indices) -> NDArray[np.float64]:
        """float64 (n, 1 + copies): the probabilities of being defective, plain ones first."""
        copies = range(self._inputs.share.shape[1])
        columns = [self.logits(chosen, copy)[:, 0] for copy in copies]
        return torch.stack(columns, 1).double().sigmoid().numpy()

    def _epoch(self, train: Indices, pace: _Pace, rng: np.random.Generator) -> float:
        """Mean loss; as many images as there are, drawn as ``balance`` says."""
        self._network.train()
        weights = self._class_weights(train)
        order = self._order(train, rng)
        copies = self._inputs.share.shape[1]
        total = 0.0
        for at in range(0, len(order), self._options.batch):
            batch = torch.from_numpy(order[at : at + self._options.batch])
            copy = torch.from_numpy(rng.integers(0, copies, len(batch)))
            loss = self._loss(self._inputs.take(batch, copy), batch, weights)
            pace.step(loss)
            total += loss.item() * len(batch)
        return total / len(order)

    def _order(self, train: Indices, rng: np.random.Generator) -> Indices:
        if self._options.balance != "oversample":
            return rng.permutation(train)
        defective = self._targets.defective[torch.from_numpy(train)].numpy() > 0
        half = math.ceil(len(train) / 2)
        drawn = [_drawn(train[defective == flag], half, rng) for flag in (False, True)]
        return rng.permutation(np.concatenate(drawn))

    def _class_weights(self, train: Indices) -> Tensor:
        """float32 (2,), of good and of defective images; their mean over ``train`` is 1."""
        if self._options.balance != "weights":
            return torch.ones(2)
        share = float(self._targets.defective[torch.from_numpy(train)].mean())
        return torch.tensor([0.5 / (1 - share), 0.5 / share])

    def _loss(self, inputs: Inputs, batch: Tensor, weights: Tensor) -> Tensor:
        maps = self._network.maps(inputs)
        logits = self._network.pooled(maps)
        target = self._targets.defective[batch]
        losses = _cross_entropy(logits[:, 0], target)
        if self._options.focal:
            losses = losses * (1 - torch.exp(-losses)) ** self._options.focal
        loss = (losses * weights[target.long()]).mean()
        if self._options.masks:
            loss = loss + _place_loss(maps[:, 0], inputs.share, self._targets.outlined[batch])
        types = self._targets.types[batch]
        if logits.shape[1] > 1 and (types >= 0).any():
            wrong_type = functional.cross_entropy(logits[:, 1:], types, ignore_index=-1)
            loss = loss + self._options.types_weight * wrong_type
        return loss

    def _validation_loss(self, validation: Indices) -> float:
        """Good and defective images count alike, whatever their numbers."""
        target = self._targets.defective[torch.from_numpy(validation)]
        losses = _cross_entropy(self.logits(validation)[:, 0], target)
        return float((losses[target > 0].mean() + losses[target == 0].mean()) / 2)

    def _pace(self, images: int) -> _Pace:
        options = self._options
        groups: list[dict[str, Any]] = [
            {"params": thaw(self._network.tuned), "lr": options.backbone_rate},
            {"params": list(self._network.heads.parameters()), "lr": options.head_rate},
        ]
        optimizer = torch.optim.AdamW(
            [g for g in groups if g["params"]], weight_decay=options.weight_decay
        )
        steps = options.epochs * math.ceil(images / options.batch)
        return _Pace(optimizer, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps))

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self._network.state_dict().items()}


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, target, reduction="none")


def _place_loss(maps: Tensor, share: Tensor, outlined: Tensor) -> Tensor:
    """Cells on defects and cells off them count alike; those at a border not at all."""
    known = outlined[:, None, None].expand_as(share)
    inside, outside = known & (share > _INSIDE), known & (share == 0)
    losses = _cross_entropy(maps, (share > _INSIDE).float())
    parts = [losses[where].mean() for where in (inside, outside) if where.any()]
    return torch.stack(parts).mean() if parts else maps.new_zeros(())


@dataclass(frozen=True, slots=True)
class _Pace:
    """An optimizer and the schedule of its rates."""

    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler

    def step(self, loss: Tensor) -> None:
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.schedule.step()


def _drawn(members: Indices, count: int, rng: np.random.Generator) -> Indices:
    """Each member about equally often, none a second time before all had their turn."""
    rounds = [rng.permutation(members) for _ in range(math.ceil(count / len(members)))]
    return np.concatenate(rounds)[:count]


def thaw(blocks: nn.ModuleList) -> list[nn.Parameter]:
    """Makes the weights of blocks trainable."""
    parameters = []
    for conv in _convs(blocks):
        for name in ("weight", "bias"):
            parameter = nn.Parameter(getattr(conv, name).clone())
            delattr(conv, name)
            setattr(conv, name, parameter)
            parameters.append(parameter)
    return parameters


def freeze(blocks: nn.ModuleList) -> None:
    """Undoes ``thaw``, with the weights as they are now."""
    for conv in _convs(blocks):
        for name in ("weight", "bias"):
            value = getattr(conv, name).detach().clone()
            delattr(conv, name)
            conv.register_buffer(name, value)


def _convs(blocks: nn.ModuleList) -> list[nn.Module]:
    found: list[nn.Module] = []
    for block in blocks:
        assert isinstance(block, Block)
        found.extend(block.convs)
    return found
