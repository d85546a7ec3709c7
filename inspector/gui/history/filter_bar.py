"""Which parts are shown: what is asked for most is in view, the rest one press away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from PySide6.QtCore import QDateTime, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDateTimeEdit,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from inspector.core.inspection import Verdict
from inspector.gui.engineer.cards import label
from inspector.gui.history import words
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.verdict import verdict_word
from inspector.store.history import Choices
from inspector.store.part_filter import PartFilter, Said

_HOUR = dt.timedelta(hours=1)
VERDICTS = (Verdict.PASS, Verdict.REVIEW, Verdict.FAIL, Verdict.INVALID)
BETWEEN = "between"
_ANY_SCORE = -1.0


class FilterBar(QWidget):
    """``changed`` whenever another history is asked for; ``wanted()`` says which."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.time = self._times()
        self.since = self._moment(self.tr("From"))
        self.until = self._moment(self.tr("Until"))
        self.verdicts = {verdict: self._verdict(verdict) for verdict in VERDICTS}
        self.said = self._said()
        self.text = QLineEdit()
        self.text.setPlaceholderText(self.tr("Reason or defect"))
        self.text.setAccessibleName(self.tr("Words in the reason or the type of defect"))
        self.text.setClearButtonEnabled(True)
        self.text.setMinimumWidth(130)
        self.text.textChanged.connect(self.changed)
        self.more = QPushButton(self.tr("More"))
        self.more.setCheckable(True)
        self.reset = QPushButton(self.tr("Show all"))
        self.reset.setProperty("kind", "quiet")
        self.reset.clicked.connect(self.clear)
        self.job = self._choice(self.tr("Every job"))
        self.run = self._choice(self.tr("Every run"))
        self.model = self._choice(self.tr("Every model"))
        self.recipe = self._choice(self.tr("Every recipe"))
        self.low = self._score(self.tr("Lowest score"))
        self.high = self._score(self.tr("Highest score"))
        self._lay_out()
        self._show_moments()
        theme.changed.connect(self._dress)
        self._dress()

    def wanted(self, now: dt.datetime) -> PartFilter:
        """``now``: aware; relative times end there."""
        since, until = self._range(now)
        return PartFilter(
            since=since,
            until=until,
            runs=_one(self.run),
            jobs=_one(self.job),
            models=_one(self.model),
            recipes=_one(self.recipe),
            verdicts=tuple(v for v, button in self.verdicts.items() if button.isChecked()),
            text=self.text.text().strip(),
            said=self.said.currentData(),
            min_score=_value(self.low),
            max_score=_value(self.high),
        )

    def set_choices(self, choices: Choices) -> None:
        """What there is to choose from; what is chosen stays."""
        _fill(self.job, [(self.tr("no job"), ""), *((job, job) for job in choices.jobs)])
        _fill(self.model, [(words.model_name(one), one) for one in choices.models])
        _fill(self.recipe, [(one[:12], one) for one in choices.recipes])
        _fill(self.run, [(words.moment(at), run) for run, at in choices.runs])

    def clear(self) -> None:
        """Every part again."""
        with QSignalBlocker(self):
            for box in (self.time, self.said, self.job, self.run, self.model, self.recipe):
                box.setCurrentIndex(0)
            for button in self.verdicts.values():
                button.setChecked(False)
            self.text.clear()
            self.low.setValue(_ANY_SCORE)
            self.high.setValue(_ANY_SCORE)
        self.changed.emit()

    def _range(self, now: dt.datetime) -> tuple[dt.datetime | None, dt.datetime | None]:
        asked = self.time.currentData()
        if asked == BETWEEN:
            return _aware(self.since), _aware(self.until)
        if asked == "today":
            midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
            return midnight, None
        return (None if asked is None else now - asked), None

    def _times(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(self.tr("Time"))
        for text, value in (
            (self.tr("All times"), None),
            (self.tr("Last hour"), _HOUR),
            (self.tr("Today"), "today"),
            (self.tr("Last 24 hours"), 24 * _HOUR),
            (self.tr("Last 7 days"), 7 * 24 * _HOUR),
            (self.tr("Last 30 days"), 30 * 24 * _HOUR),
            (self.tr("From … until …"), BETWEEN),
        ):
            box.addItem(text, value)
        box.currentIndexChanged.connect(lambda _: self._show_moments())
        box.currentIndexChanged.connect(lambda _: self.changed.emit())
        return box

    def _moment(self, name: str) -> QDateTimeEdit:
        edit = QDateTimeEdit(QDateTime.currentDateTime())
        edit.setDisplayFormat("yyyy-MM-dd HH:mm")
        edit.setAccessibleName(name)
        edit.setToolTip(name)
        edit.dateTimeChanged.connect(lambda _: self.changed.emit())
        return edit

    def _verdict(self, verdict: Verdict) -> QPushButton:
        button = QPushButton(verdict_word(verdict))
        button.setCheckable(True)
        button.toggled.connect(lambda _: self.changed.emit())
        return button

    def _said(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(self.tr("What people say"))
        for text, value in (
            (self.tr("Relabelled or not"), None),
            (self.tr("Relabelled"), Said.ANYTHING),
            (self.tr("Really good"), Said.GOOD),
            (self.tr("Really bad"), Said.BAD),
            (self.tr("Not relabelled"), Said.NOTHING),
        ):
            box.addItem(text, value)
        box.currentIndexChanged.connect(lambda _: self.changed.emit())
        return box

    def _choice(self, every: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(every)
        box.addItem(every, None)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(12)
        box.currentIndexChanged.connect(lambda _: self.changed.emit())
        return box

    def _score(self, name: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setRange(_ANY_SCORE, 1e6)
        box.setDecimals(3)
        box.setSingleStep(0.05)
        box.setSpecialValueText(self.tr("any"))
        box.setValue(_ANY_SCORE)
        box.setAccessibleName(name)
        box.setKeyboardTracking(False)
        box.valueChanged.connect(lambda _: self.changed.emit())
        return box

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        first = _row(self.time, *self.verdicts.values(), self.said)
        first.addWidget(self.text, 1)
        first.addWidget(self.more)
        first.addWidget(self.reset)
        layout.addLayout(first)
        self._moments = QWidget()
        moments = _row(label(self.tr("From")), self.since, label(self.tr("until")), self.until)
        moments.addStretch(1)
        moments.setContentsMargins(0, 0, 0, 0)
        self._moments.setLayout(moments)
        layout.addWidget(self._moments)
        self._rest = QWidget()
        rest = _row(self.job, self.run, self.model, self.recipe)
        for place in range(4):
            rest.setStretch(place, 1)
        for widget in (label(self.tr("Score")), self.low, label(self.tr("to")), self.high):
            rest.addWidget(widget)
        rest.setContentsMargins(0, 0, 0, 0)
        self._rest.setLayout(rest)
        self._rest.hide()
        self.more.toggled.connect(self._rest.setVisible)
        layout.addWidget(self._rest)

    def _show_moments(self) -> None:
        if hasattr(self, "_moments"):
            self._moments.setVisible(self.time.currentData() == BETWEEN)

    def _dress(self) -> None:
        self.more.setIcon(self._theme.icon("filter"))


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget)
    return row


def _one(box: QComboBox) -> tuple[str, ...]:
    value = box.currentData()
    return () if value is None else (str(value),)


def _value(box: QDoubleSpinBox) -> float | None:
    return None if box.value() <= _ANY_SCORE else box.value()


def _aware(edit: QDateTimeEdit) -> dt.datetime:
    return dt.datetime.fromtimestamp(edit.dateTime().toSecsSinceEpoch(), dt.UTC)


def _fill(box: QComboBox, entries: Sequence[tuple[str, str]]) -> None:
    chosen = box.currentData()
    with QSignalBlocker(box):
        while box.count() > 1:
            box.removeItem(1)
        for text, value in entries:
            box.addItem(text, value)
            box.setItemData(box.count() - 1, value, Qt.ItemDataRole.ToolTipRole)
        box.setCurrentIndex(max(0, box.findData(chosen)))
