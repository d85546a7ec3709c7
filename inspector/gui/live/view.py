"""What the operator sees; passive: setters in, intentions out."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from inspector.core.inspection import Part, Verdict
from inspector.gui.live.look import PartLook
from inspector.gui.live.state import Choice, RunState
from inspector.gui.overlay import OverlayOptions
from inspector.gui.runs.events import PartEvent, Shown
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.counters import Counters
from inspector.gui.widgets.fail_strip import FailStrip
from inspector.gui.widgets.picture import PictureView
from inspector.gui.widgets.state_label import StateLabel
from inspector.gui.widgets.verdict import Past, VerdictBanner, verdict_word

ROOM_FOR_REJECTED, ROOM_FOR_COUNTERS = 500, 370
"""Heights of the page, px, below which it does without."""
_TONES = {
    RunState.STARTING: "busy",
    RunState.RUNNING: "good",
    RunState.LOST: "danger",
    RunState.STOPPING: "busy",
    RunState.FAILED: "danger",
}


_ACTIVE = (RunState.STARTING, RunState.RUNNING, RunState.LOST, RunState.STOPPING)


class LiveView(QWidget):
    """The operator's start-up page."""

    start_wanted = Signal()
    stop_wanted = Signal()
    job_chosen = Signal(str)
    part_chosen = Signal(object)
    back_wanted = Signal()

    def __init__(self, theme: Theme, overlay: OverlayOptions) -> None:
        super().__init__()
        self._theme = theme
        self.banner = VerdictBanner(theme)
        self.banner.set_empty(self.tr("No part inspected yet"))
        self.part_picture = PictureView(theme, overlay, follow_region=True)
        self.live_picture = PictureView(theme, overlay, follow_region=False)
        self.counters = Counters(theme)
        self.fails = FailStrip(theme, overlay)
        self.fails.chosen.connect(self.part_chosen)
        self.look = PartLook(theme, overlay)
        self.look.back_wanted.connect(self.back_wanted)
        self._places = QStackedWidget()
        self._looked_at = ""
        self._jobs = self._job_box()
        self._state = StateLabel()
        self._start = self._button(self.tr("Start"), "primary", self.start_wanted.emit)
        self._stop = self._button(self.tr("Stop"), "", self.stop_wanted.emit)
        self._lay_out()
        # smaller than its content wants: what is least needed gives way
        self.setMinimumSize(500, 280)
        self._dress()
        theme.changed.connect(self._dress)
        self.set_state(RunState.NONE)

    # what the controller sets

    def set_choices(self, choices: Sequence[Choice], chosen: str) -> None:
        """Products by name; a choice with a problem is shown, and cannot be chosen."""
        self._jobs.blockSignals(True)
        self._jobs.clear()
        for index, choice in enumerate(choices):
            self._jobs.addItem(choice.name, choice.id)
            if choice.problem:
                self._jobs.setItemData(index, choice.problem, Qt.ItemDataRole.ToolTipRole)
                self._jobs.setItemData(index, 0, Qt.ItemDataRole.UserRole - 1)
        self._jobs.setCurrentIndex(self._jobs.findData(chosen))
        self._jobs.setPlaceholderText(self.tr("No product"))
        self._jobs.blockSignals(False)

    def set_state(self, state: RunState, *, can_start: bool = False) -> None:
        active = state in _ACTIVE
        self._start.setEnabled(can_start and not active)
        self._stop.setEnabled(active and state is not RunState.STOPPING)
        self._jobs.setEnabled(not active)
        self._state.set_state(self._state_words()[state], _TONES.get(state, ""))
        picture, icon = self._picture_words(state)
        self.live_picture.set_empty(picture, icon)

    def set_part(self, event: PartEvent | None) -> None:
        """The last finished part and its own picture, until the next one is finished."""
        if event is None:
            self.banner.set_verdict(None)
            self.part_picture.set_shown(None)
            self.part_picture.set_empty(self.tr("The last part's picture stands here"), "camera")
            return
        self.banner.set_verdict(event.part.verdict, self._facts(event.part))
        self.part_picture.set_empty(self._why_no_picture(event.part), "details")
        self.part_picture.set_shown(event.shown)

    def set_past(self, past: Past | None) -> None:
        """The last part's verdict does not speak for the line as it is now."""
        self.banner.set_past(past)

    def set_live(self, shown: Shown | None) -> None:
        self.live_picture.set_shown(shown)

    def set_stale(self, seconds: float | None) -> None:
        """None: the picture is fresh."""
        note = "" if seconds is None else self.tr("STALE %1 s").replace("%1", f"{seconds:.0f}")
        self.live_picture.set_note(note)

    def set_counts(self, counts: Mapping[Verdict, int]) -> None:
        self.counters.set_counts(counts)

    def add_rejected(self, event: PartEvent) -> None:
        self.fails.add(event)

    def clear_rejected(self) -> None:
        self.fails.clear()

    def look_at(self, event: PartEvent) -> None:
        """In the place of the last part's picture; the banner stays the line's."""
        part = event.part
        number, *facts = self._facts(part)
        title = f"{self.tr('Rejected earlier')}: {number}, {verdict_word(part.verdict)}"
        self.look.set_part(part.verdict, title, facts, event.shown)
        self._looked_at = part.part_id
        self._places.setCurrentWidget(self.look)
        self.look.back.setFocus()

    def end_look(self) -> None:
        """The keyboard goes back to where it came from, if it was in the look."""
        if not self.is_looking:
            return
        had_keyboard = self.look.isAncestorOf(self.focusWidget() or self)
        self._places.setCurrentWidget(self.part_picture)
        self.look.picture.set_shown(None)
        if had_keyboard and not self.fails.focus_on(self._looked_at):
            (self._stop if self._stop.isEnabled() else self._start).setFocus()

    @property
    def is_looking(self) -> bool:
        return self._places.currentWidget() is self.look

    # how it is laid out

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(12)
        layout.addLayout(self._header())
        middle = QHBoxLayout()
        middle.setSpacing(12)
        middle.addLayout(self._part_column(), 62)
        middle.addLayout(self._side_column(), 38)
        layout.addLayout(middle, 1)

    def _header(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._jobs)
        row.addSpacing(6)
        row.addWidget(self._state, 1)
        row.addWidget(self._stop)
        row.addWidget(self._start)
        return row

    def _part_column(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addWidget(self.banner)
        self._places.addWidget(self.part_picture)
        self._places.addWidget(self.look)
        column.addWidget(self._places, 1)
        return column

    def _side_column(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(12)
        self._rejected_card = self._card(self.tr("Last rejected"), self.fails)
        self._rejected_card.setMaximumHeight(self.fails.maximumHeight() + 56)
        column.addWidget(self._card(self.tr("Live"), self.live_picture), 5)
        column.addWidget(self.counters)
        column.addWidget(self._rejected_card, 3)
        return column

    def _card(self, title: str, content: QWidget) -> QFrame:
        card = QFrame()
        card.setProperty("card", True)
        caption = QLabel(title)
        caption.setProperty("role", "caption")
        layout = QVBoxLayout(card)
        layout.setContentsMargins(12, 10, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(caption)
        layout.addWidget(content, 1)
        return card

    def _job_box(self) -> QComboBox:
        box = QComboBox()
        box.setProperty("touch", True)
        box.setMinimumWidth(160)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        box.setAccessibleName(self.tr("Product"))
        box.setToolTip(self.tr("Product to inspect"))
        box.activated.connect(lambda index: self.job_chosen.emit(box.itemData(index) or ""))
        return box

    def _button(self, text: str, kind: str, on_click: object) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("touch", True)
        button.setProperty("kind", kind)
        button.setIconSize(QSize(24, 24))
        button.clicked.connect(lambda checked=False: on_click())  # type: ignore[operator]
        return button

    def _dress(self) -> None:
        p = self._theme.palette
        self._start.setIcon(self._theme.icon("start", p.on_accent))
        self._stop.setIcon(self._theme.icon("stop"))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The word grows with the window: capitals of 90 px on full HD."""
        self.banner.setFixedHeight(max(72, min(340, round(self.height() * 0.165))))
        self._rejected_card.setVisible(self.height() >= ROOM_FOR_REJECTED)
        self.counters.setVisible(self.height() >= ROOM_FOR_COUNTERS)
        super().resizeEvent(event)

    # words

    def _facts(self, part: Part) -> tuple[str, ...]:
        facts = [self.tr("Part %1").replace("%1", f"{part.part_index + 1:,}")]
        if math.isfinite(part.score):
            facts.append(self.tr("Score %1").replace("%1", f"{part.score:.2f}"))
        if part.reason:
            facts.append(part.reason)
        facts.append(_local_time(part.finished_at))
        return tuple(facts)

    def _why_no_picture(self, part: Part) -> str:
        words = self.tr("No picture of part %1").replace("%1", f"{part.part_index + 1:,}")
        return f"{words}: {part.reason}" if part.reason else words

    def _state_words(self) -> dict[RunState, str]:
        return {
            RunState.NONE: self.tr("Stopped"),
            RunState.STARTING: self.tr("Starting: loading the model, opening the camera …"),
            RunState.RUNNING: self.tr("Inspecting"),
            RunState.LOST: self.tr("No verdicts: see the alarm"),
            RunState.STOPPING: self.tr("Stopping: writing the last parts …"),
            RunState.ENDED: self.tr("Stopped"),
            RunState.FAILED: self.tr("Stopped by an error"),
        }

    def _picture_words(self, state: RunState) -> tuple[str, str]:
        if state is RunState.STARTING:
            return self.tr("Opening the camera …"), "camera"
        if state is RunState.RUNNING:
            return self.tr("Waiting for the first picture …"), "camera"
        return self.tr("No live picture. Choose a product and press Start."), "camera"


def _local_time(moment: dt.datetime) -> str:
    return moment.astimezone().strftime("%H:%M:%S")
