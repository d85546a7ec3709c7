"""Hot swap: a package is loaded and checked beside the running line, then takes over."""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from inspector.core.execution import Execution
from inspector.core.protocols import Predictor
from inspector.core.recipe import Recipe
from inspector.engine.changeover import Changeover, InForce, Takeover
from inspector.engine.pipeline import Pipeline
from inspector.errors import InspectorError, StateError
from inspector.inference.predictor import OnnxPredictor, open_predictor
from inspector.station.audit_log import Change
from inspector.station.recipes import carried_over, check_map, check_taught, variant_of


class Changeovers:
    """Of one run: loads, hands over, and keeps the one before for the way back.

    Its methods may be called from any thread but not from the pipeline's own. At most
    three models are held: the one in force, the one before, the one that waits.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        require_gpu: bool = False,
        threads: int | None = None,
        execution: Execution | None = None,
        on_event: Callable[[str, str], None] = lambda kind, detail: None,
    ) -> None:
        self._pipeline = pipeline
        self._require_gpu = require_gpu
        self._threads = threads
        self._execution = execution
        self._on_event = on_event
        self._lock = threading.Lock()
        self._current = pipeline.in_force
        self._previous: InForce | None = None
        self._waiting: Changeover | None = None
        self._freed: weakref.WeakSet[Predictor] = weakref.WeakSet()

    @property
    def in_force(self) -> InForce:
        """What judges now."""
        return self._pipeline.in_force

    @property
    def previous(self) -> InForce | None:
        """Still loaded: ``back`` needs no loading."""
        return self._previous

    @property
    def waiting(self) -> Changeover | None:
        """Asked for, but no gap between two parts has come yet."""
        return self._waiting

    def load(
        self, package: Path, recipe: Recipe | None = None, *, variant: str | None = None
    ) -> InForce:
        """Loads, warms up and golden-checks a package while the line goes on; takes seconds.

        Without a recipe, the one in force is carried over with the thresholds that the
        package proposes. What it returns belongs to the caller until ``take_over``.

        Raises PackageError, ProviderError, RecipeMismatchError, ConfigError; the model in
        force goes on judging, and the refusal is an event of the run.
        """
        try:
            predictor = open_predictor(
                package,
                variant=variant or variant_of(recipe, package),
                require_gpu=self._require_gpu,
                threads=self._threads,
                execution=self._execution,
                most=len((recipe or self.in_force.recipe).regions),
            )
            try:
                predictor.listen(self._on_event)
                return InForce(predictor, self._recipe(recipe, predictor))
            except BaseException:
                predictor.close()
                raise
        except InspectorError as error:
            self._on_event("changeover_refused", str(error))
            raise

    def with_recipe(self, recipe: Recipe) -> InForce:
        """The model in force under another recipe: nothing needs loading.

        Raises RecipeMismatchError, ConfigError.
        """
        in_force = self.in_force
        recipe.check_model(in_force.model_id)
        check_taught(recipe)
        check_map(recipe, _loaded(in_force))
        return InForce(in_force.predictor, recipe)

    def _recipe(self, recipe: Recipe | None, predictor: OnnxPredictor) -> Recipe:
        if recipe is None:
            return carried_over(self.in_force.recipe, predictor)
        recipe.check_model(predictor.model_id)
        check_taught(recipe)
        check_map(recipe, predictor)
        return recipe

    def take_over(self, new: InForce, *, who: str, reason: str) -> Future[Takeover]:
        """Returns at once; the future is done when the new model judges.

        It may be cancelled until then. Raises ConfigError without a name or a reason or
        for a region outside the pictures, StateError where the run has ended or another
        changeover waits; ``new`` is closed then, unless it is the one before.
        """
        changeover = Changeover(new.predictor, new.recipe, who, reason)
        try:
            Change(who, "changeover", None, None, reason)
            self._ask(changeover)
        except InspectorError:
            self._close_unless_held(new)
            raise
        changeover.outcome.add_done_callback(lambda outcome: self._ended(changeover, new))
        return changeover.outcome

    def _ask(self, changeover: Changeover) -> None:
        """One at a time, until it judges: what comes after it would not find the models
        held that were held when it was asked for.
        """
        with self._lock:
            if self._waiting is not None:
                raise StateError(
                    "another changeover waits for a gap between two parts: cancel it first"
                )
            if changeover.predictor in self._freed:
                raise StateError("that model was let go meanwhile: load it again")
            self._pipeline.change_over(changeover)
            self._waiting = changeover

    def back(self, *, who: str, reason: str) -> Future[Takeover]:
        """To the model and recipe before, which are still loaded; as ``take_over``."""
        previous = self._previous
        if previous is None:
            raise StateError("there is no model before this one in this run")
        return self.take_over(previous, who=who, reason=reason)

    def _ended(self, changeover: Changeover, new: InForce) -> None:
        """On the inspection thread after a takeover, else where it was cancelled."""
        with self._lock:
            if self._waiting is changeover:
                self._waiting = None
            outcome = changeover.outcome
            if outcome.cancelled() or outcome.exception() is not None:
                former: InForce | None = new
            else:
                former, self._previous, self._current = self._previous, self._current, new
            # before anybody can ask for it once more
            if former is not None and not self._holds(former.predictor):
                self._freed.add(former.predictor)
        if former is not None:
            self._close_unless_held(former)

    def _close_unless_held(self, former: InForce) -> None:
        with self._lock:
            held = self._holds(former.predictor)
        if not held:
            former.predictor.close()

    def _holds(self, predictor: Predictor) -> bool:
        held = (self._current, self._previous, self._waiting)
        return any(h is not None and h.predictor is predictor for h in held)

    def stop_listening(self) -> None:
        """Trouble with a GPU is no event of this run any more."""
        with self._lock:
            held = [self._current, self._previous, self._waiting]
        for one in held:
            if one is not None and isinstance(one.predictor, OnnxPredictor):
                one.predictor.stop_listening()

    def close(self) -> None:
        """Frees every model, after the run's end. Idempotent."""
        with self._lock:
            held = [self._current, self._previous]
            self._previous = None
            waiting, self._waiting = self._waiting, None
        for one in (*held, waiting):
            if one is not None:
                one.predictor.close()


def _loaded(in_force: InForce) -> OnnxPredictor:
    if not isinstance(in_force.predictor, OnnxPredictor):
        raise StateError(f"model {in_force.model_id}: not of a package, so its map is unknown")
    return in_force.predictor


def takeover_change(takeover: Takeover) -> Change:
    """As the audit keeps it."""
    return Change(
        who=takeover.who,
        what="changeover",
        old=_named(takeover.before_model_id, takeover.before_recipe),
        new=_named(takeover.model_id, takeover.recipe),
        reason=takeover.reason,
    )


def takeover_events(takeover: Takeover) -> list[tuple[str, str]]:
    """As the run keeps it: a line for people, and the whole recipe, which must be readable
    when its file is long gone.
    """
    line = (
        f"from frame {takeover.first_frame} on {_named(takeover.model_id, takeover.recipe)} "
        f"instead of {_named(takeover.before_model_id, takeover.before_recipe)}; "
        f"{takeover.who}: {takeover.reason}"
    )
    recipe = json.dumps(takeover.recipe.model_dump(mode="json"), sort_keys=True)
    return [("changeover", line), ("recipe", recipe)]


def _named(model_id: str, recipe: Recipe) -> str:
    title, _, sha256 = model_id.partition("#")
    return f"{title} ({sha256[:12]}…) by recipe {recipe.name!r} ({recipe.recipe_id[:12]}…)"
