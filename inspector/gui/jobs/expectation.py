"""Expected escape, overkill and review load, beside the histogram."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from inspector.core.whatif import Expectation, Rate
from inspector.gui.engineer.cards import label


class ExpectationPanel(QWidget):
    """Three figures with what the counts support; words where nothing is known."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(2)
        self._figures: list[QLabel] = []
        self._remarks: list[QLabel] = []
        for row, (name, tip) in enumerate(self._rows()):
            title = label(name, "muted")
            title.setToolTip(tip)
            figure, remark = label("–", "heading"), label("", "muted", wrap=True)
            self._grid.addWidget(title, row, 0)
            self._grid.addWidget(figure, row, 1)
            self._grid.addWidget(remark, row, 2)
            self._figures.append(figure)
            self._remarks.append(remark)
        self._grid.setColumnStretch(2, 1)
        self.set_expectation(None)

    def set_expectation(self, found: Expectation | None) -> None:
        """None: no score is known."""
        rates = (found.escape, found.overkill, found.review) if found else (Rate(0, 0),) * 3
        words = (self.tr("known bad parts"), self.tr("known good parts"), self.tr("parts"))
        for figure, remark, rate, of in zip(
            self._figures, self._remarks, rates, words, strict=True
        ):
            figure.setText(percent(rate.share))
            remark.setText(self._remark(rate, of))

    def _remark(self, rate: Rate, of: str) -> str:
        if not rate.n:
            return self.tr("no %1: nothing is known").replace("%1", of)
        text = self.tr("%1 of %2 %3; at most %4 at 95 %")
        return (
            text.replace("%1", f"{rate.count:,}")
            .replace("%2", f"{rate.n:,}")
            .replace("%3", of)
            .replace("%4", percent(rate.at_most))
        )

    def _rows(self) -> tuple[tuple[str, str], ...]:
        return (
            (self.tr("Escape"), self.tr("Bad parts that would pass, of the bad")),
            (self.tr("Overkill"), self.tr("Good parts that would not pass, of the good")),
            (self.tr("Review"), self.tr("Parts that a person would have to look at, of all")),
        )


def percent(share: float | None) -> str:
    """Enough digits to tell small shares apart; a dash where nothing is known."""
    if share is None:
        return "–"
    digits = 0 if share in (0, 1) else 1 if share >= 0.01 else 2
    return f"{100 * share:.{digits}f} %"
