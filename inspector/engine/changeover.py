"""A changeover: another model and recipe take over between two parts, the line goes on.

Whether a part is in view is known on the capture thread alone, where every frame passes.
There the request is taken, and a mark is put between the frames: what lies before it is
judged by the old model and recipe, what comes after it by the new, and no part has
frames on both sides.
"""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from inspector.core.protocols import Predictor
from inspector.core.recipe import Recipe
from inspector.errors import StateError


@dataclass(frozen=True, slots=True, eq=False)
class InForce:
    """The model and the recipe that judge."""

    predictor: Predictor
    recipe: Recipe

    @property
    def model_id(self) -> str:
        return self.predictor.model_id


@dataclass(frozen=True, slots=True)
class Takeover:
    """That a changeover happened: from ``first_frame`` on the new model and recipe judge."""

    first_frame: int
    at: dt.datetime
    model_id: str
    recipe: Recipe
    before_model_id: str
    before_recipe: Recipe
    who: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Changeover:
    """A request, on whose word and why.

    ``outcome`` is done once the new model judges; it may be cancelled until then, and
    ends in StateError where the run ends first. ``predictor`` is loaded, warmed up and
    golden-checked; who made it closes it.
    """

    predictor: Predictor
    recipe: Recipe
    who: str
    reason: str
    outcome: Future[Takeover] = field(default_factory=Future)


@dataclass(frozen=True, slots=True, eq=False)
class ChangeoverMark:
    """Stands in the channel between the last frame of the old and the first of the new."""

    changeover: Changeover
    first_frame: int
    at: dt.datetime


class ChangeoverSlot:
    """Where one changeover waits for the next gap between two parts; any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Changeover | None = None
        self._taken: list[Changeover] = []
        self._closed = False

    def put(self, changeover: Changeover) -> None:
        """Raises StateError where another one still waits, and after ``close``."""
        with self._lock:
            if self._closed:
                raise StateError("the run has ended: start the next one with the other model")
            if self._waiting is not None and not self._waiting.outcome.done():
                raise StateError(
                    "another changeover waits for a gap between two parts: cancel it first"
                )
            self._waiting = changeover

    def take(self) -> Changeover | None:
        """The one that waits, once; it cannot be cancelled any more."""
        with self._lock:
            asked, self._waiting = self._waiting, None
            if asked is None or not asked.outcome.set_running_or_notify_cancel():
                return None
            # those that are done are their makers' again: their memory must not stay
            self._taken = [c for c in self._taken if not c.outcome.done()] + [asked]
            return asked

    def close(self) -> None:
        """The run has ended, its threads too: what waits will not come. Idempotent."""
        with self._lock:
            self._closed = True
            left = [c for c in self._taken if not c.outcome.done()]
            waiting, self._taken, self._waiting = self._waiting, [], None
        if waiting is not None and waiting.outcome.set_running_or_notify_cancel():
            left.append(waiting)
        for changeover in left:
            changeover.outcome.set_exception(
                StateError("the run ended before a gap between two parts came")
            )
