"""Discriminator: a small convolutional head on frozen features, taught good from bad.

Bad are made-up defects on good parts (CutPaste, DRAEM), noise on good features within
blots of Perlin noise (SuperSimpleNet, Rolih et al., ICPR 2024), both on the part alone,
and real defects where there are any. Each place is seen as it is, and against the mean of
good parts at that place. The head alone is blind to what it was never shown (a part that
is missing altogether), so its map is averaged with that of a memory bank, which is not.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.detector import MapDetector
from training.examples import Examples
from training.feature_grid import FeatureGrid
from training.graph import Graph
from training.holding_out import Record, Train, fit_by
from training.material import Indices, Material
from training.methods import Fitted, Parts, Report, memory_bank
from training.methods.fused import Fused, quick_bank, unit_of
from training.perlin import perlin
from training.torch_threads import torch_threads
from training.trainer import check_loss, seeded


@dataclass(frozen=True, slots=True)
class Options:
    """Settings; chosen on made-up defects in held-out good parts.

    Attributes:
        hidden: channels between the two convolutions.
        steps: of the optimizer.
        places: in a batch, about; pictures are drawn until they hold as many.
        rate: of AdamW, falling to 0 along a cosine.
        noise: least and largest sigma of the noise, in deviations of a feature.
        hardest: share of a batch's good places that count as much as all of them.
        dropout: of the hidden channels.
    """

    hidden: int = 64
    steps: int = 250
    places: int = 8192
    rate: float = 2e-3
    noise: tuple[float, float] = (0.3, 1.5)
    hardest: float = 0.02
    dropout: float = 0.1


_DEFAULTS = Options()
_POOL = 200
"""Pictures of noise that blots are cut from: they cost more than a step of training."""
_INSIDE = 0.25
"""Share of a place on a defect that makes it a part of it."""


class Head(nn.Module):
    """From features (n, h, w, c) to logits (n, h, w).

    Args:
        scale: float32 (2, c): mean and deviation of good features.
        means: float32 (h, w, c): mean of good features at each place.
        spread: float32 (c,): deviation from those.
    """

    def __init__(self, scale: Tensor, means: Tensor, spread: Tensor, options: Options) -> None:
        super().__init__()
        self.scale, self.means, self.spread = scale, means, spread
        self.first = nn.Linear(2 * scale.shape[1], options.hidden)
        self.last = nn.Conv2d(options.hidden, 1, 3, padding=1)
        self._dropout = options.dropout

    def forward(self, features: Tensor, noise: Tensor | None = None) -> Tensor:
        """``noise`` (n, h, w, c) is in deviations of a feature from its place's mean."""
        if noise is not None:
            features = features + noise * self.spread
        level = (features - self.scale[0]) / self.scale[1]
        residual = (features - self.means) / self.spread
        x = self.first(torch.cat([level, residual], 3)).relu()
        x = functional.dropout(x, self._dropout, self.training)
        logits: Tensor = self.last(x.permute(0, 3, 1, 2))
        return logits[:, 0]

    def folded(self) -> tuple[Tensor, Tensor]:
        """The first layer as a matrix (c, k) and an offset (h, w, k) for plain features."""
        weight, channels = self.first.weight.detach(), len(self.spread)
        level, residual = weight[:, :channels] / self.scale[1], weight[:, channels:] / self.spread
        offset = self.first.bias.detach() - level @ self.scale[0] - self.means @ residual.T
        return (level + residual).T.contiguous(), offset


class HeadDetector(MapDetector):
    """Distances are softplus(logit − ``zero``), where good parts have their peaks."""

    def __init__(self, features: FeatureGrid, head: Head, zero: float = 0.0) -> None:
        super().__init__(features)
        self.head, self.zero = head.eval(), zero

    def distances(self, features: Tensor) -> Tensor:
        """As ``MapDetector.distances``."""
        return functional.softplus(self.head(features) - self.zero)

    def emit_distances(self, graph: Graph, features: str) -> str:
        """As ``MapDetector.emit_distances``."""
        matrix, offset = self.head.folded()
        hidden = graph.relu(
            graph.add_constant(graph.matmul(features, matrix.numpy()), offset.numpy())
        )
        last = self.head.last
        assert last.bias is not None
        bias = last.bias.detach() - self.zero
        channels_first = graph.transpose(hidden, (0, 3, 1, 2))
        logits = graph.conv(
            channels_first, last.weight.detach().numpy(), bias.numpy(), pads=(1, 1, 1, 1)
        )
        return graph.softplus(logits)


def fit(parts: Parts, *, seed: int, report: Report) -> Fitted:
    """A head taught by all parts, and the scores of each by one taught by the others."""
    material = Material.of(parts, report)
    train = trainer(material, seed=seed, report=report)
    return fit_by(train, material, record(), seed=seed, report=report)


def trainer(
    material: Material, *, seed: int, report: Report, options: Options = _DEFAULTS
) -> Train:
    """As ``holding_out.Method.trainer``."""
    examples = Examples.of(material, seed=seed, report=report)
    return partial(train, examples=examples, options=options)


def train(
    material: Material, chosen: Indices, *, seed: int, examples: Examples, options: Options
) -> Fused:
    """As ``holding_out.Train``; raises InspectorError where the loss is not finite."""
    bank = memory_bank.train(material, chosen, seed=seed)
    head = train_head(material, chosen, seed=seed, examples=examples, options=options)
    return Fused((bank, head), (unit_of(quick_bank, material, chosen, seed), 1.0))


def train_head(
    material: Material, chosen: Indices, *, seed: int, examples: Examples, options: Options
) -> HeadDetector:
    """The head alone; raises InspectorError where the loss is not finite."""
    # short steps: where cores are busy a second thread is waited for
    with seeded(seed), torch_threads(1):
        head = Head(*_statistics(material.features[chosen, :2]), options)
        _Teaching(head, material, chosen, examples, options, seed).run()
    with torch.inference_mode():
        views = material.features[chosen, :2].flatten(0, 1)
        peaks = [head(x[None].float()).max() for x in views]
    return HeadDetector(material.grid, head, float(torch.stack(peaks).median()))


def record(options: Options = _DEFAULTS) -> Record:
    low, high = options.noise
    return asdict(options) | {"noise": f"{low}-{high}"}


@torch.inference_mode()
def _statistics(features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """``scale``, ``means`` and ``spread`` of a head, from (n, v, h, w, c)."""
    flat = features.flatten(0, 1)
    means = _mean(flat)
    variance = torch.stack([(x.float() - means).square().mean((0, 1)) for x in flat]).mean(0)
    overall = means.mean((0, 1))
    total = variance + (means - overall).square().mean((0, 1))
    return torch.stack([overall, _deviation(total)]), means, _deviation(variance)


def _mean(features: Tensor) -> Tensor:
    total = torch.zeros(features.shape[1:])
    for x in features:
        total += x.float()
    return total / len(features)


def _deviation(variance: Tensor) -> Tensor:
    # a channel that never moves must not make the others small
    return variance.clamp_min(1e-4 * float(variance.mean()) + 1e-12).sqrt()


class _Teaching:
    """One training of one head: half of each batch good, half of it made bad."""

    def __init__(
        self,
        head: Head,
        material: Material,
        chosen: Indices,
        examples: Examples,
        options: Options,
        seed: int,
    ) -> None:
        self._head, self._material, self._chosen = head, material, chosen
        self._examples, self._options = examples, options
        self._made, self._real = examples.of_parts(chosen)
        self._rng = np.random.default_rng(seed)
        h, w = material.grid.grid
        self._half = min(max(2, options.places // (2 * h * w)), 16)
        self._pool = np.stack([self._noise() for _ in range(_POOL)])

    def run(self) -> None:
        options = self._options
        optimizer = torch.optim.AdamW(self._head.parameters(), options.rate, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.steps)
        self._head.train()
        for _ in range(options.steps):
            loss = self._noisy() + self._damaged()
            check_loss(loss.item(), "discriminator")
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
        self._head.eval()

    def _noisy(self) -> Tensor:
        """Good pictures, the camera's among them: half of them with noise in blots."""
        parts = self._rng.choice(self._chosen, self._half)
        views = self._rng.integers(0, self._material.features.shape[1], self._half)
        features = self._material.features[parts, views].float()
        blots = self._blots(parts)
        blots[::2] = 0.0
        low, high = self._options.noise
        sigma = torch.from_numpy(self._rng.uniform(low, high, (self._half, 1, 1, 1))).float()
        noise = torch.randn_like(features) * sigma * blots[..., None]
        return self._loss(self._head(features, noise), blots)

    def _damaged(self) -> Tensor:
        """Made-up defects, and as many real ones where there are any."""
        chosen = self._rng.choice(self._made, self._half)
        if len(self._real):
            chosen[::2] = self._rng.choice(self._real, len(chosen[::2]))
        logits = self._head(self._examples.features[chosen].float())
        return self._loss(logits, self._examples.share[chosen])

    def _blots(self, parts: Indices) -> Tensor:
        """float32 (n, h, w): 1 within some blots on the part."""
        noise = self._pool[self._rng.integers(0, _POOL, len(parts))]
        levels = self._rng.uniform(0.2, 0.6, (len(parts), 1, 1))
        blots = torch.from_numpy(noise > levels).float()
        return blots * (self._examples.foreground[parts] > _INSIDE)

    def _noise(self) -> NDArray[np.float32]:
        return perlin(self._material.grid.grid, int(2 ** self._rng.integers(1, 5)), self._rng)

    def _loss(self, logits: Tensor, share: Tensor) -> Tensor:
        """Bad places count as much as good ones, the hardest good ones as much as all good."""
        inside, outside = share > _INSIDE, share == 0
        good = functional.softplus(logits[outside])
        count = max(1, round(self._options.hardest * len(good)))
        loss = 0.5 * (good.mean() + good.topk(count).values.mean())
        if inside.any():
            loss = loss + functional.softplus(-logits[inside]).mean()
        return loss
