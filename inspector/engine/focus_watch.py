"""Tells a camera out of focus from another scene, by what this run has shown before."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import TypeAlias

from inspector.core.frame import Image
from inspector.core.inspection import Crop
from inspector.core.recipe import Recipe
from inspector.vision.quality import detail

LEARNT_FROM = 20
"""Pictures of parts at rest, a region."""
BLURRED, MOST_RATIO = 0.6, 1.0
"""Of the learnt ratio (0.4 to 0.6 in very different footage), and no more than so much of it:
fine print is not on every part. A blur of 3 pixels at 720p leaves 0.3 to 0.5 of it.
"""
LEAST_SIDE, LEAST_STRUCTURE = 128, 10.0
"""Smaller or plainer pictures cannot tell: there the sensor's noise is all there is to see."""
RICH = 4.0
"""Times that much structure in every part learnt from: one without any is blurred, too."""
DECLARED_FRAMES = 3

Detail: TypeAlias = tuple[float, float] | None
"""Fine and coarse, as `quality.detail` gives them; None for a picture too small to tell."""


class FocusWatch:
    """Follows the pictures of parts at rest (one thread, but for ``measured``).

    A blur takes much of the fine detail and little of the coarse one, whatever the scene:
    the share of the two is learnt from the first pictures of a run. So a camera that is out
    of focus from the start is not seen, nor one whose every frame is a part and may show
    anything. ``on_loss(what)`` and ``on_return()`` are called on the caller's thread.
    """

    def __init__(
        self, recipe: Recipe, on_loss: Callable[[str], None], on_return: Callable[[], None]
    ) -> None:
        self._watches = recipe.parts.mode != "frame"
        self._regions = [_Region() for _ in recipe.regions]
        self._on_loss = on_loss
        self._on_return = on_return
        self._blurred = 0

    def measured(self, crops: Sequence[Crop]) -> tuple[Detail, ...]:
        """Of each region, for ``check``; from any thread, in any order. Empty: not asked for."""
        return tuple(_measured(crop.pixels()) for crop in crops) if self._watches else ()

    def check(self, details: Sequence[Detail]) -> list[str | None]:
        """Why a region cannot be judged by, frame by frame, in their order; empty for none."""
        if not details:
            return []
        found = [r.problem(seen) for r, seen in zip(self._regions, details, strict=True)]
        worst = next((what for what in found if what is not None), None)
        self._note(worst)
        return found

    def _note(self, what: str | None) -> None:
        before, self._blurred = self._blurred, self._blurred + 1 if what else 0
        if what and self._blurred == DECLARED_FRAMES:
            self._on_loss(what)
        elif before >= DECLARED_FRAMES and not what:
            self._on_return()

    def end(self) -> None:
        """Another recipe takes over, and learns anew."""
        self._note(None)


def _measured(picture: Image) -> Detail:
    return detail(picture) if min(picture.shape[:2]) >= LEAST_SIDE else None


class _Region:
    def __init__(self) -> None:
        self._seen: list[tuple[float, float]] = []
        self._least_ratio = 0.0
        self._is_rich = False

    def problem(self, seen: Detail) -> str | None:
        if seen is None:
            return None
        fine, coarse = seen
        if len(self._seen) < LEARNT_FROM:
            self._learn(fine, coarse)
            return None
        if coarse < LEAST_STRUCTURE:
            return "out of focus: no detail left" if self._is_rich else None
        ratio = fine / coarse
        if ratio >= self._least_ratio:
            return None
        return f"out of focus: fine detail {ratio:.2g} of coarse, below {self._least_ratio:.2g}"

    def _learn(self, fine: float, coarse: float) -> None:
        if coarse < LEAST_STRUCTURE:
            return
        self._seen.append((fine / coarse, coarse))
        if len(self._seen) == LEARNT_FROM:
            ratios, structures = zip(*self._seen, strict=True)
            usual = statistics.quantiles(ratios, n=10)[0]
            self._least_ratio = BLURRED * min(MOST_RATIO, usual)
            self._is_rich = min(structures) >= RICH * LEAST_STRUCTURE
