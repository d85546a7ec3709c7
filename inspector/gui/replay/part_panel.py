"""What is known of the part in the picture."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from inspector.core.inspection import Inspection, Part, Verdict
from inspector.core.recipe import Thresholds
from inspector.core.timeline import Mark
from inspector.core.truth import TruePart
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.verdict import VerdictBanner, verdict_word

MOST_DEFECTS = 4


class PartPanel(QWidget):
    """Emits ``frame_wanted`` for the frame that decided."""

    frame_wanted = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._key: int | None = None
        self.banner = VerdictBanner(theme)
        self.banner.setFixedHeight(72)
        self._rows: dict[str, QLabel] = {}
        self._captions: dict[str, QLabel] = {}
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(16)
        self._form.setVerticalSpacing(8)
        for key, words in self._words().items():
            self._add_row(key, words)
        self._go = QPushButton(self.tr("Show the deciding frame"))
        self._go.clicked.connect(lambda checked=False: self._emit_key())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 14, 14, 14)
        layout.setSpacing(14)
        layout.addWidget(self.banner)
        layout.addLayout(self._form)
        layout.addStretch(1)
        layout.addWidget(self._go)
        self.set_part(None, (), None, has_run=False)

    def set_part(
        self,
        mark: Mark | None,
        inspections: tuple[Inspection, ...],
        thresholds: Thresholds | None,
        *,
        has_run: bool,
    ) -> None:
        """The part at the frame shown, and what was decided on that frame itself."""
        part = mark.part if mark else None
        self._key = part.key_frame if part else None
        self._go.setVisible(self._key is not None)
        self.banner.set_empty(self._empty_words(mark, has_run=has_run))
        self.banner.set_verdict(part.verdict if part else None)
        found = self._part_facts(part, thresholds) if part else {}
        if mark is not None:
            found |= self._truth_facts(mark)
        found |= self._frame_facts(inspections)
        for key, label in self._rows.items():
            text = found.get(key, "")
            label.setText(text)
            label.setVisible(bool(text))
            self._captions[key].setVisible(bool(text))
        self._stress_truth(mark is not None and mark.disagrees)

    def _stress_truth(self, stressed: bool) -> None:  # noqa: FBT001 - a setter
        label, role = self._rows["truth"], "danger" if stressed else ""
        if label.property("role") != role:
            label.setProperty("role", role)
            label.style().unpolish(label)
            label.style().polish(label)

    def text_of(self, key: str) -> str:
        """As it is shown; empty for a row that is not."""
        return self._rows[key].text()

    def _words(self) -> dict[str, str]:
        return {
            "part": self.tr("Part"),
            "score": self.tr("Score"),
            "frames": self.tr("Frames"),
            "inspected": self.tr("Inspected"),
            "reason": self.tr("Why"),
            "defects": self.tr("Defects"),
            "truth": self.tr("Truth"),
            "frame": self.tr("This frame"),
        }

    def _add_row(self, key: str, words: str) -> None:
        caption = QLabel(words)
        caption.setProperty("role", "muted")
        value = QLabel()
        value.setWordWrap(True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._captions[key], self._rows[key] = caption, value
        self._form.addRow(caption, value)

    def _empty_words(self, mark: Mark | None, *, has_run: bool) -> str:
        if mark is not None:
            return self.tr("Nobody found this part")
        return self.tr("No part here") if has_run else self.tr("Not inspected yet")

    def _part_facts(self, part: Part, thresholds: Thresholds | None) -> dict[str, str]:
        facts = {
            "part": f"{part.part_index + 1:,}",
            "frames": f"{part.first_frame:,} – {part.last_frame:,}",
            "inspected": self.tr("%1 of %2 frames at rest")
            .replace("%1", str(part.frames_inspected))
            .replace("%2", str(part.frames_settled)),
            "reason": part.reason or "",
            "defects": self._defect_words(part),
        }
        if math.isfinite(part.score):
            limits = f"   T1 {thresholds.t1:.3f}   T2 {thresholds.t2:.3f}" if thresholds else ""
            facts["score"] = f"{part.score:.3f}{limits}"
        return facts

    def _defect_words(self, part: Part) -> str:
        lines = [
            f"{d.peak:.3f},  {d.area_px:,.0f} px at {d.box.x1}, {d.box.y1}"
            for d in part.defects[:MOST_DEFECTS]
        ]
        more = len(part.defects) - MOST_DEFECTS
        if more > 0:
            lines.append(self.tr("and %1 more").replace("%1", str(more)))
        return "\n".join(lines)

    def _truth_facts(self, mark: Mark) -> dict[str, str]:
        if mark.true is None:
            return {"truth": self.tr("There is no such part")} if mark.unexpected else {}
        what = _truth_words(mark.true, self.tr("Good"), self.tr("Defective"))
        return {"truth": f"{what}: {self._judgement(mark, mark.true)}"}

    def _judgement(self, mark: Mark, true: TruePart) -> str:
        if mark.part is None:
            return self.tr("missed")
        if not mark.disagrees:
            return self.tr("agrees")
        return (
            self.tr("ESCAPE, a bad part passed")
            if true.is_defective
            else self.tr("overkill, a good part rejected")
        )

    def _frame_facts(self, inspections: tuple[Inspection, ...]) -> dict[str, str]:
        lines = []
        for one in inspections:
            if one.verdict is not Verdict.NO_PART:
                score = f"  {one.score:.3f}" if math.isfinite(one.score) else ""
                name = f"{one.region}: " if len(inspections) > 1 else ""
                lines.append(f"{name}{verdict_word(one.verdict)}{score}")
        return {"frame": "\n".join(lines)}

    def _emit_key(self) -> None:
        if self._key is not None:
            self.frame_wanted.emit(self._key)


def _truth_words(true: TruePart, good: str, defective: str) -> str:
    if not true.is_defective:
        return good
    return f"{defective} ({true.defect_type})" if true.defect_type else defective
