"""What the live page distinguishes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RunState(StrEnum):
    """NONE: nothing was started yet. LOST: running without a camera. FAILED: ended by an
    error."""

    NONE = "none"
    STARTING = "starting"
    RUNNING = "running"
    LOST = "lost"
    STOPPING = "stopping"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Choice:
    """A product to choose; ``problem`` says why it cannot be."""

    id: str
    name: str
    problem: str | None = None
