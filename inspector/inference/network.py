"""Network: one variant of a package on one provider, warmed up and golden-checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.errors import DeviceError, InferenceError, PackageError, ProviderError, StateError
from inspector.inference.golden import Golden, largest_difference
from inspector.inference.lanes import LANES, Split
from inspector.inference.package import Package
from inspector.inference.providers import CPU
from inspector.inference.session import ORT_ERRORS, brief
from inspector.inference.shrink import is_larger
from inspector.inference.trouble import Trouble, trouble_of
from inspector.vision.resize import resize

Outputs = Mapping[str, NDArray[np.float32]]
"""By role, float32 (n, …), read-only."""


class Runner(Protocol):
    """The outputs in the manifest's order for n pictures; raises ONNX Runtime's errors."""

    runs_beside: bool
    """Whether it computes beside the caller, and calls ``meanwhile`` then."""

    def __call__(
        self, images: Sequence[Image], meanwhile: Callable[[], None] | None = None
    ) -> list[NDArray[np.float32]]: ...

    def takes(self, image: Image) -> bool:
        """Whether it makes this picture smaller itself, as ``resize`` would."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of batches that are run each in its own way, so that each is to be checked."""

    @property
    def last(self) -> Split | None: ...

    def close(self) -> None: ...

    def abandon(self) -> None: ...


class PlainRunner:
    """``session.run``: on the CPU nothing is cheaper (measured, see docs/decisions/0013)."""

    sizes = ()
    last = None
    runs_beside = False

    def __init__(self, session: ort.InferenceSession, name: str, outputs: Sequence[str]) -> None:
        self._session: ort.InferenceSession | None = session
        self._name, self._outputs = name, list(outputs)

    def __call__(
        self, images: Sequence[Image], meanwhile: Callable[[], None] | None = None
    ) -> list[NDArray[np.float32]]:
        """Raises StateError once closed."""
        if self._session is None:
            raise StateError("predict() after close()")
        batch = np.ascontiguousarray(images[0])[None] if len(images) == 1 else np.stack(images)
        found: list[NDArray[np.float32]] = self._session.run(self._outputs, {self._name: batch})
        return found

    def takes(self, image: Image) -> bool:
        return False

    def close(self) -> None:
        self._session = None

    def abandon(self) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Opened:
    """A runner, where it runs, and what a person should know of it (a line each)."""

    runner: Runner
    provider: str
    free_batch: bool
    remarks: tuple[str, ...] = ()


class Network:
    """Pictures in, outputs by role.

    Attributes:
        provider: the execution provider really in use.
        remarks: what it had to do without, a line each.
        golden_difference: largest difference found by the golden check, over all roles.
    """

    def __init__(self, package: Package, variant: str, opened: Opened) -> None:
        """Takes the runner over; raises PackageError where it fails the golden check."""
        self._manifest = package.manifest
        self._runner, self._free_batch = opened.runner, opened.free_batch
        self.provider = opened.provider
        self.remarks = opened.remarks
        where = package.where(package.manifest.variant(variant).file)
        try:
            self.golden_difference = self._checked(package.golden(variant), where)
        except DeviceError as error:
            self.let_go(error)
            raise ProviderError(str(error)) from None
        except BaseException:
            self.close()
            raise

    def __call__(
        self, images: Sequence[Image], meanwhile: Callable[[], None] | None = None
    ) -> Outputs:
        """For n uint8 (H, W, 3) BGR of the input's size; of one run where the graph allows it.
        Larger ones are resized, by the device where it ``takes`` them.

        Raises InferenceError for a run that fails and for outputs of another shape than
        promised (DeviceError where it was the GPU's doing), StateError once closed.
        """
        images = [self._fitting(image) for image in images]
        if self._free_batch or len(images) == 1:
            return self._once(images, meanwhile)
        singles = [self._once([image]) for image in images]
        return {role: np.concatenate([s[role] for s in singles]) for role in singles[0]}

    @property
    def runs_beside(self) -> bool:
        """Whether the caller has time meanwhile."""
        return self._runner.runs_beside

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of batches that are run each in its own way."""
        return self._runner.sizes

    def takes(self, image: Image) -> bool:
        """Whether a picture had better come as it is."""
        return self._runner.takes(image)

    def _fitting(self, image: Image) -> Image:
        spec = self._manifest.input
        size = (spec.height, spec.width)
        # one that is smaller was cut wrongly, and is refused as before
        if not is_larger(image, size) or self._runner.takes(image):
            return image
        return resize(image, *size)

    @property
    def last_split(self) -> Split | None:
        """Of the last run; None where nothing is copied to a device."""
        return self._runner.last

    def close(self) -> None:
        """Idempotent."""
        self._runner.close()

    def let_go(self, error: DeviceError) -> None:
        """Closes it after that error: what lies on a lost GPU cannot be freed."""
        if error.lost:
            self._runner.abandon()
        else:
            self._runner.close()

    def _once(
        self, images: Sequence[Image], meanwhile: Callable[[], None] | None = None
    ) -> Outputs:
        try:
            answers = self._runner(images, meanwhile)
        except ORT_ERRORS as error:
            raise self._failure(error) from error
        outputs: dict[str, NDArray[np.float32]] = {}
        for output, values in zip(self._manifest.outputs, answers, strict=True):
            if values.shape != (len(images), *output.shape):
                raise InferenceError(
                    f"model {self._manifest.title}: {output.role} has the shape {values.shape},"
                    f" promised was {(len(images), *output.shape)}"
                )
            values.flags.writeable = False
            outputs[output.role] = values
        return outputs

    def _failure(self, error: BaseException) -> InferenceError:
        said = f"model {self._manifest.title} failed on {self.provider}: "
        trouble = None if self.provider == CPU else trouble_of(str(error))
        if trouble is None:
            return InferenceError(said + brief(error))
        lost = trouble is Trouble.LOST
        return DeviceError(f"{said}{trouble.value}: {brief(error)}", lost=lost)

    def _checked(self, golden: Golden, where: str) -> float:
        """Warms up and runs the golden inputs as the station will: one by one, and in batches."""
        count = len(golden.images)
        singles = [[i] for i in range(count)]
        sizes = {count, *self._runner.sizes} if self._free_batch else set()
        batches = [[i % count for i in range(size)] for size in sorted(sizes - {1})]
        turns = singles + batches
        if self._runner.sizes:
            # lanes take turns: each is to be seen with all of them, and none may mind the others
            turns = [places for places in turns for _ in range(LANES)] + singles
        try:
            self._once([np.zeros_like(golden.images[0])])
            return max(self._compared(golden, places, where) for places in turns)
        except DeviceError:
            raise
        except InferenceError as error:
            raise PackageError(f"{where}: {error}") from None

    def _compared(self, golden: Golden, places: list[int], where: str) -> float:
        """Largest difference on these golden images; raises PackageError beyond atol."""
        found = self([golden.images[place] for place in places])
        differences = {
            role: largest_difference(expected[places], found[role])
            for role, expected in golden.outputs.items()
        }
        role = max(differences, key=differences.__getitem__)
        if differences[role] > golden.atol:
            raise PackageError(
                f"{where}: golden check failed on {self.provider}: {role} is off by"
                f" {_shown(differences[role])}, allowed are {golden.atol:g}: do not use it here"
            )
        if self._manifest.score_is_map_max:
            self._check_map_max(found, golden.atol, where)
        return differences[role]

    def _check_map_max(self, found: Outputs, atol: float, where: str) -> None:
        """Where a recipe has masks or a least area, the map alone is judged by."""
        highest = found["anomaly_map"].max(axis=(1, 2))
        off = largest_difference(found["anomaly_score"], highest)
        if off > atol:
            raise PackageError(
                f"{where}: its score is off by {_shown(off)} from the highest value of its map, "
                "although the manifest says score_is_map_max: export it again"
            )


def _shown(difference: float) -> str:
    return f"{difference:g}" if math.isfinite(difference) else "NaN or infinity"
