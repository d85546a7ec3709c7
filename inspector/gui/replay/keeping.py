"""What the page keeps on the disk: the annotated video, and footage of the running line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject

from inspector.config import RunConfig
from inspector.errors import InspectorError
from inspector.gui.context import AppContext
from inspector.gui.replay.files import FilePicker
from inspector.gui.replay.view import ReplayView
from inspector.gui.replay.words import tr
from inspector.gui.work import Done, Failed, Outcome
from inspector.station.exporting import annotated_export
from inspector.station.recording import RecordingStatus
from inspector.station.replay_desk import ReplayDesk
from inspector.station.replaying import Phase, ReplayRun
from inspector.store.footage import FootageSummary

CLOSE_S = 30.0
MakeExport = Callable[[RunConfig, Path], ReplayRun]


class Keeping(QObject):
    """Export and recording; each has one button that starts it and ends it."""

    def __init__(
        self,
        context: AppContext,
        view: ReplayView,
        files: FilePicker,
        make_export: MakeExport = annotated_export,
    ) -> None:
        super().__init__(view)
        self._context, self._view, self._files = context, view, files
        self._make_export = make_export
        self._desk: ReplayDesk | None = None
        self._export: tuple[ReplayRun, Path] | None = None
        view.export_wanted.connect(self._on_export)
        view.record_wanted.connect(self._on_record)
        context.runs.phase_changed.connect(lambda phase: self.refresh())
        self.refresh()

    def adopt(self, desk: ReplayDesk) -> None:
        self._desk = desk

    def pull(self) -> None:
        """How far they are; called by the page's timer."""
        self._pull_export()
        status = self._context.runs.recording
        if status is not None:
            self._show_recording(status)

    def refresh(self) -> None:
        """Whether there is a line to be recorded."""
        self._show_recording(self._context.runs.recording)

    def close(self) -> None:
        """The window closes: a half-made video is taken away, and that is waited for."""
        self._files.close()
        if self._export is not None:
            self._export[0].cancel()
            self._export[0].join(CLOSE_S)
        self._export = None

    # the annotated video

    def _on_export(self) -> None:
        if self._export is not None:
            self._export[0].cancel()
            return
        config = self._config()
        if config is None or self._desk is None:
            return
        footage = self._desk.footage
        proposed = footage.with_name(f"{footage.stem}-annotated.mp4")
        self._files.ask_save(
            tr("Save the annotated video"), proposed, lambda path: self.export(config, path)
        )

    def export(self, config: RunConfig, path: Path) -> None:
        """Makes the video in the background."""
        try:
            run = self._make_export(config, path)
        except InspectorError as error:
            self._view.set_note(str(error), "danger")
            return
        self._export = (run, path)
        self._view.set_exporting(0.0)
        run.start()

    def _config(self) -> RunConfig | None:
        """The run on show, its taught recipe and all; None where it has not finished."""
        run = self._desk.current if self._desk is not None else None
        outcome = run.outcome() if run is not None else None
        if outcome is None:
            return None
        return replace(outcome.config, recipe=outcome.recipe, roi=None, empty_frames=None)

    def _pull_export(self) -> None:
        if self._export is None:
            return
        run, path = self._export
        status = run.status()
        if not status.phase.is_end:
            self._view.set_exporting(status.share or 0.0)
            return
        self._export = None
        self._view.set_exporting(None)
        if status.phase is Phase.FINISHED:
            self._view.set_note(tr("Saved %1").replace("%1", str(path)))
        elif status.error is not None:
            self._view.set_note(str(status.error), "danger")
        else:
            self._view.set_note(tr("The export was cancelled; nothing was kept"))

    # footage of the running line

    def _on_record(self) -> None:
        runs = self._context.runs
        if runs.recording is not None:
            runs.stop_recording(self._context.work, self._on_kept)
            return
        now = dt.datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
        try:
            runs.start_recording(self._context.paths.recordings / f"{now}.mkv")
        except InspectorError as error:
            self._view.set_note(str(error), "danger")
        self.refresh()

    def _on_kept(self, outcome: Outcome[FootageSummary | None]) -> None:
        self.refresh()
        if isinstance(outcome, Failed):
            self._view.set_note(str(outcome.error), "danger")
        elif isinstance(outcome, Done) and outcome.value is not None:
            kept = outcome.value
            words = tr("Kept %1 frames as %2").replace("%1", f"{kept.frames:,}")
            self._view.set_note(words.replace("%2", str(kept.path)))

    def _show_recording(self, status: RecordingStatus | None) -> None:
        text = ""
        if status is not None:
            text = tr("Stop, %1 s").replace("%1", f"{status.seconds:.0f}")
        self._view.set_recording(possible=self._context.runs.can_record, text=text)
