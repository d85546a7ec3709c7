"""The picture under the editor: from the running line, or a preview of the job's source."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from inspector.core.camera import CameraSettings
from inspector.core.frame import Frame, Image
from inspector.core.protocols import FrameSource
from inspector.gui.context import AppContext
from inspector.gui.engineer.preview_pump import PreviewPump
from inspector.gui.jobs.desk import beside
from inspector.gui.jobs.draft import Draft
from inspector.gui.runs.events import Shown
from inspector.sources.factory import open_source
from inspector.sources.options import SourceOptions
from inspector.sources.preview import PreviewState, PreviewView


class EditorPicture(QObject):
    """``frame_came(Frame)`` for every new one, ``failed(text)``, ``stopped``.

    Where the window's own run reads the same source, its pictures are shown: the device
    is not opened a second time.
    """

    frame_came = Signal(object)
    failed = Signal(str)
    stopped = Signal(str)

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._pump = PreviewPump(context.work, self)
        self._pump.view_pulled.connect(self._on_view)
        self._from_run = False
        self._last: Frame | None = None
        self._refused: tuple[str, ...] = ()
        context.runs.frame_shown.connect(self._on_run)
        context.runs.ended.connect(lambda snapshot: self._on_run_ended())

    @property
    def is_on(self) -> bool:
        return self._from_run or self._pump.is_on

    @property
    def image(self) -> Image | None:
        """The last one, live or not."""
        return self._last.image if self._last is not None else None

    @property
    def refused(self) -> tuple[str, ...]:
        """What the camera did not accept of the job's settings."""
        return self._refused

    def start(self, draft: Draft) -> None:
        """Of the job's source, with the camera settings of the draft."""
        self.stop()
        if draft.job.source is None:
            self.failed.emit(self.tr("The job has no source yet: choose one under Sources."))
            return
        address = beside(self._context.paths.jobs, draft.job.source)
        if self._runs_on(address):
            self._from_run = True
            return
        self._pump.start(self._maker(address, draft.job.credential, draft.job.camera))

    def stop(self) -> None:
        """The last picture stays."""
        was_on = self.is_on
        self._from_run = False
        self._pump.stop()
        if was_on:
            self.stopped.emit("")

    def forget(self) -> None:
        """Another job: its picture is another one."""
        self.stop()
        self._last, self._refused = None, ()

    def close(self) -> None:
        """With the window."""
        self._from_run = False
        self._pump.close()

    def _runs_on(self, address: str) -> bool:
        snapshot = self._context.runs.snapshot
        active = self._context.runs.is_active
        return active and snapshot is not None and snapshot.config.source == address

    def _maker(
        self, address: str, credential: str | None, camera: CameraSettings | None
    ) -> Callable[[], FrameSource]:
        credentials = self._context.credentials

        def make() -> FrameSource:
            held = credentials.require(credential) if credential else None
            options = SourceOptions(
                realtime=True,
                camera=camera,
                username=held.username if held else None,
                password=held.password if held else None,
            )
            return open_source(address, options)

        return make

    def _on_view(self, view: PreviewView) -> None:
        if view.state is PreviewState.FAILED:
            self.failed.emit(str(view.error))
            return
        if view.info is not None:
            self._refused = view.info.refused
        if view.frame is not None and view.frame is not self._last:
            self._take(view.frame)
        if view.state is PreviewState.ENDED:
            self.stopped.emit(self.tr("The footage has ended"))

    def _on_run(self, shown: Shown) -> None:
        if self._from_run:
            self._take(shown.frame)

    def _on_run_ended(self) -> None:
        if self._from_run:
            self._from_run = False
            self.stopped.emit(self.tr("The run has ended"))

    def _take(self, frame: Frame) -> None:
        self._last = frame
        self.frame_came.emit(frame)
