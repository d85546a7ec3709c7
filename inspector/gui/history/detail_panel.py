"""The chosen part: verdict, picture with its places, facts, and what people say."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from inspector.gui.engineer.cards import label
from inspector.gui.history import words
from inspector.gui.history.label_panel import LabelPanel
from inspector.gui.history.part_picture import PartPicture
from inspector.gui.history.reader import PartDetail, PictureState
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.verdict import VerdictBanner
from inspector.store.history import HistoryRow


class DetailPanel(QWidget):
    """Passive; what it sends is ``labels``' to send."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.part_id: str | None = None
        self.banner = VerdictBanner(theme)
        self.banner.setFixedHeight(60)
        self.picture = PartPicture(theme)
        self.marks = QCheckBox(self.tr("Show what was found"))
        self.marks.setChecked(True)
        self.marks.toggled.connect(self.picture.mark)
        self.facts = label("", "muted", wrap=True)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.labels = LabelPanel(theme)
        self._lay_out()
        self.set_none()

    def set_none(self) -> None:
        """No part is chosen."""
        self.part_id = None
        self.banner.set_empty(self.tr("Choose a part"))
        self.banner.set_verdict(None)
        self.picture.set_words(self.tr("Choose a part on the left to see its picture"), "history")
        self.facts.setText("")
        self.marks.hide()
        self.labels.set_labels(None)
        self.labels.set_message("")

    def set_row(self, row: HistoryRow) -> None:
        """What the list knows of it; picture and labels follow."""
        if row.part_id != self.part_id:
            self.labels.set_message("")
        self.part_id = row.part_id
        self.banner.set_verdict(row.verdict, self._headline(row))
        self.facts.setText(self._facts(row))
        self.picture.set_words(self.tr("Reading the picture …"))
        self.marks.hide()
        self.labels.set_busy()

    def set_detail(self, detail: PartDetail) -> None:
        row = detail.row
        self.part_id = row.part_id
        self.banner.set_verdict(row.verdict, self._headline(row))
        self.facts.setText(self._facts(row))
        self.facts.setToolTip(f"{row.part_id}\n{row.model_id}\n{row.recipe_id}")
        if detail.picture is None:
            icon = "delete" if detail.state is PictureState.GONE else "inbox"
            self.picture.set_words(words.picture_words(detail.state), icon)
        else:
            self.picture.set_picture(detail.picture, row.defects)
        self.marks.setVisible(detail.picture is not None and bool(row.defects))
        self.labels.set_labels(detail.labels)

    def _headline(self, row: HistoryRow) -> tuple[str, ...]:
        part = self.tr("Part %1").replace("%1", str(row.part_index + 1))
        return (part, self.tr("Score %1").replace("%1", words.score_text(row.score)))

    def _facts(self, row: HistoryRow) -> str:
        found = words.what_was_found(row)
        lines = [self.tr("Found: %1").replace("%1", found)] if found else []
        lines.append(f"{words.moment(row.key.finished_at)}  ·  {row.source}")
        lines.append(f"{row.job or self.tr('no job')}  ·  {words.model_name(row.model_id)}")
        return "\n".join(lines)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.banner)
        layout.addWidget(self.picture, 1)
        grid = QGridLayout()
        grid.addWidget(self.facts, 0, 0)
        grid.addWidget(self.marks, 0, 1, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(0, 1)
        layout.addLayout(grid)
        layout.addWidget(self.labels)
        self.setMinimumWidth(430)
