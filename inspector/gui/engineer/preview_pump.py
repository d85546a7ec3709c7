"""Pulls a preview at the screen's own rate, and ends it without holding the window up."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from inspector.core.protocols import FrameSource
from inspector.gui.work import Done, Outcome, WorkRunner
from inspector.sources.preview import Preview, PreviewState, PreviewView

PULL_MS = 40


class PreviewPump(QObject):
    """At most one preview at a time; ``view_pulled`` carries its newest `PreviewView`."""

    view_pulled = Signal(object)
    stopped = Signal()

    def __init__(self, work: WorkRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._preview: Preview | None = None
        self._ending: list[Preview] = []
        self._timer = QTimer(self)
        self._timer.setInterval(PULL_MS)
        self._timer.timeout.connect(self.pull)

    @property
    def is_on(self) -> bool:
        """Whether one is opening or showing."""
        return self._timer.isActive()

    @property
    def view(self) -> PreviewView | None:
        """As last pulled."""
        return self._preview.view if self._preview is not None else None

    def start(self, make_source: Callable[[], FrameSource]) -> None:
        """Ends the one before; a device that both use is free by then or refuses."""
        self.stop()
        before, self._ending = self._ending, []

        def after_the_one_before() -> FrameSource:
            for preview in before:
                preview.join()
            return make_source()

        self._preview = Preview(after_the_one_before)
        self._preview.start()
        self._timer.start()
        self.pull()

    def pull(self) -> None:
        """Called by the timer, or by a test."""
        if self._preview is None:
            return
        view = self._preview.view
        if view.state in (PreviewState.FAILED, PreviewState.ENDED):
            self._timer.stop()
        self.view_pulled.emit(view)

    def stop(self) -> None:
        """Asks it to end; the thread is waited for elsewhere."""
        self._timer.stop()
        preview, self._preview = self._preview, None
        if preview is None:
            return
        preview.stop()
        self._ending.append(preview)
        self._work.submit(lambda job: preview.join(), lambda outcome: self._gone(preview, outcome))
        self.stopped.emit()

    def close(self) -> None:
        """With the window: waits, a second at most."""
        self.stop()
        for preview in self._ending:
            preview.join()
        self._ending.clear()

    def _gone(self, preview: Preview, outcome: Outcome[bool]) -> None:
        if isinstance(outcome, Done) and preview in self._ending:
            self._ending.remove(preview)
