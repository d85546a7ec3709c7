"""Where a run's pictures lie: within reach of the GPU, where one judges them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from inspector.core.protocols import FrameMemory
from inspector.inference.pinned import LockedMemory
from inspector.inference.providers import why_no_cuda

FRAMES_AT_HAND = 12
"""Of one camera, while they are judged, recorded and shown; 75 MB at 1080p. Where more are held
than that, the next are made smaller by the processor."""


@contextmanager
def frame_memory(provider: str, most: int = FRAMES_AT_HAND) -> Iterator[FrameMemory | None]:
    """None where no GPU will look at them: any memory does.

    Args:
        provider: as ``Execution`` names it, or ONNX Runtime.
        most: pictures at a time.
    """
    if provider.lower().startswith("cpu") or why_no_cuda() is not None:
        yield None
        return
    memory = LockedMemory(most)
    try:
        yield memory
    finally:
        memory.close()
