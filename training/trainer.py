"""What methods that learn from good *and* defective images have in common.

Such a method's module defines ``SIZE``, the usual side of its input, and
``trainer(data, policy, *, seed, report, options=None) -> Trainer``; what the folds of a
cross-validation share (frozen features) is worked out there once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from inspector.errors import ConfigError, InspectorError
from training.labelled import Indices
from training.methods import Network, Report

SUPERVISED = {"seed-cnn": "seed_cnn", "classifier": "classifier"}
"""Names of the supervised methods, and of their modules."""

Record = dict[str, str | int | float | bool]


@dataclass(frozen=True, slots=True)
class Epoch:
    """A point of the training curves; losses are means over images."""

    train_loss: float
    validation_loss: float


@dataclass(frozen=True, slots=True)
class FittedLabelled:
    """What a supervised method hands back.

    Attributes:
        network: trained; its score is the probability of being defective.
        labels: of ``class_scores``, empty where there are none.
        t1, t2: thresholds, chosen on validation images alone.
        threshold_method: how, for the record.
        validation: their indices.
        validation_scores: float64, of those.
        epochs: training curves.
        options: the method's settings.
    """

    network: Network
    labels: tuple[str, ...]
    t1: float
    t2: float
    threshold_method: str
    validation: Indices
    validation_scores: NDArray[np.float64]
    epochs: tuple[Epoch, ...]
    options: Record


class Trainer(Protocol):
    """Holds all images of a category; trains on some of them."""

    def train(self, chosen: Indices, *, seed: int, report: Report) -> FittedLabelled:
        """On ``chosen`` alone, some of them kept from training for validation."""
        ...


def find_supervised(name: str) -> ModuleType:
    """The module of a method; raises ConfigError for an unknown one."""
    if name not in SUPERVISED:
        raise ConfigError(f"no supervised method {name!r}: choose {', '.join(sorted(SUPERVISED))}")
    return import_module(f"training.methods.{SUPERVISED[name]}")


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch's own generator (first weights, dropout) restarts here, and goes on as before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def check_loss(loss: float, where: str) -> float:
    """Raises InspectorError for NaN and infinity: what follows would be worth nothing."""
    if not np.isfinite(loss):
        raise InspectorError(
            f"{where}: the loss is {loss}: training diverged; lower the learning rate, or look"
            " for damaged images"
        )
    return loss
