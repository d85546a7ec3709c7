"""Play, pause, step, speed, and the jumps: one row of controls."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QToolButton, QWidget

from inspector.core.timeline import Goal
from inspector.engine.playback import SPEEDS
from inspector.gui.theme.theme import Theme
from inspector.gui.translate import QT_TRANSLATE_NOOP

CONTEXT = "Replay"


@dataclass(frozen=True, slots=True)
class JumpSpec:
    """A pair of buttons; ``key`` goes forward, with Shift back. ``spoken`` where ``text`` is
    a sign."""

    goal: Goal
    text: str
    key: str
    spoken: str = ""


JUMPS = (
    JumpSpec(Goal.FAIL, QT_TRANSLATE_NOOP("Replay", "Fail"), "F"),
    JumpSpec(Goal.REVIEW, QT_TRANSLATE_NOOP("Replay", "Review"), "R"),
    JumpSpec(
        Goal.DISAGREEMENT,
        QT_TRANSLATE_NOOP("Replay", "≠ Truth"),
        "D",
        QT_TRANSLATE_NOOP("Replay", "Disagreement with the truth"),
    ),
)


class Transport(QWidget):
    """Emits what is wanted; shows what is."""

    toggle_wanted = Signal()
    step_wanted = Signal(int)
    speed_wanted = Signal(float)
    jump_wanted = Signal(Goal, bool)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._playing = False
        self._back = self._button("left", self.tr("One frame back (Left)"))
        self._play = self._button("start", self.tr("Play or pause (Space)"))
        self._forward = self._button("right", self.tr("One frame on (Right)"))
        self._back.clicked.connect(lambda checked=False: self.step_wanted.emit(-1))
        self._play.clicked.connect(lambda checked=False: self.toggle_wanted.emit())
        self._forward.clicked.connect(lambda checked=False: self.step_wanted.emit(1))
        for button in (self._back, self._forward):
            button.setAutoRepeat(True)
        self._speeds = self._speed_box()
        self._place = QLabel()
        self._place.setMinimumWidth(140)
        self._jumps: dict[Goal, list[QToolButton]] = {}
        self._lay_out()
        self._dress()
        theme.changed.connect(self._dress)

    def set_playing(self, playing: bool) -> None:  # noqa: FBT001 - a setter
        if playing != self._playing:
            self._playing = playing
            self._dress()

    def set_speed(self, speed: float) -> None:
        """Backwards shows in front of the list's own figures."""
        index = self._speeds.findData(abs(speed))
        self._speeds.blockSignals(True)
        self._speeds.setCurrentIndex(index)
        self._speeds.blockSignals(False)

    def set_place(self, text: str) -> None:
        self._place.setText(text)

    def set_enabled(self, *, footage: bool, parts: bool, truth: bool) -> None:
        for widget in (self._back, self._play, self._forward, self._speeds):
            widget.setEnabled(footage)
        for goal, buttons in self._jumps.items():
            for button in buttons:
                button.setEnabled(parts and (truth or goal is not Goal.DISAGREEMENT))

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for widget in (self._back, self._play, self._forward, self._speeds):
            row.addWidget(widget)
        row.addSpacing(8)
        row.addWidget(self._place)
        row.addStretch(1)
        for spec in JUMPS:
            row.addLayout(self._jump(spec))
            row.addSpacing(4)

    def _jump(self, spec: JumpSpec) -> QHBoxLayout:
        name = QCoreApplication.translate(CONTEXT, spec.text)
        full = QCoreApplication.translate(CONTEXT, spec.spoken or spec.text)
        before = self._button("left", self.tr("Previous: %1").replace("%1", full))
        after = self._button("right", self.tr("Next: %1").replace("%1", full))
        before.setToolTip(f"{before.accessibleName()} (Shift+{spec.key})")
        after.setToolTip(f"{after.accessibleName()} ({spec.key})")
        before.clicked.connect(lambda checked=False: self.jump_wanted.emit(spec.goal, False))
        after.clicked.connect(lambda checked=False: self.jump_wanted.emit(spec.goal, True))
        self._jumps[spec.goal] = [before, after]
        label = QLabel(name)
        label.setProperty("role", "muted")
        row = QHBoxLayout()
        row.setSpacing(5)
        for widget in (before, label, after):
            row.addWidget(widget)
        return row

    def _button(self, icon: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setIconSize(QSize(20, 20))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setProperty("icon_name", icon)
        button.setProperty("compact", True)
        return button

    def _speed_box(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(self.tr("Speed"))
        box.setToolTip(self.tr("Speed; slower [ and faster ]"))
        for speed in SPEEDS:
            box.addItem(speed_words(speed), speed)
        box.setCurrentIndex(SPEEDS.index(1.0))
        box.activated.connect(lambda index: self.speed_wanted.emit(box.itemData(index)))
        return box

    def _dress(self) -> None:
        self._play.setProperty("icon_name", "pause" if self._playing else "start")
        for button in self.findChildren(QToolButton):
            button.setIcon(self._theme.icon(str(button.property("icon_name"))))


def speed_words(speed: float) -> str:
    """``×¼`` … ``×16``, ``−×2`` backwards."""
    fractions = {0.25: "¼", 0.5: "½"}
    sign = "−" if speed < 0 else ""
    return f"{sign}×{fractions.get(abs(speed), f'{abs(speed):g}')}"
