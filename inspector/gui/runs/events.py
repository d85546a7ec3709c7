"""What a run tells the screen: pictures with their findings, parts, outages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from inspector.core.frame import Frame
from inspector.core.geometry import Box, bounding_box
from inspector.core.inspection import Inspection, Part, Prediction, Verdict
from inspector.core.recipe import Recipe


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A picture and what was decided of that same picture: never one without the other.

    Attributes:
        frame: as it was inspected.
        verdict: of the frame; NO_PART where no settled part is in it.
        inspections, predictions: one each a region of ``recipe``.
    """

    frame: Frame
    verdict: Verdict
    inspections: tuple[Inspection, ...]
    predictions: tuple[Prediction | None, ...]
    recipe: Recipe

    @property
    def region(self) -> Box | None:
        """Around all inspected regions; None for the whole picture."""
        rois = [spec.region for spec in self.recipe.regions]
        known = [roi.box for roi in rois if roi is not None]
        return bounding_box(known) if len(known) == len(rois) else None


@dataclass(frozen=True, slots=True, eq=False)
class PartEvent:
    """A finished and recorded part, with the picture that decided it.

    ``shown`` is None where there is none: nobody inspected the part, or so many parts
    wait for the screen that their pictures were let go (the part itself never is).
    """

    part: Part
    shown: Shown | None


@dataclass(frozen=True, slots=True)
class RunEvent:
    """``source_lost``, ``source_back`` or trouble with a GPU, with what was said of it."""

    kind: str
    detail: str
    at: dt.datetime
