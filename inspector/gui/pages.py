"""The table of pages. A page that is not built yet is not in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from inspector.core.roles import Right
from inspector.gui.context import AppContext
from inspector.gui.translate import QT_TRANSLATE_NOOP


class Page(QWidget):
    """Base of every page; all hooks may stay as they are.

    A page is made at its first visit and lives as long as the window. Its timers and
    plots should only work between ``on_shown`` and ``on_hidden``.
    """

    def on_shown(self) -> None:
        """The page came to the front."""

    def on_hidden(self) -> None:
        """Another page came to the front."""

    def close_page(self) -> None:
        """The window closes: stop timers and runs of the page's own, wait for them."""


@dataclass(frozen=True, slots=True)
class PageSpec:
    """``icon`` is a name of `theme.icons`; ``make`` imports the page when it is called.

    ``right``: what one must be allowed to use the page at all.
    """

    id: str
    title: str
    icon: str
    make: Callable[[AppContext], Page]
    right: Right | None = None


def _live(context: AppContext) -> Page:
    from inspector.gui.live.page import LivePage

    return LivePage(context)


def _replay(context: AppContext) -> Page:
    from inspector.gui.replay.page import ReplayPage

    return ReplayPage(context)


def _history(context: AppContext) -> Page:
    from inspector.gui.history.page import HistoryPage

    return HistoryPage(context)


def _models(context: AppContext) -> Page:
    from inspector.gui.models.page import ModelsPage

    return ModelsPage(context)


def _jobs(context: AppContext) -> Page:
    from inspector.gui.jobs.page import JobsPage

    return JobsPage(context)


def _sources(context: AppContext) -> Page:
    from inspector.gui.sources.page import SourcesPage

    return SourcesPage(context)


def _statistics(context: AppContext) -> Page:
    from inspector.gui.statistics.page import StatisticsPage

    return StatisticsPage(context)


PAGES: tuple[PageSpec, ...] = (
    PageSpec("live", QT_TRANSLATE_NOOP("Pages", "Live"), "live", _live),
    PageSpec("replay", QT_TRANSLATE_NOOP("Pages", "Replay"), "replay", _replay),
    PageSpec("statistics", QT_TRANSLATE_NOOP("Pages", "Statistics"), "statistics", _statistics),
    PageSpec("history", QT_TRANSLATE_NOOP("Pages", "History"), "history", _history),
    PageSpec("models", QT_TRANSLATE_NOOP("Pages", "Models"), "models", _models, Right.CHANGE_OVER),
    PageSpec("jobs", QT_TRANSLATE_NOOP("Pages", "Jobs"), "jobs", _jobs, Right.EDIT_JOB),
    PageSpec(
        "sources", QT_TRANSLATE_NOOP("Pages", "Sources"), "sources", _sources, Right.EDIT_SOURCE
    ),
)
