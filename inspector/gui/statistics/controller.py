"""Asks the record now and then, off the GUI thread, and gives the view what it says."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from inspector.core.trend import By
from inspector.gui.context import AppContext
from inspector.gui.statistics.exporting import Exporting
from inspector.gui.statistics.view import StatisticsView
from inspector.gui.statistics.words import Span
from inspector.gui.work import Done, Failed, Job, Outcome
from inspector.station.statistics.gather import Change, Question, Statistics, gather_news
from inspector.store.part_filter import PartFilter

KEY = "statistics"
POLL_MS = 2000
REST = 10
"""Times as long as counting took it rests: a long record must not take the line's processor."""
RENEW_EVERY = 30
"""Polls after which all is counted again although nothing came: time itself moves on."""


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """``found`` None with a record: nothing new."""

    found: Statistics | None
    has_record: bool
    seconds: float = 0.0


class StatisticsController(QObject):
    """One question at a time; asks only while the page is shown."""

    def __init__(self, context: AppContext, view: StatisticsView) -> None:
        super().__init__(view)
        self._context, self._view = context, view
        self._known: Change | None = None
        self._polls = 0
        self._asking = False
        self.exporting = Exporting(context, view, self.question)
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.poll)
        view.question_changed.connect(self.ask_anew)
        view.live_wanted.connect(lambda: context.open_page("live"))

    @property
    def is_live(self) -> bool:
        """Whether it looks for new parts."""
        return self._timer.isActive()

    def show(self) -> None:
        """The page came to the front."""
        self._timer.start()
        self.ask_anew()

    def hide(self) -> None:
        """Another page came to the front."""
        self._timer.stop()

    def question(self) -> Question:
        """As it is chosen now."""
        view, now = self._view, dt.datetime.now(dt.UTC)
        job = view.job.currentData()
        wanted = PartFilter(
            since=Span(view.span.currentData()).since(now), jobs=() if job is None else (job,)
        )
        return Question(wanted=wanted, by=By(view.by.currentData()))

    def ask_anew(self) -> None:
        """Counts all again; an answer to an older question will not be shown."""
        self._known, self._polls = None, 0
        self._ask()

    def poll(self) -> None:
        """Counts again where something was recorded since."""
        self._polls += 1
        if self._asking:
            return
        if self._polls % RENEW_EVERY == 0:
            self._known = None
        self._ask()

    def _ask(self) -> None:
        path, question, known = self._context.paths.db, self.question(), self._known
        self._asking = True
        self._context.work.submit(
            lambda job: _answer(path, question, known, job), self._on_answer, key=KEY
        )

    def _on_answer(self, outcome: Outcome[_Answer]) -> None:
        self._asking = False
        if isinstance(outcome, Failed):
            self._timer.stop()
            self._context.report(outcome.error, key=KEY)
            self._view.set_empty(
                self.tr("The record cannot be read"),
                self.tr("Details are in the notice above. Open this page again to retry."),
                offer_live=False,
            )
        elif isinstance(outcome, Done):
            self._show_answer(outcome.value)

    def _show_answer(self, answer: _Answer) -> None:
        found = answer.found
        if not answer.has_record:
            self._view.set_empty(
                self.tr("Nothing has been inspected yet"),
                self.tr("Start a job: yields and charts appear with the first parts."),
                offer_live=True,
            )
        elif found is not None:
            self._timer.setInterval(pause_ms(answer.seconds))
            self._known = found.change
            self._view.set_jobs(found.jobs)
            if found.total.total:
                self._view.set_statistics(found)
            else:
                self._show_no_parts(found)

    def _show_no_parts(self, found: Statistics) -> None:
        if found.question.wanted.is_empty:
            title = self.tr("Nothing has been inspected yet")
            advice = self.tr("Start a job: yields and charts appear with the first parts.")
        else:
            title = self.tr("No part was finished in this time")
            advice = self.tr("Choose a longer time or another job above.")
        self._view.set_empty(title, advice, offer_live=found.question.wanted.is_empty)


def _answer(path: Path | None, question: Question, known: Change | None, job: Job) -> _Answer:
    """Off the GUI thread."""
    if path is None or not path.is_file():
        return _Answer(None, has_record=False)
    begin = time.monotonic()
    found = gather_news(path, question, known, step=lambda share: job.check())
    return _Answer(found, has_record=True, seconds=time.monotonic() - begin)


def pause_ms(seconds: float) -> int:
    """Until the next look, after counting took so long."""
    return max(POLL_MS, round(1000 * REST * seconds))
