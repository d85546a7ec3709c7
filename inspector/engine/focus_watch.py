"""Tells a camera out of focus from another scene, by what this run has shown before."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from inspector.core.frame import Image, SourceInfo
from inspector.core.inspection import Crop
from inspector.core.recipe import Recipe
from inspector.engine.focus_memory import FocusMemory, Measured, Place, Sharp
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
EVERY = 3
"""Of a part's pictures the first is measured and each third after it: a measure costs 0.2 to
0.5 ms. A lens that slips between two of them has shown the part sharp before, and that frame
counts; where frames vote (``k_of_n``) every one is measured.
"""


class FocusWatch:
    """Follows the pictures of parts at rest (one thread).

    A blur takes much of the fine detail and little of the coarse one, whatever the scene:
    the share of the two is learnt from the first pictures of a run, and by ``memory`` from the
    runs before it. So a camera that was never in focus is not seen, nor one whose every frame is
    a part and may show anything. No part is judged by the measure of another: a sharp picture
    speaks for the next two of the same part. The first twenty pictures, and all after a blurred
    one, are measured.
    ``on_loss(what)`` and ``on_return()`` are called on the caller's thread.
    """

    def __init__(
        self,
        recipe: Recipe,
        on_loss: Callable[[str], None],
        on_return: Callable[[], None],
        *,
        info: SourceInfo,
        product: str,
        memory: FocusMemory,
    ) -> None:
        self._watches = recipe.parts.mode != "frame"
        self._every = EVERY if recipe.parts.rule == "worst" else 1
        self._regions = [
            _Region(Place.of(info, product, region.region), memory) for region in recipe.regions
        ]
        self._nothing: list[str | None] = [None for _ in recipe.regions]
        self._found = self._nothing
        self._on_loss = on_loss
        self._on_return = on_return
        self._blurred = 0
        self._part: int | None = None
        self._measured = 0
        self._since = 0

    def check(self, part: int | None, crops: Sequence[Crop]) -> list[str | None]:
        """Why each region cannot be judged by; of the next picture of a part at rest."""
        if not self._watches:
            return self._nothing
        self._since += 1
        if self._is_due(part):
            self._part, self._since = part, 0
            self._measure(crops)
        return self._found

    def _is_due(self, part: int | None) -> bool:
        learning = self._measured < LEARNT_FROM
        return learning or self._blurred > 0 or part != self._part or self._since >= self._every

    def _measure(self, crops: Sequence[Crop]) -> None:
        self._measured += 1
        self._found = [
            region.problem(crop.pixels()) for region, crop in zip(self._regions, crops, strict=True)
        ]
        self._note(next((what for what in self._found if what is not None), None))

    def _note(self, what: str | None) -> None:
        before, self._blurred = self._blurred, self._blurred + 1 if what else 0
        if what and self._blurred == DECLARED_FRAMES:
            self._on_loss(what)
        elif before >= DECLARED_FRAMES and not what:
            self._on_return()

    def end(self) -> None:
        """Another recipe takes over: whoever watches by that declares anew what it finds."""
        self._note(None)


class _Region:
    def __init__(self, place: Place, memory: FocusMemory) -> None:
        self._place, self._memory = place, memory
        self._seen: list[Measured] | None = memory.begun(place)
        self._sharp = memory.recall(place)

    def problem(self, picture: Image) -> str | None:
        if min(picture.shape[:2]) < LEAST_SIDE:
            return None
        fine, coarse = detail(picture)
        found = self._compared(fine, coarse)
        if self._seen is not None and coarse >= LEAST_STRUCTURE:
            self._seen.append((fine / coarse, coarse))
            self._learn(self._seen)
        return found

    def _compared(self, fine: float, coarse: float) -> str | None:
        if coarse < LEAST_STRUCTURE:
            return "out of focus: no detail left" if self._sharp.is_rich else None
        ratio, least = fine / coarse, self._sharp.least_ratio
        if ratio >= least:
            return None
        return f"out of focus: fine detail {ratio:.2g} of coarse, below {least:.2g}"

    def _learn(self, seen: Sequence[Measured]) -> None:
        if len(seen) < LEARNT_FROM:
            return
        ratios, structures = zip(*seen, strict=True)
        usual = statistics.quantiles(ratios, n=10)[0]
        learnt = Sharp(BLURRED * min(MOST_RATIO, usual), min(structures) >= RICH * LEAST_STRUCTURE)
        self._sharp, self._seen = self._memory.keep(self._place, learnt), None
