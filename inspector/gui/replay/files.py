"""File dialogs that stand beside the window and never keep a line waiting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from inspector.gui.context import AppContext
from inspector.gui.replay.words import tr

VIDEOS = "*.mp4 *.mkv *.avi *.mov *.m4v *.webm *.mpg *.mpeg *.mjpeg *.ts"


class FilePicker(QObject):
    """One dialog at a time, not modal: an alarm of the line stays in view and in reach."""

    def __init__(self, parent: QWidget, context: AppContext) -> None:
        super().__init__(parent)
        self._owner, self._context = parent, context
        self._dialog: QFileDialog | None = None

    @property
    def dialog(self) -> QFileDialog | None:
        """The one that is open."""
        return self._dialog

    def ask_video(self, answer: Callable[[Path], None]) -> None:
        dialog = self._make(tr("Open a video"), answer)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([f"{tr('Videos')} ({VIDEOS})", f"{tr('All files')} (*)"])
        dialog.show()

    def ask_folder(self, answer: Callable[[Path], None]) -> None:
        dialog = self._make(tr("Open a folder of images"), answer)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.show()

    def ask_recipe(self, answer: Callable[[Path], None]) -> None:
        dialog = self._make(tr("Open a recipe"), answer)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([f"{tr('Recipes')} (*.toml)"])
        dialog.show()

    def ask_save(self, title: str, proposed: Path, answer: Callable[[Path], None]) -> None:
        """The dialog itself asks before a file is replaced."""
        dialog = self._make(title, answer)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(proposed.suffix[1:])
        dialog.setNameFilters([f"{tr('Videos')} (*{proposed.suffix})"])
        dialog.setDirectory(str(proposed.parent))
        dialog.selectFile(proposed.name)
        dialog.show()

    def close(self) -> None:
        if self._dialog is not None:
            self._dialog.close()
            self._dialog.deleteLater()
        self._dialog = None

    def _make(self, title: str, answer: Callable[[Path], None]) -> QFileDialog:
        self.close()
        dialog = QFileDialog(self._owner, title)
        # the system's own dialog would be modal
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setModal(False)
        recent = self._context.settings.values.recent_footage
        if recent:
            dialog.setDirectory(str(Path(recent[0]).parent))
        dialog.fileSelected.connect(lambda name: answer(Path(name)))
        self._dialog = dialog
        return dialog
