"""The one stylesheet, made of a palette's tokens."""

from __future__ import annotations

from pathlib import Path

from inspector.gui.theme.tokens import Palette

FONTS = (
    '"Source Sans Pro", "Segoe UI Variable Text", "Segoe UI", "Roboto", "Noto Sans", "DejaVu Sans"'
)


def _asset(name: str) -> str:
    """Path of a drawing as Qt's stylesheets want it: signs cannot be drawn otherwise."""
    return (Path(__file__).parent / "assets" / f"{name}.svg").as_posix()


def stylesheet(p: Palette) -> str:
    """For ``QApplication.setStyleSheet``."""
    return "\n".join((_base(p), _buttons(p), _inputs(p), _containers(p), _shell(p)))


def _base(p: Palette) -> str:
    return f"""
* {{ font-family: {FONTS}; font-size: 15px; }}
QWidget {{ color: {p.text}; }}
QMainWindow, QDialog, QWidget#ground {{ background: {p.ground}; }}
QLabel {{ background: transparent; }}
QLabel[role="title"] {{ font-size: 20px; font-weight: 600; }}
QLabel[role="heading"] {{ font-size: 16px; font-weight: 600; }}
QLabel[role="caption"] {{ font-size: 13px; font-weight: 600; color: {p.muted}; }}
QLabel[role="muted"] {{ color: {p.muted}; }}
QLabel[role="figure"] {{ font-size: 38px; font-weight: 600; }}
QLabel[role="count"] {{ font-size: 26px; font-weight: 600; }}
QLabel[role="state"] {{ font-size: 17px; font-weight: 600; color: {p.muted}; }}
QLabel[role="state"][tone="good"] {{ color: {p.good}; }}
QLabel[role="state"][tone="busy"] {{ color: {p.warning}; }}
QLabel[role="state"][tone="danger"] {{ color: {p.danger}; }}
QLabel[role="good"] {{ color: {p.good}; }}
QLabel[role="warning"] {{ color: {p.warning}; }}
QLabel[role="danger"] {{ color: {p.danger}; }}
QToolTip {{ background: {p.raised}; color: {p.text}; border: 1px solid {p.strong_line};
  padding: 6px 8px; }}
"""


def _buttons(p: Palette) -> str:
    return f"""
QPushButton, QToolButton {{ background: {p.raised}; color: {p.text}; border: 1px solid {p.line};
  border-radius: 8px; padding: 7px 14px; min-height: 20px; }}
QPushButton:hover, QToolButton:hover {{ background: {p.pressed}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {p.line}; }}
QPushButton:focus, QToolButton:focus {{ border: 2px solid {p.focus}; padding: 6px 13px; }}
QPushButton:disabled, QToolButton:disabled {{ color: {p.disabled}; background: {p.surface}; }}
QPushButton:checked, QToolButton:checked {{ background: {p.pressed};
  border-color: {p.accent}; }}
QPushButton[kind="primary"] {{ background: {p.accent}; color: {p.on_accent};
  border-color: {p.accent}; font-weight: 600; }}
QPushButton[kind="primary"]:hover {{ background: {p.accent_hover}; }}
QPushButton[kind="primary"]:focus {{ border: 2px solid {p.focus}; }}
QPushButton[kind="primary"]:disabled {{ background: {p.surface}; color: {p.disabled};
  border-color: {p.line}; }}
QPushButton[kind="danger"] {{ background: {p.danger_fill}; color: {p.on_danger};
  border-color: {p.danger_fill}; font-weight: 600; }}
QPushButton[kind="danger"]:focus {{ border: 2px solid {p.focus}; }}
QPushButton[kind="danger"]:disabled {{ background: {p.surface}; color: {p.disabled};
  border-color: {p.line}; }}
QPushButton[kind="quiet"], QToolButton[kind="quiet"] {{ background: transparent;
  border-color: transparent; }}
QPushButton[kind="quiet"]:hover, QToolButton[kind="quiet"]:hover {{ background: {p.raised}; }}
QPushButton[kind="quiet"]:focus, QToolButton[kind="quiet"]:focus {{ border-color: {p.focus}; }}
QToolButton[compact="true"] {{ padding: 7px; }}
QToolButton[compact="true"]:focus {{ padding: 6px; }}
QToolButton[popupMode="2"]::menu-indicator {{ image: none; }}
QPushButton[touch="true"] {{ min-height: 46px; min-width: 96px; font-size: 17px;
  padding: 8px 22px; }}
QPushButton[touch="true"]:focus {{ padding: 7px 21px; }}
"""


def _inputs(p: Palette) -> str:
    return f"""
QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox, QDateTimeEdit {{
  background: {p.surface}; border: 1px solid {p.line}; border-radius: 8px;
  padding: 6px 10px; min-height: 22px; selection-background-color: {p.accent};
  selection-color: {p.on_accent}; }}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus,
QComboBox:focus, QDateTimeEdit:focus {{ border: 2px solid {p.focus}; padding: 5px 9px; }}
QComboBox[touch="true"] {{ min-height: 46px; font-size: 17px; font-weight: 600;
  padding: 8px 16px; background: {p.raised}; }}
QComboBox[touch="true"]:disabled {{ color: {p.text}; background: {p.surface}; }}
QComboBox::drop-down {{ border: none; width: 32px; }}
QComboBox::down-arrow {{ image: url("{_asset(f"down-{p.name}")}"); width: 12px; height: 12px; }}
QComboBox QLineEdit {{ background: transparent; border: none; border-radius: 0; padding: 0;
  min-height: 0; }}
QAbstractSpinBox QLineEdit {{ background: transparent; border: none; border-radius: 0;
  padding: 0 0 0 8px; min-height: 0; }}
QSpinBox, QDoubleSpinBox {{ padding-right: 24px; }}
QSpinBox:focus, QDoubleSpinBox:focus {{ padding-right: 23px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ subcontrol-origin: border;
  background: transparent; border: none; width: 22px; margin: 2px; }}
QAbstractSpinBox::up-button {{ subcontrol-position: top right; }}
QAbstractSpinBox::down-button {{ subcontrol-position: bottom right; }}
QAbstractSpinBox::up-arrow {{ image: url("{_asset(f"up-{p.name}")}"); width: 10px;
  height: 10px; }}
QAbstractSpinBox::down-arrow {{ image: url("{_asset(f"down-{p.name}")}"); width: 10px;
  height: 10px; }}
QComboBox QAbstractItemView {{ background: {p.raised}; border: 1px solid {p.strong_line};
  outline: none; padding: 4px; selection-background-color: {p.accent};
  selection-color: {p.on_accent}; }}
QComboBox:disabled, QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled {{
  color: {p.muted}; }}
QCheckBox, QRadioButton {{ spacing: 8px; min-height: 28px; }}
QCheckBox::indicator {{ width: 18px; height: 18px; border: 1px solid {p.strong_line};
  border-radius: 4px; background: {p.surface}; }}
QCheckBox::indicator:checked {{ background: {p.accent}; border-color: {p.accent};
  image: url("{_asset("check")}"); }}
QCheckBox::indicator:focus {{ border: 2px solid {p.focus}; width: 16px; height: 16px; }}
QCheckBox::indicator:disabled {{ border-color: {p.line}; background: {p.ground}; }}
QCheckBox:disabled {{ color: {p.disabled}; }}
QCheckBox:focus, QRadioButton:focus {{ color: {p.focus}; }}
QSlider::groove:horizontal {{ height: 4px; background: {p.line}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {p.accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {p.text}; width: 20px; height: 20px; margin: -8px 0;
  border-radius: 10px; }}
QSlider::handle:horizontal:focus {{ background: {p.focus}; }}
QProgressBar {{ background: {p.raised}; border: none; border-radius: 4px; max-height: 8px;
  color: transparent; }}
QProgressBar::chunk {{ background: {p.accent}; border-radius: 4px; }}
"""


def _containers(p: Palette) -> str:
    return f"""
QFrame[card="true"] {{ background: {p.surface}; border: 1px solid {p.line};
  border-radius: 10px; }}
QFrame#look {{ background: {p.surface}; border: 2px solid {p.accent}; border-radius: 10px; }}
QScrollArea {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
QScrollBar::handle {{ background: {p.strong_line}; border-radius: 4px; margin: 2px;
  min-height: 32px; min-width: 32px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QTabWidget::pane {{ border: none; }}
QTabBar::tab {{ padding: 10px 18px; color: {p.muted}; border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {p.text}; border-bottom-color: {p.accent}; font-weight: 600; }}
QTabBar::tab:focus {{ color: {p.focus}; }}
QTableView, QListView, QTreeView {{ background: {p.surface}; border: 1px solid {p.line};
  border-radius: 8px; gridline-color: {p.line}; selection-background-color: {p.pressed};
  selection-color: {p.text}; alternate-background-color: {p.ground}; outline: none; }}
QTableView::item, QListView::item, QTreeView::item {{ padding: 6px 8px; }}
QTableView:focus, QListView:focus, QTreeView:focus {{ border-color: {p.focus}; }}
QHeaderView::section {{ background: {p.surface}; color: {p.muted}; border: none;
  border-bottom: 1px solid {p.line}; padding: 8px; font-size: 13px; font-weight: 600; }}
QTableCornerButton::section {{ background: {p.surface}; border: none; }}
QSplitter::handle {{ background: transparent; }}
QSplitter::handle:horizontal {{ width: 10px; }}
QSplitter::handle:vertical {{ height: 10px; }}
QMenu {{ background: {p.raised}; border: 1px solid {p.strong_line}; padding: 6px; }}
QMenu::item {{ padding: 10px 28px 10px 12px; border-radius: 6px; }}
QMenu::item:selected {{ background: {p.accent}; color: {p.on_accent}; }}
QMenu::item:disabled {{ color: {p.disabled}; }}
QMenu::separator {{ height: 1px; background: {p.line}; margin: 6px 4px; }}
QMenu::icon {{ padding-left: 8px; }}
"""


def _shell(p: Palette) -> str:
    return f"""
QFrame#rail {{ background: {p.surface}; border: none; border-right: 1px solid {p.line}; }}
QFrame#rail QToolButton {{ background: transparent; border: none; border-radius: 10px;
  color: {p.muted}; padding: 8px 2px; font-size: 13px; min-width: 72px; min-height: 52px; }}
QFrame#rail QToolButton[tight="true"] {{ padding: 2px; min-height: 30px; }}
QFrame#rail QToolButton[tight="true"]:focus {{ padding: 0px; }}
QFrame#rail QToolButton:hover {{ background: {p.raised}; color: {p.text}; }}
QFrame#rail QToolButton:checked {{ background: {p.raised}; color: {p.text}; font-weight: 600; }}
QFrame#rail QToolButton:focus {{ border: 2px solid {p.focus}; padding: 6px 0px; }}
QFrame#rail QToolButton::menu-indicator {{ image: none; }}
QFrame#unlock {{ background: {p.surface}; border: 2px solid {p.accent}; border-radius: 12px; }}
QFrame#unlock QScrollArea, QFrame#unlock QScrollArea > QWidget > QWidget {{
  background: transparent; }}
QPushButton[pinkey="true"] {{ font-size: 24px; font-weight: 600; padding: 0;
  min-width: 82px; min-height: 62px; }}
QPushButton[pinkey="true"]:focus {{ padding: 0; }}
QLineEdit[pin="true"] {{ font-size: 22px; min-height: 40px; }}
QPushButton[person="true"] {{ text-align: left; min-height: 46px; font-size: 16px;
  padding: 8px 16px; }}
QPushButton[person="true"]:checked {{ background: {p.accent}; color: {p.on_accent};
  border-color: {p.accent}; }}
QPushButton#role {{ min-height: 32px; padding: 5px 14px; font-weight: 600; }}
QPushButton#role:focus {{ padding: 4px 13px; }}
QPushButton#role[tone="open"] {{ color: {p.warning}; }}
QPushButton#role[tone="signed"] {{ border-color: {p.accent}; }}
QFrame#status {{ background: {p.surface}; border: none; border-top: 1px solid {p.line}; }}
QFrame#notice[severity="alarm"] {{ background: {p.danger_fill}; border: none; }}
QFrame#notice[severity="warning"] {{ background: {p.warning_fill}; border: none; }}
QFrame#notice[severity="info"] {{ background: {p.raised}; border: none; }}
QFrame#notice[severity="alarm"] QLabel {{ color: {p.on_danger}; }}
QFrame#notice[severity="warning"] QLabel {{ color: {p.on_warning}; }}
QFrame#notice QLabel#title {{ font-size: 26px; font-weight: 700; }}
QFrame#notice QLabel#advice {{ font-size: 18px; }}
QFrame#notice QPlainTextEdit {{ background: {p.sunken}; color: {p.text}; font-size: 13px; }}
QFrame#question QPushButton {{ border-color: {p.strong_line}; }}
QFrame#question {{ background: {p.raised}; border: none; border-bottom: 1px solid {p.line}; }}
"""
