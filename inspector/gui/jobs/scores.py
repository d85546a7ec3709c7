"""The scores under the threshold lines: recorded ones, and those of the running line."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from inspector.core.recipe import Recipe
from inspector.core.whatif import Expectation, ScoreBook, ScoredPart
from inspector.gui.context import AppContext
from inspector.gui.jobs.desk import JobDesk, Scores
from inspector.gui.jobs.expectation import percent
from inspector.gui.runs.events import PartEvent
from inspector.gui.work import Done, Outcome

MOST_LIVE = 20_000


class ScoreSource(QObject):
    """``changed`` where there are other scores; at most four times a second."""

    changed = Signal()

    def __init__(self, context: AppContext, desk: JobDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context, self._desk = context, desk
        self._model = ""
        self._held = Scores(())
        self._live: list[ScoredPart] = []
        self._stale = False
        self.book = ScoreBook(())
        context.runs.part_finished.connect(self._on_part)
        context.runs.status_pulled.connect(lambda status: self._draw())

    def load(self, model_sha256: str) -> None:
        """Of the parts that this model judged; nothing is read twice for the same one."""
        if model_sha256 == self._model:
            return
        self._model = model_sha256
        self._held, self._live = Scores(()), []
        self._rebuild()
        self._context.work.submit(
            lambda job: self._desk.scores(model_sha256), self._on_scores, key="scores"
        )

    def expect(self, t1: float, t2: float) -> Expectation | None:
        """None where no score is known."""
        return self.book.expect(t1, t2) if len(self.book) else None

    def basis(self, recipe: Recipe | None) -> str:
        """Where the scores come from, in words, and where they say less than it seems: with
        masks or a least area the score itself depends on T1, and with k of n a part may
        pass although its worst frame, whose score this is, does not.
        """
        n, known = len(self.book), len(self.book.good) + len(self.book.bad)
        words = []
        if n:
            words.append(
                self.tr("%1 parts that this model has judged, of %2 of them the truth is known.")
                .replace("%1", f"{n:,}")
                .replace("%2", f"{known:,}")
            )
        else:
            words.append(self.tr("No part was judged by this model yet: run it, then set T1."))
        if n and recipe is not None and recipe.needs_map:
            words.append(self.tr("With masks or a least area this is an estimate."))
        if n and recipe is not None and recipe.parts.rule == "k_of_n":
            words.append(
                self.tr("Frames join by k of n: more bad parts may pass than their scores say.")
            )
        if self._held.overkill_t1 is not None:
            words.append(
                self.tr("Its package expects %1 overkill at its own T1, from %2 held-out good.")
                .replace("%1", percent(self._held.overkill_t1))
                .replace("%2", f"{self._held.n_held_out:,}")
            )
        return " ".join(words)

    def _on_scores(self, outcome: Outcome[Scores]) -> None:
        if isinstance(outcome, Done):
            self._held, self._live = outcome.value, []
            self._rebuild()

    def _on_part(self, event: PartEvent) -> None:
        if self._model and event.part.model_id.endswith(self._model):
            self._live = self._live[-MOST_LIVE:]
            self._live.append(ScoredPart(event.part.score))
            self._stale = True

    def _draw(self) -> None:
        if self._stale:
            self._rebuild()

    def _rebuild(self) -> None:
        self._stale = False
        self.book = ScoreBook((*self._held.parts, *self._live))
        self.changed.emit()
