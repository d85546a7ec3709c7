"""What is seen of the statistics; passive: setters in, intentions out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from inspector.core.trend import By
from inspector.gui.engineer.cards import button, label
from inspector.gui.statistics import words
from inspector.gui.statistics.plots import (
    Chart,
    ControlChart,
    DriftChart,
    LatencyChart,
    ParetoChart,
    PlacesChart,
    YieldChart,
)
from inspector.gui.statistics.tiles import Tiles
from inspector.gui.statistics.words import Format, Span, tr
from inspector.gui.theme.theme import Theme
from inspector.station.statistics.gather import Statistics

ALL_JOBS = None


class StatisticsView(QWidget):
    """Pickers above, figures below them, six charts; or why there is nothing to draw."""

    question_changed = Signal()
    export_wanted = Signal(object)
    export_cancelled = Signal()
    live_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.by = self._combo(tr("Group by"), [(words.by_word(b).capitalize(), b) for b in By])
        self.span = self._combo(tr("Time"), [(words.span_word(s), s) for s in Span])
        self.span.setCurrentIndex(list(Span).index(Span.DAY))
        self.job = self._combo(tr("Job"), [(tr("All jobs"), ALL_JOBS)])
        self.export = QPushButton(tr("Export"))
        self.export.setIconSize(QSize(18, 18))
        self.export.setMenu(self._menu())
        self.tiles = Tiles(theme)
        self.charts: tuple[Chart, ...] = (
            YieldChart(theme, tr("Yield")),
            ControlChart(theme, tr("Share of rejects over time with control limits")),
            ParetoChart(theme, tr("Causes of rejects")),
            PlacesChart(theme, tr("Where on the part defects lie")),
            DriftChart(theme, tr("Spread of scores, as it was and as it is")),
            LatencyChart(theme, tr("Latency from capture to verdict")),
        )
        self.titles = [label("", "caption") for _ in self.charts]
        self.notes = [label("", "muted") for _ in self.charts]
        self.empty_title, self.empty_advice = label("", "heading"), label("", "muted", wrap=True)
        self._sign = QLabel()
        self._board, self._stack = QWidget(), QStackedWidget()
        self._lay_out()
        self.set_exporting(None)
        self.set_empty(tr("Counting the parts …"), "", offer_live=False)
        theme.changed.connect(self._dress)
        self._dress()

    def set_statistics(self, found: Statistics) -> None:
        """Draws them all."""
        self.tiles.set_statistics(found)
        over = words.by_word(found.timeline_by)
        titles = (
            tr("Yield by %1, %").replace("%1", words.by_word(found.question.by)),
            tr("Rejects by %1, % (p-chart)").replace("%1", over),
            tr("Causes of rejects"),
            tr("Where defects lie"),
            tr("Scores: first (dashed) and newest, % of parts"),
            tr("Latency, ms"),
        )
        notes = (
            tr("Overall %1").replace("%1", words.percent(found.total.passed_share)),
            words.chart_note(found),
            words.causes_note(found),
            words.places_note(found),
            words.drift_note(found),
            words.latency_note(found),
        )
        for chart, title, note, name, said in zip(
            self.charts, self.titles, self.notes, titles, notes, strict=True
        ):
            title.setText(name)
            note.setText(said)
            note.setToolTip(said)
            chart.setAccessibleDescription(said)
            chart.show_statistics(found)
        self._stack.setCurrentWidget(self._board)
        self.export.setEnabled(True)

    def set_empty(self, title: str, advice: str, *, offer_live: bool) -> None:
        """Instead of charts."""
        self.empty_title.setText(title)
        self.empty_advice.setText(advice)
        self.to_live.setVisible(offer_live)
        self._stack.setCurrentWidget(self._nothing)
        self.export.setEnabled(False)

    @property
    def is_empty(self) -> bool:
        return self._stack.currentWidget() is self._nothing

    def set_jobs(self, jobs: Sequence[str]) -> None:
        """Keeps the choice; tells nobody."""
        known = [self.job.itemData(i) for i in range(1, self.job.count())]
        if known == list(jobs):
            return
        chosen = self.job.currentData()
        self.job.blockSignals(True)
        while self.job.count() > 1:
            self.job.removeItem(1)
        for name in jobs:
            self.job.addItem(words.job_word(name), name)
        self.job.setCurrentIndex(1 + list(jobs).index(chosen) if chosen in jobs else 0)
        self.job.blockSignals(False)

    def set_exporting(self, text: str | None, share: float = 0.0) -> None:
        """None: no export is on."""
        self._export_row.setVisible(text is not None)
        self.export_step.setText(text or "")
        self.export_bar.setValue(round(100 * share))

    def picture(self) -> QPixmap:
        """Figures and charts as they are shown."""
        return self.grab()

    def _combo(self, name: str, items: Sequence[tuple[str, object]]) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName(name)
        combo.setToolTip(name)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        combo.setMaximumWidth(240)
        for text, data in items:
            combo.addItem(text, data)
        combo.currentIndexChanged.connect(lambda index: self.question_changed.emit())
        return combo

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        for wanted in Format:
            action = QAction(words.format_word(wanted), menu)
            action.triggered.connect(
                lambda checked=False, wanted=wanted: self.export_wanted.emit(wanted)
            )
            menu.addAction(action)
        return menu

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(10)
        layout.addLayout(self._header())
        layout.addWidget(self._exporting())
        board = QVBoxLayout(self._board)
        board.setContentsMargins(0, 0, 0, 0)
        board.setSpacing(10)
        board.addWidget(self.tiles)
        board.addLayout(self._grid(), 1)
        self._nothing = self._empty()
        self._stack.addWidget(self._board)
        self._stack.addWidget(self._nothing)
        layout.addWidget(self._stack, 1)

    def _header(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label(tr("Statistics"), "title"))
        row.addStretch(1)
        for name, combo in ((tr("By"), self.by), (tr("Time"), self.span), (tr("Job"), self.job)):
            caption = label(name, "muted")
            caption.setBuddy(combo)
            row.addWidget(caption)
            row.addWidget(combo)
            row.addSpacing(6)
        row.addWidget(self.export)
        return row

    def _exporting(self) -> QWidget:
        self._export_row = QWidget()
        self.export_bar, self.export_step = QProgressBar(), label("", "muted")
        self.export_bar.setFixedWidth(160)
        self.export_bar.setTextVisible(False)
        self.export_bar.setAccessibleName(tr("Progress of the export"))
        row = QHBoxLayout(self._export_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.export_bar)
        row.addWidget(self.export_step, 1)
        row.addWidget(button(tr("Cancel"), self.export_cancelled.emit))
        return self._export_row

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(10)
        for index, chart in enumerate(self.charts):
            frame = QFrame()
            frame.setProperty("card", True)
            column = QVBoxLayout(frame)
            column.setContentsMargins(12, 8, 12, 8)
            column.setSpacing(4)
            column.addWidget(self.titles[index])
            column.addWidget(chart, 1)
            column.addWidget(self.notes[index])
            # a long note is cut rather than widening its column
            self.notes[index].setMinimumWidth(60)
            grid.addWidget(frame, index // 3, index % 3)
        for place in range(3):
            grid.setColumnStretch(place, 1)
        grid.setRowStretch(0, 1)
        grid.setRowStretch(1, 1)
        return grid

    def _empty(self) -> QWidget:
        holder = QFrame()
        holder.setProperty("card", True)
        column = QVBoxLayout(holder)
        column.setSpacing(10)
        column.addStretch(2)
        self.to_live = button(tr("Go to the live view"), self.live_wanted.emit, "primary")
        self.empty_advice.setMinimumWidth(420)
        self.empty_advice.setMaximumWidth(560)
        for widget in (self._sign, self.empty_title, self.empty_advice, self.to_live):
            if isinstance(widget, QLabel):
                widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        return holder

    def _dress(self) -> None:
        p = self._theme.palette
        self.export.setIcon(self._theme.icon("export"))
        self._sign.setPixmap(self._theme.icon("statistics", p.muted).pixmap(QSize(56, 56)))
