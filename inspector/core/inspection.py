"""What the network said, what was decided of it, and what becomes of a part."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.core.geometry import Affine, Box, Roi


class Verdict(StrEnum):
    """PASS below T1, REVIEW from T1 to below T2, FAIL from T2 on, INVALID if unknown.

    NO_PART stands on frames that show no settled part: it is no verdict, enters no
    statistics and never becomes PASS.
    """

    PASS = "PASS"
    REVIEW = "REVIEW"
    INVALID = "INVALID"
    FAIL = "FAIL"
    NO_PART = "NO_PART"

    @property
    def is_reject(self) -> bool:
        """For the line: everything but PASS is rejected (NO_PART is neither)."""
        return self in _REJECTS


_REJECTS = frozenset({Verdict.REVIEW, Verdict.INVALID, Verdict.FAIL})
NAMED = frozenset({Verdict.REVIEW, Verdict.FAIL})
"""Verdicts that may carry the type of a defect."""
SEVERITY = MappingProxyType(
    {Verdict.PASS: 0, Verdict.REVIEW: 1, Verdict.INVALID: 2, Verdict.FAIL: 3}
)
"""Order in which verdicts outweigh each other when frames or regions join."""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The most severe verdict; INVALID for none (what nobody saw is unknown).

    Raises KeyError for NO_PART, which must not be joined.
    """
    return max(verdicts, key=SEVERITY.__getitem__, default=Verdict.INVALID)


@dataclass(frozen=True, slots=True)
class Crop:
    """What a predictor is asked about: a region of an image.

    Attributes:
        image: uint8 (H, W, 3) BGR, the whole image (not copied).
        roi: the region to look at, None for all of it.
    """

    image: Image
    roi: Roi | None = None

    def pixels(self) -> Image:
        """uint8 (h, w, 3) BGR: a view of the region."""
        if self.roi is None:
            return self.image
        b = self.roi.box
        return self.image[b.y1 : b.y2, b.x1 : b.x2]

    @property
    def offset(self) -> Affine:
        """From region to image coordinates."""
        return Affine.translation(self.roi.x, self.roi.y) if self.roi else Affine.identity()


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the network said of one crop; no threshold in it.

    Attributes:
        score: anomaly score, higher is worse; may be non-finite (then INVALID); NaN
            where the part could not be located.
        anomaly_map: float32 (h, w) on the scale of ``score``, or None.
        class_scores: float32 (k,), or None.
        to_image: from pixels of ``anomaly_map`` to image coordinates.
        model_id: ``category@version#sha256`` of the variant that ran.
        prepare_ms, network_ms: what this crop's share of the call took.
        fault: why there is no answer (the part was not located), None where there is.
        defect_type: the type whose class score is highest, None where the model names none.
    """

    score: float
    anomaly_map: NDArray[np.float32] | None
    class_scores: NDArray[np.float32] | None
    to_image: Affine
    model_id: str
    prepare_ms: float = 0.0
    network_ms: float = 0.0
    fault: str | None = None
    defect_type: str | None = None


@dataclass(frozen=True, slots=True)
class Defect:
    """A connected region of the anomaly map that reaches T1, in image coordinates.

    Attributes:
        box: half-open, image pixels.
        area_px: image pixels (not of the box: of the region itself).
        peak: highest anomaly value in it.
    """

    box: Box
    area_px: float
    peak: float


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds that a frame spent in each stage of the station.

    read (grab and decode), presence, queue (waiting), prepare (fixture, resize),
    network (``session.run``), judge (regions, verdict, parts), age (capture to
    verdict, all of the above and what lies between).
    """

    read: float = 0.0
    presence: float = 0.0
    queue: float = 0.0
    prepare: float = 0.0
    network: float = 0.0
    judge: float = 0.0
    age: float = 0.0


@dataclass(frozen=True, slots=True)
class Inspection:
    """The decision on one region of one frame, as it is recorded.

    ``score`` is NaN where there is none (INVALID and NO_PART). ``reason`` says why
    a verdict is INVALID. ``part_index`` is None outside parts. ``defect_type`` is the
    model's guess, on FAIL and REVIEW only: a part that passed has no defect to name.
    """

    run_id: str
    frame_index: int
    region: str
    verdict: Verdict
    score: float
    defects: tuple[Defect, ...]
    model_id: str
    recipe_id: str
    captured_at: dt.datetime
    part_index: int | None = None
    settled: bool = False
    reason: str | None = None
    timings: Timings = Timings()
    defect_type: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One physical part: counted once, with one verdict, whoever saw it.

    ``first_frame``..``last_frame`` (inclusive) is where presence saw it; ``score``
    the highest finite one of its settled frames (NaN for none); ``frames_settled``
    how many settled frames were captured, ``frames_inspected`` how many of those
    were inspected; ``key_frame`` the frame that decided (None if none was).
    ``latency_ms`` is that frame's from capture to its verdict, NaN without one.
    """

    part_id: str
    run_id: str
    part_index: int
    verdict: Verdict
    score: float
    first_frame: int
    last_frame: int
    frames_settled: int
    frames_inspected: int
    key_frame: int | None
    defects: tuple[Defect, ...]
    model_id: str
    recipe_id: str
    started_at: dt.datetime
    finished_at: dt.datetime
    reason: str | None = None
    defect_type: str | None = None
    latency_ms: float = math.nan
