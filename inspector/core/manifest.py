"""ModelManifest: what a model package promises, as ``manifest.json`` holds it."""

from __future__ import annotations

import math
import re
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from inspector.core.fixture import FixtureSpec, NoFixture
from inspector.core.strict import Strict as Strict
from inspector.errors import PackageError

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=rf"^{_FILE_NAME.pattern}$")]
"""A plain name inside the package's folder: no separators, no leading dot."""
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Share = Annotated[float, Field(gt=0, lt=1)]


class InputSpec(Strict):
    """The graph's input: uint8 (N, height, width, 3), BGR.

    ``aspect`` is width / height of the crops it was trained on: a region of another
    shape would reach the network distorted.
    """

    name: str = "image"
    height: Annotated[int, Field(ge=16, le=4096)]
    width: Annotated[int, Field(ge=16, le=4096)]
    color: Literal["bgr"] = "bgr"
    dtype: Literal["uint8"] = "uint8"
    layout: Literal["NHWC"] = "NHWC"
    aspect: Annotated[float, Field(gt=0)] = 1.0


class OutputSpec(Strict):
    """An output by role; ``shape`` without the batch axis: (), (h, w) or (k,)."""

    role: Literal["anomaly_score", "anomaly_map", "class_scores"]
    name: str
    shape: Annotated[list[Annotated[int, Field(ge=1, le=4096)]], Field(max_length=2)]

    @model_validator(mode="after")
    def _rank_fits_role(self) -> OutputSpec:
        rank = {"anomaly_score": 0, "anomaly_map": 2, "class_scores": 1}[self.role]
        if len(self.shape) != rank:
            raise ValueError(f"{self.role} needs a shape of {rank} axes, not {self.shape}")
        return self


class ProposedThresholds(Strict):
    """Thresholds that the trainer proposes for this variant; a recipe adopts them.

    ``pixel`` is where the outline of a defect is drawn in the anomaly map; packages made
    before it existed have none, and their defects are outlined at ``t1``.
    """

    t1: float
    t2: float
    pixel: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> ProposedThresholds:
        if not (math.isfinite(self.t1) and math.isfinite(self.t2) and self.t1 <= self.t2):
            raise ValueError(f"thresholds need finite t1 <= t2, not {self.t1}, {self.t2}")
        if self.pixel is not None and not math.isfinite(self.pixel):
            raise ValueError(f"the pixel threshold must be finite, not {self.pixel}")
        return self


class GoldenSpec(Strict):
    """npz with ``image`` uint8 (n, H, W, 3) and one array per output role.

    ``atol`` is the largest absolute difference allowed on any provider.
    """

    file: FileName
    sha256: Sha256
    atol: Annotated[float, Field(gt=0)]


class Agreement(Strict):
    """How far a variant's scores lie from the trained network's, on validation pictures.

    Score differences (``typical`` is the median) are on the scale of the thresholds;
    ``same_verdict`` is the share of pictures judged as fp32 judges them, each variant at its
    own thresholds.
    """

    largest_difference: Annotated[float, Field(ge=0)]
    typical_difference: Annotated[float, Field(ge=0)]
    same_verdict: Annotated[float, Field(ge=0, le=1)]
    n_images: Annotated[int, Field(ge=1)]
    n_defective: Annotated[int, Field(ge=0)]


class Variant(Strict):
    """One self-contained .onnx file of the model.

    ``agreement`` is None where nobody measured it (packages of older versions).
    """

    name: Literal["fp32", "fp16", "int8"]
    file: FileName
    sha256: Sha256
    size_bytes: Annotated[int, Field(gt=0)]
    golden: GoldenSpec
    thresholds: ProposedThresholds
    agreement: Agreement | None = None


class Targets(Strict):
    """Rates that the user named; None where none was.

    ``max_escape`` bounds the share of defective parts below T1, ``max_overkill`` that of
    good parts at or above T2, ``max_review`` that of good parts between T1 and T2.
    """

    max_escape: Share | None = None
    max_overkill: Share | None = None
    max_review: Share | None = None


class ThresholdBasis(Strict):
    """How the thresholds were chosen, and what that promises.

    ``expected_overkill_t1``/``_t2`` are shares of held-out good images at or above
    the threshold (None: unknown), ``expected_review`` of those between the two;
    ``expected_escape`` is the share of real defective ones below T1, and
    ``escape_at_most`` what it may be at 95 % confidence. ``synthetic_…`` say the same
    of ``n_synthetic`` made-up defects, which promise nothing of real ones.
    """

    method: str
    n_good: Annotated[int, Field(ge=1)]
    n_defective: Annotated[int, Field(ge=0)] = 0
    expected_overkill_t1: Annotated[float, Field(ge=0, le=1)] | None = None
    expected_overkill_t2: Annotated[float, Field(ge=0, le=1)] | None = None
    expected_review: Annotated[float, Field(ge=0, le=1)] | None = None
    expected_escape: Annotated[float, Field(ge=0, le=1)] | None = None
    escape_at_most: Annotated[float, Field(ge=0, le=1)] | None = None
    n_synthetic: Annotated[int, Field(ge=0)] = 0
    synthetic_escape: Annotated[float, Field(ge=0, le=1)] | None = None
    synthetic_escape_at_most: Annotated[float, Field(ge=0, le=1)] | None = None
    targets: Targets = Targets()


class DataFingerprint(Strict):
    """What it was trained on: a digest over file digests, and how many images."""

    sha256: Sha256
    n_images: Annotated[int, Field(ge=1)]


class TrainingInfo(Strict):
    """How to make it again."""

    method: str
    seed: int
    options: dict[str, str | int | float | bool] = Field(default_factory=dict)
    tools: dict[str, str] = Field(default_factory=dict)


class ModelManifest(Strict):
    """One trained model with its variants."""

    schema_version: Literal[1] = 1
    category: Name
    version: Name
    task: Literal["anomaly"] = "anomaly"
    labels: list[str] = Field(default_factory=list)
    fixture: FixtureSpec = NoFixture()
    input: InputSpec
    outputs: Annotated[list[OutputSpec], Field(min_length=1)]
    score_is_map_max: bool
    variants: Annotated[list[Variant], Field(min_length=1)]
    threshold_basis: ThresholdBasis
    metrics: dict[str, float] = Field(default_factory=dict)
    data: DataFingerprint
    training: TrainingInfo
    licence: str
    created: str

    @model_validator(mode="after")
    def _consistent(self) -> ModelManifest:
        roles = [o.role for o in self.outputs]
        if roles.count("anomaly_score") != 1 or len(set(roles)) != len(roles):
            raise ValueError("outputs need exactly one anomaly_score and no role twice")
        if self.score_is_map_max and "anomaly_map" not in roles:
            raise ValueError("score_is_map_max needs an anomaly_map output")
        names = [v.name for v in self.variants]
        if len(set(names)) != len(names):
            raise ValueError("two variants have the same name")
        return self

    def variant(self, name: str) -> Variant:
        """Raises PackageError for a variant the package does not hold."""
        for variant in self.variants:
            if variant.name == name:
                return variant
        held = ", ".join(v.name for v in self.variants)
        raise PackageError(f"model {self.title} holds no variant {name!r}, only: {held}")

    @property
    def title(self) -> str:
        return f"{self.category}@{self.version}"

    def model_id(self, variant: str) -> str:
        """``category@version#sha256`` of that variant's file."""
        return f"{self.title}#{self.variant(variant).sha256}"


MOST_SHOWN = 200
"""Characters of a key or a problem that an error shows."""


def parse_manifest(text: str | bytes, where: str) -> ModelManifest:
    """From JSON; raises PackageError naming ``where`` and the first wrong key."""
    try:
        return ModelManifest.model_validate_json(text)
    except ValidationError as error:
        raise PackageError(f"{where}: {first_problem(error)}") from None


def first_problem(error: ValidationError) -> str:
    """A pydantic error as half a line: which key, what is wrong, how many more."""
    problems = error.errors(include_url=False, include_context=False)
    key = ".".join(str(p) for p in problems[0]["loc"]) or "document"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{shortened(key)}: {shortened(problems[0]['msg'])}{more}"


def shortened(text: str) -> str:
    """Keys of a stranger's document, names in their archive, may be as long as the whole of it."""
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"
