"""Writes reports, tables and pictures off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QIODevice, QObject, QSaveFile
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog

from inspector.errors import ConfigError
from inspector.gui.context import AppContext
from inspector.gui.notices import Notice, Severity
from inspector.gui.statistics.view import StatisticsView
from inspector.gui.statistics.words import Format, tr
from inspector.gui.work import Done, Failed, Job, Outcome
from inspector.station.documents import replace_document
from inspector.station.statistics.gather import Question, gather
from inspector.station.statistics.html import as_html
from inspector.station.statistics.table import as_csv

KEY = "statistics-export"


class Exporting(QObject):
    """One export at a time; the dialog stands beside the window, not before the line."""

    def __init__(
        self, context: AppContext, view: StatisticsView, question: Callable[[], Question]
    ) -> None:
        super().__init__(view)
        self._context, self._view, self._question = context, view, question
        self._job: Job | None = None
        self._dialog: QFileDialog | None = None
        view.export_wanted.connect(self.ask)
        view.export_cancelled.connect(self.cancel)

    def ask(self, wanted: Format) -> None:
        """For a place, then exports."""
        wanted = Format(wanted)
        self.close()
        dialog = QFileDialog(self._view, tr("Export statistics"))
        # the system's own dialog would be modal
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setModal(False)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(wanted.value)
        dialog.setNameFilters([f"{wanted.value.upper()} (*.{wanted.value})"])
        dialog.selectFile(f"statistics.{wanted.value}")
        dialog.fileSelected.connect(lambda name: self.begin(wanted, Path(name)))
        dialog.show()
        self._dialog = dialog

    def begin(self, wanted: Format, place: Path) -> None:
        """Nothing happens while another one is on."""
        record = self._context.paths.db
        if self._job is not None or record is None:
            return
        question = self._question()
        # a widget is drawn on its own thread, the file is written on another
        image = self._view.picture().toImage() if wanted is Format.PNG else None

        def work(job: Job) -> Path:
            if image is not None:
                _save_picture(image, place)
            else:
                _save_document(record, question, wanted, place, job)
            return place

        step = tr("Writing %1 …").replace("%1", place.name)
        self._view.set_exporting(step)
        self._job = self._context.work.submit(
            work,
            self._on_outcome,
            on_progress=lambda share, text: self._view.set_exporting(step, share),
        )

    def cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """The dialog goes."""
        if self._dialog is not None:
            self._dialog.close()
            self._dialog.deleteLater()
        self._dialog = None

    def _on_outcome(self, outcome: Outcome[Path]) -> None:
        self._job = None
        self._view.set_exporting(None)
        if isinstance(outcome, Failed):
            self._context.report(outcome.error, key=KEY)
        elif isinstance(outcome, Done):
            title = tr("Exported %1").replace("%1", outcome.value.name)
            where = str(outcome.value.parent)
            self._context.notices.tell(Notice(KEY, Severity.INFO, title, where))


def _save_document(record: Path, question: Question, wanted: Format, place: Path, job: Job) -> None:
    found = gather(record, question, step=job.progress)
    text = as_csv(found) if wanted is Format.CSV else as_html(found, title=record.stem)
    job.check()
    replace_document(place, text, "export")


def _save_picture(image: QImage, place: Path) -> None:
    """Whole or not at all. Raises ConfigError."""
    file = QSaveFile(str(place))
    written = file.open(QIODevice.OpenModeFlag.WriteOnly) and image.save(file, "PNG")  # type: ignore[call-overload]
    if not (written and file.commit()):
        raise ConfigError(f"export {place}: cannot be written: {file.errorString()}")
