"""Every menu and toolbar action, declared once as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from inspector.gui.theme.theme import Theme
from inspector.gui.translate import QT_TRANSLATE_NOOP

CONTEXT = "Actions"


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """``text`` and ``tip`` are translated when the action is made."""

    id: str
    text: str
    icon: str
    tip: str
    shortcut: str = ""


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "start",
        QT_TRANSLATE_NOOP("Actions", "Start"),
        "start",
        QT_TRANSLATE_NOOP("Actions", "Start inspecting with the chosen job"),
        "F5",
    ),
    ActionSpec(
        "stop",
        QT_TRANSLATE_NOOP("Actions", "Stop"),
        "stop",
        QT_TRANSLATE_NOOP("Actions", "Stop inspecting; everything decided is recorded"),
        "Shift+F5",
    ),
    ActionSpec(
        "acknowledge",
        QT_TRANSLATE_NOOP("Actions", "Acknowledge"),
        "acknowledge",
        QT_TRANSLATE_NOOP("Actions", "Confirm that you have seen the alarm"),
        "F8",
    ),
    ActionSpec(
        "overlay",
        QT_TRANSLATE_NOOP("Actions", "Show or hide overlays"),
        "overlay",
        QT_TRANSLATE_NOOP("Actions", "Heat map, outlines and score over the pictures"),
        "F7",
    ),
    ActionSpec(
        "theme",
        QT_TRANSLATE_NOOP("Actions", "Dark or light"),
        "theme",
        QT_TRANSLATE_NOOP("Actions", "Change between the dark and the light theme"),
        "Ctrl+T",
    ),
    ActionSpec(
        "fullscreen",
        QT_TRANSLATE_NOOP("Actions", "Full screen"),
        "fullscreen",
        QT_TRANSLATE_NOOP("Actions", "Fill the screen, or go back to a window"),
        "F11",
    ),
    ActionSpec(
        "quit",
        QT_TRANSLATE_NOOP("Actions", "Quit"),
        "quit",
        QT_TRANSLATE_NOOP("Actions", "Close the program"),
        "Ctrl+Q",
    ),
)


def make_actions(
    parent: QWidget, theme: Theme, handlers: Mapping[str, Callable[[], object]]
) -> dict[str, QAction]:
    """One QAction a spec, added to ``parent`` so that its shortcut works everywhere.

    Raises KeyError where a spec has no handler.
    """
    actions = {spec.id: _action(spec, parent, handlers[spec.id]) for spec in ACTIONS}

    def dress() -> None:
        for spec in ACTIONS:
            actions[spec.id].setIcon(theme.icon(spec.icon))

    dress()
    theme.changed.connect(dress)
    return actions


def _action(spec: ActionSpec, parent: QWidget, handler: Callable[[], object]) -> QAction:
    action = QAction(_tr(spec.text), parent)
    action.setObjectName(spec.id)
    action.setShortcut(QKeySequence(spec.shortcut))
    action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
    action.setToolTip(_tooltip(spec))
    action.setStatusTip(_tr(spec.tip))
    action.triggered.connect(lambda checked=False: handler())
    parent.addAction(action)
    return action


def _tooltip(spec: ActionSpec) -> str:
    keys = QKeySequence(spec.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
    return f"{_tr(spec.tip)} ({keys})" if keys else _tr(spec.tip)


def _tr(text: str) -> str:
    return QCoreApplication.translate(CONTEXT, text)
