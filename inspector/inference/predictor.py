"""OnnxPredictor: crops in, predictions out, on a session that passed its golden check."""

from __future__ import annotations

import copy
import itertools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.core.geometry import Affine
from inspector.core.inspection import Crop, Prediction
from inspector.core.manifest import ModelManifest, ProposedThresholds
from inspector.errors import ConfigError, InferenceError, PackageError, ProviderError, StateError
from inspector.inference.golden import Golden, largest_difference
from inspector.inference.package import Package, load_package
from inspector.inference.session import (
    CPU,
    CUDA,
    ORT_ERRORS,
    brief,
    check_io,
    open_session,
    why_no_cuda,
)
from inspector.vision.fixture import Prepared, prepare

_PREFERRED = {CPU: "int8", CUDA: "fp16"}
_MILLION = 1e6  # nanoseconds in a millisecond


Ask = Callable[[Image], Mapping[str, NDArray[np.float32]]]
"""uint8 (n, H, W, 3) BGR, the network's inputs → float32 (n, …) by role; raises InferenceError."""

NOT_LOCATED = "the part could not be located in the picture"


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """A crop with its network input (None: the part was not located)."""

    crop: Crop
    prepared: Prepared | None
    milliseconds: float


class OnnxPredictor:
    """A loaded, warmed-up and golden-checked model; for one thread at a time.

    Made by ``open_predictor``.

    Attributes:
        manifest: of the package it came from.
        variant: name of the variant that runs.
        provider: the execution provider really in use.
        model_id: ``category@version#sha256`` of the variant.
        golden_difference: largest difference found by the golden check, over all roles.
    """

    def __init__(
        self,
        package: Package,
        variant: str,
        session: ort.InferenceSession,
    ) -> None:
        """Takes the session over; raises PackageError where it fails its checks."""
        manifest = package.manifest
        where = package.where(manifest.variant(variant).file)
        self.manifest: ModelManifest = manifest
        self.variant: str = variant
        self.provider: str = session.get_providers()[0]
        self.model_id: str = manifest.model_id(variant)
        self._free_batch = check_io(session, manifest, where)
        self._session: ort.InferenceSession | None = session
        self._buffer = self._batch_of(1)
        self._names = [output.name for output in manifest.outputs]
        self._ask: Ask = self._run
        self._on_close: Callable[[], None] = self._free
        self.golden_difference: float = self._checked(package.golden(variant), where)

    @property
    def thresholds(self) -> ProposedThresholds:
        """What the package proposes for the variant in use."""
        return self.manifest.variant(self.variant).thresholds

    @property
    def input_aspect(self) -> float:
        """Width / height that crops should have."""
        return self.manifest.input.aspect

    def predict(self, crops: Sequence[Crop]) -> list[Prediction]:
        """One prediction a crop, in order, of one run where the graph allows it.

        Raises InferenceError for a crop that is no part of its image, for a run that
        fails and for outputs of another shape than promised; scores may be NaN.
        """
        if not crops:
            return []
        if len(crops) > len(self._buffer):
            self._buffer = self._batch_of(len(crops))
        ready = [self._prepare(crop) for crop in crops]
        located = [r.prepared.image for r in ready if r.prepared is not None]
        for place, image in enumerate(located):
            self._buffer[place] = image
        start = time.perf_counter_ns()
        outputs = self._ask(self._buffer[: len(located)]) if located else {}
        network_ms = (time.perf_counter_ns() - start) / _MILLION / max(1, len(located))
        places = itertools.count()
        return [
            self._not_located(r)
            if r.prepared is None
            else self._prediction(next(places), r, r.prepared.to_crop, outputs, network_ms)
            for r in ready
        ]

    def close(self) -> None:
        """Frees the session (a front: leaves it); idempotent."""
        self._on_close()

    def front(self, ask: Ask, on_close: Callable[[], None]) -> OnnxPredictor:
        """A predictor for one more thread, which asks ``ask`` where this one runs its session.

        It shares what never changes and has its own buffers; this one must outlive it.
        """
        made = copy.copy(self)
        made._share(ask, on_close)  # noqa: SLF001 - of this very class
        return made

    def _share(self, ask: Ask, on_close: Callable[[], None]) -> None:
        self._session = None
        self._buffer = self._batch_of(1)
        self._ask, self._on_close = ask, on_close

    def run(self, batch: Image) -> Mapping[str, NDArray[np.float32]]:
        """The network alone, by role, on pictures that are prepared; see ``Ask``."""
        return self._run(batch)

    def _free(self) -> None:
        self._session = None

    def _prepare(self, crop: Crop) -> _Ready:
        start = time.perf_counter_ns()
        spec = self.manifest.input
        pixels = _checked_pixels(crop)
        prepared = prepare(pixels, self.manifest.fixture, spec.height, spec.width)
        return _Ready(crop, prepared, (time.perf_counter_ns() - start) / _MILLION)

    def _not_located(self, ready: _Ready) -> Prediction:
        return Prediction(
            score=math.nan,
            anomaly_map=None,
            class_scores=None,
            to_image=ready.crop.offset,
            model_id=self.model_id,
            prepare_ms=ready.milliseconds,
            fault=NOT_LOCATED,
        )

    def _batch_of(self, count: int) -> Image:
        spec = self.manifest.input
        return np.zeros((count, spec.height, spec.width, 3), np.uint8)

    def _run(self, batch: Image) -> dict[str, NDArray[np.float32]]:
        """By role, float32 (n, …); raises InferenceError."""
        if self._free_batch or len(batch) == 1:
            return self._run_once(batch)
        singles = [self._run_once(batch[i : i + 1]) for i in range(len(batch))]
        return {role: np.concatenate([s[role] for s in singles]) for role in singles[0]}

    def _run_once(self, batch: Image) -> dict[str, NDArray[np.float32]]:
        if self._session is None:
            raise StateError("predict() after close()")
        try:
            answers = self._session.run(self._names, {self.manifest.input.name: batch})
        except ORT_ERRORS as error:
            raise InferenceError(
                f"model {self.manifest.title} failed on {self.provider}: {brief(error)}"
            ) from None
        outputs: dict[str, NDArray[np.float32]] = {}
        for output, values in zip(self.manifest.outputs, answers, strict=True):
            if values.shape != (len(batch), *output.shape):
                raise InferenceError(
                    f"model {self.manifest.title}: {output.role} has the shape {values.shape},"
                    f" promised was {(len(batch), *output.shape)}"
                )
            values.flags.writeable = False
            outputs[output.role] = values
        return outputs

    def _prediction(
        self,
        index: int,
        ready: _Ready,
        to_crop: Affine,
        outputs: Mapping[str, NDArray[np.float32]],
        network_ms: float,
    ) -> Prediction:
        maps, classes = outputs.get("anomaly_map"), outputs.get("class_scores")
        return Prediction(
            score=float(outputs["anomaly_score"][index]),
            anomaly_map=None if maps is None else maps[index],
            class_scores=None if classes is None else classes[index],
            to_image=self._to_crop(to_crop, None if maps is None else maps.shape[1:]).then(
                ready.crop.offset
            ),
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

    def _to_crop(self, to_crop: Affine, map_hw: tuple[int, ...] | None) -> Affine:
        """From map pixels (input pixels where there is no map) to the crop's."""
        spec = self.manifest.input
        map_h, map_w = map_hw or (spec.height, spec.width)
        return Affine.scaling(spec.width / map_w, spec.height / map_h).then(to_crop)

    def _checked(self, golden: Golden, where: str) -> float:
        """Warms up and runs the golden inputs as the station will: one by one, and as a batch."""
        try:
            self._run_once(self._buffer)
            batches = [slice(i, i + 1) for i in range(len(golden.images))]
            if self._free_batch and len(batches) > 1:
                batches.append(slice(None))
            return max(self._compared(golden, part, where) for part in batches)
        except InferenceError as error:
            raise PackageError(f"{where}: {error}") from None

    def _compared(self, golden: Golden, part: slice, where: str) -> float:
        """Largest difference on some of the golden images; raises PackageError beyond atol."""
        found = self._run_once(golden.images[part])
        differences = {
            role: largest_difference(expected[part], found[role])
            for role, expected in golden.outputs.items()
        }
        role = max(differences, key=differences.__getitem__)
        if differences[role] > golden.atol:
            raise PackageError(
                f"{where}: golden check failed on {self.provider}: {role} is off by"
                f" {_shown(differences[role])}, allowed are {golden.atol:g}: do not use it here"
            )
        if self.manifest.score_is_map_max:
            self._check_map_max(found, golden.atol, where)
        return differences[role]

    def _check_map_max(
        self, found: Mapping[str, NDArray[np.float32]], atol: float, where: str
    ) -> None:
        """Where a recipe has masks or a least area, the map alone is judged by."""
        highest = found["anomaly_map"].max(axis=(1, 2))
        off = largest_difference(found["anomaly_score"], highest)
        if off > atol:
            raise PackageError(
                f"{where}: its score is off by {_shown(off)} from the highest value of its map, "
                "although the manifest says score_is_map_max: export it again"
            )


def open_predictor(
    package: Path | Package,
    *,
    variant: str | None = None,
    require_gpu: bool = False,
    threads: int | None = None,
) -> OnnxPredictor:
    """Loads a package, on CUDA where it really works, else on the CPU.

    Args:
        package: its folder, or what ``load_package`` made of it.
        variant: which one to run; None for int8 on the CPU and fp16 on CUDA where
            they are held, fp32 else.
        require_gpu: makes a fallback to the CPU an error.
        threads: of one run on the CPU, None for two.

    Raises PackageError for anything wrong with the package (its golden check
    included), ProviderError where the GPU is required and cannot be had.
    """
    held = package if isinstance(package, Package) else load_package(package)
    missing = why_no_cuda()
    if missing is None:
        try:
            return _opened(held, CUDA, variant, threads)
        except ProviderError as error:
            missing = str(error)
    if require_gpu:
        raise ProviderError(f"a GPU is required, but {missing}: mend that or allow the CPU")
    return _opened(held, CPU, variant, threads)


def _opened(
    package: Package, provider: str, variant: str | None, threads: int | None
) -> OnnxPredictor:
    name = variant or default_variant(package.manifest, provider)
    session = open_session(
        package.variant_bytes(name),
        provider=provider,
        threads=threads,
        where=package.where(package.manifest.variant(name).file),
    )
    return OnnxPredictor(package, name, session)


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


def _shown(difference: float) -> str:
    return f"{difference:g}" if math.isfinite(difference) else "NaN or infinity"
