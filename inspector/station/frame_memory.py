"""Where a run's pictures lie: within reach of the GPU, where one judges them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np

from inspector.core.frame import SourceInfo
from inspector.core.inspection import Crop
from inspector.core.protocols import FrameMemory
from inspector.core.recipe import Recipe
from inspector.errors import InferenceError
from inspector.inference.lanes import LANES
from inspector.inference.pinned import LockedMemory
from inspector.inference.predictor import OnnxPredictor
from inspector.inference.providers import why_no_cuda

FRAMES_AT_HAND = 12
"""Of one camera, while they are judged, recorded and shown; 75 MB at 1080p. Where more are held
than that, the next are made smaller by the processor."""


def get_ready(
    memory: FrameMemory, predictor: OnnxPredictor, recipe: Recipe, info: SourceInfo
) -> None:
    """Before the line runs: locking pages takes tens of milliseconds, the first region of a size
    some, in each lane of each size of batches. What is said of a black picture is nobody's
    business; a GPU in trouble shows in ``predictor.degraded``, or in the line's first frame.
    """
    black = memory.kept(np.zeros((info.height, info.width, 3), np.uint8))
    if not predictor.runs_beside:
        return
    for size, region in itertools.product(predictor.sizes, recipe.regions):
        for _ in range(LANES):  # they take turns
            with suppress(InferenceError):
                predictor.predict([Crop(black, region.region) for _ in range(size)])


@contextmanager
def frame_memory(provider: str, most: int) -> Iterator[FrameMemory | None]:
    """None where no GPU will look at them: any memory does.

    Args:
        provider: as ``Execution`` names it.
        most: pictures at a time.
    """
    if not most or provider == "cpu" or why_no_cuda() is not None:
        yield None
        return
    memory = LockedMemory(most)
    try:
        yield memory
    finally:
        memory.close()
