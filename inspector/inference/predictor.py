"""OnnxPredictor: crops in, predictions out, on a session that passed its golden check."""

from __future__ import annotations

import copy
import itertools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inspector.core.execution import Execution
from inspector.core.fixture import NoFixture
from inspector.core.frame import Image
from inspector.core.geometry import Affine, Roi
from inspector.core.inspection import Crop, Prediction
from inspector.core.manifest import ModelManifest, ProposedThresholds
from inspector.errors import ConfigError, InferenceError, ProviderError
from inspector.inference.lanes import Split
from inspector.inference.network import Outputs
from inspector.inference.opening import open_network
from inspector.inference.package import Package, load_package
from inspector.inference.providers import (
    CPU,
    CUDA,
    NAMES,
    TENSORRT,
    why_no_cuda,
    why_no_tensorrt,
)
from inspector.inference.proving import prove
from inspector.inference.recovery import Listener, SturdyNetwork
from inspector.inference.session import short
from inspector.vision.fixture import prepare
from inspector.vision.resize import resize_back

_PREFERRED = {CPU: "int8", CUDA: "fp16", TENSORRT: "fp16"}
_MILLION = 1e6  # nanoseconds in a millisecond


class Ask(Protocol):
    """n uint8 (H, W, 3) BGR of the input's size, or larger where the network takes them →
    float32 (n, …) by role; raises InferenceError. ``meanwhile``: see ``Predictor.predict``.
    """

    def __call__(
        self, images: Sequence[Image], meanwhile: Callable[[], None] | None = None
    ) -> Outputs: ...


NOT_LOCATED = "the part could not be located in the picture"


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """A crop's network input (None: the part was not located), and where its map lies."""

    image: Image | None
    to_image: Affine
    milliseconds: float


class OnnxPredictor:
    """A loaded, warmed-up and golden-checked model; for one thread at a time.

    Made by ``open_predictor``.

    Attributes:
        manifest: of the package it came from.
        variant: name of the variant that runs.
        model_id: ``category@version#sha256`` of the variant.
    """

    def __init__(self, package: Package, variant: str, network: SturdyNetwork) -> None:
        """Takes the network over."""
        self.manifest: ModelManifest = package.manifest
        self.variant: str = variant
        self.model_id: str = package.manifest.model_id(variant)
        self._is_plain = isinstance(package.manifest.fixture, NoFixture)
        self._from_map = _map_to_input(package.manifest)
        self._plain_maps: dict[tuple[tuple[int, int], Roi | None], Affine] = {}
        self._network = network
        self._ask: Ask = network
        self._on_close: Callable[[], None] = network.close
        self._leave: list[Callable[[], None]] = []

    @property
    def provider(self) -> str:
        """The execution provider really in use; trouble with a GPU may change it."""
        return self._network.provider

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the network has to do without on this machine, a line each."""
        return self._network.remarks

    @property
    def degraded(self) -> str | None:
        """Why it no longer runs where it was opened; None while it does."""
        return self._network.degraded

    @property
    def golden_difference(self) -> float:
        """Largest difference found by the golden check, over all roles."""
        return self._network.golden_difference

    @property
    def last_split(self) -> Split | None:
        """Copies and run of the last batch; None where nothing is copied to a device."""
        return self._network.last_split

    def listen(self, listener: Listener) -> None:
        """Hears of trouble with the GPU until this predictor is closed."""
        self._leave.append(self._network.listen(listener))

    def stop_listening(self) -> None:
        """Returns when nobody who listened here is being told. Idempotent."""
        for leave in self._leave:
            leave()

    @property
    def thresholds(self) -> ProposedThresholds:
        """What the package proposes for the variant in use."""
        return self.manifest.variant(self.variant).thresholds

    @property
    def input_aspect(self) -> float:
        """Width / height that crops should have."""
        return self.manifest.input.aspect

    @property
    def runs_beside(self) -> bool:
        """Whether the caller of ``predict`` has time meanwhile."""
        return self._network.runs_beside

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of the batches that are run each in its own way; 1 where all are run alike."""
        return self._network.sizes or (1,)

    def predict(
        self, crops: Sequence[Crop], meanwhile: Callable[[], None] | None = None
    ) -> list[Prediction]:
        """One prediction a crop, in order, of one run where the graph allows it.

        Raises InferenceError for a crop that is no part of its image, for a run that
        fails and for outputs of another shape than promised; scores may be NaN.
        """
        if not crops:
            return []
        ready = [self._prepare(crop) for crop in crops]
        located = [r.image for r in ready if r.image is not None]
        start = time.perf_counter_ns()
        outputs = self._ask(located, meanwhile) if located else {}
        network_ms = (time.perf_counter_ns() - start) / _MILLION / max(1, len(located))
        places = itertools.count()
        return [
            self._not_located(r)
            if r.image is None
            else self._prediction(next(places), r, outputs, network_ms)
            for r in ready
        ]

    def close(self) -> None:
        """Frees the session (a front: leaves it); idempotent."""
        self.stop_listening()
        self._on_close()

    def front(self, ask: Ask, on_close: Callable[[], None]) -> OnnxPredictor:
        """A predictor for one more thread, which asks ``ask`` where this one runs its session.

        It shares what never changes; this one must outlive it.
        """
        made = copy.copy(self)
        made._ask, made._on_close, made._leave = ask, on_close, []  # noqa: SLF001 - its own class
        return made

    def run(self, images: Sequence[Image], meanwhile: Callable[[], None] | None = None) -> Outputs:
        """The network alone, by role, on pictures that are prepared; see ``Ask``."""
        return self._network(images, meanwhile)

    def _prepare(self, crop: Crop) -> _Ready:
        start = time.perf_counter_ns()
        image, to_image = self._prepared(_checked_pixels(crop), crop)
        return _Ready(image, to_image, (time.perf_counter_ns() - start) / _MILLION)

    def _prepared(self, pixels: Image, crop: Crop) -> tuple[Image | None, Affine]:
        if self._is_plain and self._network.takes(pixels):
            return pixels, self._plain_map(pixels, crop)
        spec = self.manifest.input
        prepared = prepare(pixels, self.manifest.fixture, spec.height, spec.width)
        if prepared is None:
            return None, crop.offset
        return prepared.image, self._from_map.then(prepared.to_crop).then(crop.offset)

    def _plain_map(self, pixels: Image, crop: Crop) -> Affine:
        """From the map's pixels to the image's, without a fixture: the same for every picture."""
        size = (pixels.shape[0], pixels.shape[1])
        known = self._plain_maps.get((size, crop.roi))
        if known is None:
            spec = self.manifest.input
            to_crop = resize_back(size, spec.height, spec.width)
            known = self._from_map.then(to_crop).then(crop.offset)
            self._plain_maps[size, crop.roi] = known
        return known

    def _not_located(self, ready: _Ready) -> Prediction:
        return Prediction(
            score=math.nan,
            anomaly_map=None,
            class_scores=None,
            to_image=ready.to_image,
            model_id=self.model_id,
            prepare_ms=ready.milliseconds,
            fault=NOT_LOCATED,
        )

    def _prediction(
        self,
        index: int,
        ready: _Ready,
        outputs: Outputs,
        network_ms: float,
    ) -> Prediction:
        maps, classes = outputs.get("anomaly_map"), outputs.get("class_scores")
        return Prediction(
            score=float(outputs["anomaly_score"][index]),
            anomaly_map=None if maps is None else maps[index],
            class_scores=None if classes is None else classes[index],
            to_image=ready.to_image,
            model_id=self.model_id,
            prepare_ms=ready.milliseconds,
            network_ms=network_ms,
            defect_type=self._type_of(None if classes is None else classes[index]),
        )

    def _type_of(self, class_scores: NDArray[np.float32] | None) -> str | None:
        """The name of the highest score; None where no score is finite or has a name."""
        if class_scores is None or not np.isfinite(class_scores).all():
            return None
        place = int(class_scores.argmax())
        return self.manifest.labels[place] if place < len(self.manifest.labels) else None


def open_predictor(
    package: Path | Package,
    *,
    variant: str | None = None,
    require_gpu: bool = False,
    threads: int | None = None,
    execution: Execution | None = None,
    most: int = 1,
    proven: bool = False,
) -> OnnxPredictor:
    """Loads a package, on CUDA where it really works, else on the CPU.

    A model that was never opened on this machine is opened and run in a process of its own
    first (see ``proving``).

    Args:
        package: its folder, or what ``load_package`` made of it.
        variant: which one to run; None for int8 on the CPU and fp16 on CUDA where
            they are held, fp32 else.
        require_gpu: makes a fallback to the CPU an error.
        threads: of one run on the CPU, None for two.
        execution: a certain provider, and what it may take; None for the defaults.
        most: the largest batch to be ready for on a GPU; larger ones run in pieces there.
        proven: the caller knows that the model harms nobody, or runs it where it may.

    Raises PackageError for anything wrong with the package (its golden check
    included), ProviderError where a GPU is required and cannot be had.
    """
    held = package if isinstance(package, Package) else load_package(package)
    opening = _Opening(held, variant, threads, execution or Execution(), most, proven)
    wanted = opening.execution.provider
    if wanted == "cpu":
        if require_gpu:
            raise ProviderError("provider cpu, but a GPU is required: ask for one of them")
        return opening.on(CPU)
    if wanted != "auto":
        return opening.required(NAMES[wanted])
    missing = why_no_cuda()
    if missing is None:
        try:
            return opening.on(CUDA, stay=require_gpu)
        except ProviderError as error:
            missing = str(error)
    if require_gpu:
        raise ProviderError(f"a GPU is required, but {missing}: mend that or allow the CPU")
    return opening.on(CPU)


@dataclass(frozen=True, slots=True)
class _Opening:
    """A package about to be opened as asked."""

    package: Package
    variant: str | None
    threads: int | None
    execution: Execution
    most: int
    proven: bool

    def required(self, provider: str) -> OnnxPredictor:
        """Raises ProviderError that says why it cannot be had, and what to do."""
        missing = why_no_tensorrt() if provider == TENSORRT else why_no_cuda()
        if missing is not None:
            raise ProviderError(
                f"provider {short(provider)} was asked for, but {missing}: mend that, or choose"
                " provider auto"
            )
        return self.on(provider, stay=True)

    def on(self, provider: str, *, stay: bool = False) -> OnnxPredictor:
        name = self.variant or default_variant(self.package.manifest, provider)
        if not self.proven:
            prove(self.package, name)
        reopen = partial(
            open_network,
            self.package,
            name,
            threads=self.threads,
            execution=self.execution,
            most=self.most,
        )
        network = SturdyNetwork(reopen(provider), reopen, stay=stay)
        return OnnxPredictor(self.package, name, network)


def _map_to_input(manifest: ModelManifest) -> Affine:
    """From the map's pixels (the input's where there is no map) to the input's."""
    spec = manifest.input
    shapes = {output.role: output.shape for output in manifest.outputs}
    height, width = shapes.get("anomaly_map", [spec.height, spec.width])
    return Affine.scaling(spec.width / width, spec.height / height)


def default_variant(manifest: ModelManifest, provider: str) -> str:
    """The fastest variant meant for a provider, else fp32, else the first one held."""
    held = [variant.name for variant in manifest.variants]
    return next((name for name in (_PREFERRED[provider], "fp32") if name in held), held[0])


def _checked_pixels(crop: Crop) -> Image:
    image = crop.image
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise InferenceError(
            f"an image of {image.dtype} {image.shape} where uint8 (H, W, 3) is expected"
        )
    if crop.roi is not None:
        try:
            crop.roi.check_inside(image.shape[1], image.shape[0])
        except ConfigError as error:
            raise InferenceError(str(error)) from None
    return crop.pixels()
