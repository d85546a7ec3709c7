"""Gaussian: how unlike the good ones a place is for where it lies (PaDiM).

A mean and a covariance for every place of the grid, in the few directions in which good
features vary most (Defard et al., ICPR 2021, take random ones). It suits parts whose pose
is fixed; where it is loose the places mix, and the bank does better.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from training.detector import MapDetector
from training.feature_grid import STAGES, FeatureGrid
from training.graph import Graph
from training.holding_out import Record, Train, fit_by
from training.material import Indices, Material
from training.methods import Fitted, Parts, Report


@dataclass(frozen=True, slots=True)
class Options:
    """Settings; chosen on made-up defects in held-out good parts.

    Attributes:
        stages: blocks of the backbone, finest first; the first sets the map's grid.
        dimensions: directions that are kept; cost and size go with their square.
        views: views of each part that are learnt from: 1 is the still alone.
        pull: pictures that the covariance over all places counts as, against the place's own.
        floor: added to every variance, as a share of the mean one.
    """

    stages: tuple[int, ...] = STAGES
    dimensions: int = 48
    views: int = 2
    pull: float = 20.0
    floor: float = 0.05


_DEFAULTS = Options()


class Gaussian(MapDetector):
    """Distances are Mahalanobis, as root mean squares: about 1 for good places.

    Args:
        projection: float32 (c, d).
        means: float32 (h·w, 1, d), in the projection.
        whitening: float32 (h·w, d, d), lower triangular: of the residual x, x·L has unit
            covariance.
    """

    projection: Tensor
    means: Tensor
    whitening: Tensor

    def __init__(
        self, features: FeatureGrid, projection: Tensor, means: Tensor, whitening: Tensor
    ) -> None:
        super().__init__(features)
        self.register_buffer("projection", projection)
        self.register_buffer("means", means)
        self.register_buffer("whitening", whitening)

    def distances(self, features: Tensor) -> Tensor:
        """As ``MapDetector.distances``."""
        n, h, w, c = features.shape
        kept = (features.reshape(-1, c) @ self.projection).reshape(n, h * w, 1, -1)
        white = torch.matmul(kept - self.means, self.whitening)
        return white.square().mean((2, 3)).sqrt().reshape(n, h, w)

    def emit_distances(self, graph: Graph, features: str) -> str:
        """As ``MapDetector.emit_distances``."""
        (h, w), dimensions = self.features.grid, self.projection.shape[1]
        kept = graph.matmul(features, self.projection.numpy())
        places = graph.reshape(kept, (-1, h * w, 1, dimensions))
        residual = graph.add_constant(places, -self.means.numpy())
        white = graph.matmul(residual, self.whitening.numpy())
        mean = graph.scale(graph.reduce_sum(graph.multiply(white, white), [2, 3]), 1.0 / dimensions)
        return graph.reshape(graph.sqrt(mean), (-1, 1, h, w))


def fit(parts: Parts, *, seed: int, report: Report, options: Options = _DEFAULTS) -> Fitted:
    """Gaussians of all parts, and the scores of each part by those of the others."""
    material = Material.of(parts, report, options.stages)
    return fit_by(
        partial(train, options=options), material, record(options), seed=seed, report=report
    )


@torch.inference_mode()
def train(
    material: Material, chosen: Indices, *, seed: int, options: Options = _DEFAULTS
) -> Gaussian:
    """As ``holding_out.Train``; nothing is drawn, so ``seed`` changes nothing."""
    features = material.features[chosen, : options.views].flatten(0, 1)
    projection = principal(features)[1][:, -options.dimensions :].float().contiguous()
    kept = torch.stack([x.float() @ projection for x in features])
    means = kept.mean(0)
    covariance = _covariances(kept - means, options)
    # of the inverse, so that no triangular system is solved at the station
    whitening = torch.linalg.cholesky(torch.linalg.inv(covariance))
    d = projection.shape[1]
    return Gaussian(
        material.grid, projection, means.reshape(-1, 1, d), whitening.reshape(-1, d, d).contiguous()
    )


def trainer(material: Material, *, seed: int, report: Report) -> Train:
    """As ``holding_out.Method.trainer``."""
    return train


def record(options: Options = _DEFAULTS) -> Record:
    return asdict(options) | {"stages": ",".join(str(s) for s in options.stages)}


def principal(features: Tensor) -> tuple[Tensor, Tensor]:
    """float64 (c,) variances, rising, and (c, c) their directions, of (n, h, w, c)."""
    channels = features.shape[-1]
    total, squares = torch.zeros(channels).double(), torch.zeros(channels, channels).double()
    for x in features:
        places = x.reshape(-1, channels).float()
        total += places.sum(0).double()
        squares += (places.T @ places).double()
    count = features[..., 0].numel()
    mean = total / count
    variances, directions = torch.linalg.eigh(squares / count - torch.outer(mean, mean))
    return variances.clamp_min(0.0), directions


def _covariances(residuals: Tensor, options: Options) -> Tensor:
    """(h, w, d, d) of residuals (n, h, w, d): the neighbours' too, pulled to that of all."""
    n, h, w, d = residuals.shape
    own = torch.einsum("nhwi,nhwj->ijhw", residuals, residuals) / max(n - 1, 1)
    # a part may lie a place further: the neighbours' spread counts as its own
    spread = functional.avg_pool2d(
        functional.pad(own.reshape(1, d * d, h, w), (1, 1, 1, 1), mode="replicate"), 3, 1
    )
    local: Tensor = spread.reshape(d, d, h, w).permute(2, 3, 0, 1)
    overall = local.mean((0, 1))
    share = options.pull / (options.pull + n)
    # parts that do not differ at all would have no inverse
    floor = max(options.floor * float(overall.diagonal().mean()), 1e-6)
    pulled: Tensor = (1 - share) * local + share * overall + floor * torch.eye(d)
    return pulled
