"""Connects machine, keyring, previews and jobs with the sources view."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from inspector.core.protocols import FrameSource
from inspector.errors import ConfigError, InspectorError, SourceOpenError
from inspector.gui.context import AppContext
from inspector.gui.engineer.cards import sentence
from inspector.gui.engineer.preview_pump import PreviewPump
from inspector.gui.notices import Notice, Severity
from inspector.gui.people.signing import sign_as
from inspector.gui.sources.state import ChosenSource, CredentialState, Kind
from inspector.gui.sources.view import SourcesView
from inspector.gui.work import Cancelled, Done, Failed, Job, Outcome
from inspector.sources.address import parse_address
from inspector.sources.credentials import Credential
from inspector.sources.discover import FoundCamera, find_cameras
from inspector.sources.factory import open_source
from inspector.sources.options import SourceOptions
from inspector.sources.preview import PreviewState, PreviewView
from inspector.station.audit_log import AuditLog
from inspector.station.jobs import JobBook, StoredJob

KEY = "sources"


class SourcesController(QObject):
    """Nothing is opened, listed or asked of the keyring on the GUI thread."""

    def __init__(self, context: AppContext, view: SourcesView) -> None:
        super().__init__(view)
        self._context, self._view = context, view
        self._kind = Kind.CAMERA
        self.pump = PreviewPump(context.work, self)
        view.kind_chosen.connect(self.choose_kind)
        view.edited.connect(self._on_edited)
        view.refresh_wanted.connect(self.look_for_cameras)
        view.preview_wanted.connect(self.preview)
        view.stop_wanted.connect(self.stop)
        view.use_wanted.connect(self.use_for_job)
        view.stream.credential_given.connect(self._keep_credential)
        view.stream.credential_deleted.connect(self._delete_credential)
        self.pump.view_pulled.connect(self._show_preview)
        self.pump.stopped.connect(lambda: view.set_showing(on=False))
        view.sign.set_who(context.settings.values.who)
        sign_as(context.access, view.sign.who)
        self._say_idle()
        self._show_address()

    def on_shown(self) -> None:
        """Cameras and jobs may have come meanwhile."""
        self.look_for_cameras()
        self._read_jobs()

    def choose_kind(self, kind: Kind) -> None:
        self._kind = kind
        self._view.set_kind(kind)
        self.stop()
        self._on_edited()

    def look_for_cameras(self) -> None:
        """Opens none of them."""
        self._view.set_cameras((), self.tr("Looking for cameras …"))
        self._context.work.submit(lambda job: find_cameras(), self._on_cameras, key="cameras")

    def chosen(self) -> ChosenSource:
        """What the form in front describes; raises SourceOpenError for what is missing."""
        text, credential = self._typed()
        return ChosenSource(text, parse_address(text).shown, credential)

    def preview(self) -> None:
        """Opens it on a thread of its own; a running line keeps its camera."""
        try:
            chosen = self.chosen()
        except SourceOpenError as error:
            self._view.set_address(sentence(str(error)), problem=True)
            return
        credentials = self._context.credentials

        def make() -> FrameSource:
            held = credentials.require(chosen.credential) if chosen.credential else None
            options = SourceOptions(
                realtime=True,
                username=held.username if held else None,
                password=held.password if held else None,
            )
            return open_source(chosen.address, options)

        self._view.set_showing(on=True)
        self._view.picture.set_image(None)
        self._view.picture.set_words(self.tr("Opening %1 …").replace("%1", chosen.shown))
        self._view.set_facts("")
        self.pump.start(make)

    def stop(self) -> None:
        """Ends the preview."""
        self.pump.stop()
        self._view.picture.set_image(None)
        self._view.set_facts("")
        self._say_idle()

    def use_for_job(self, name: str, who: str, why: str) -> None:
        """Writes the source into a job's file, audited; the job's next start uses it."""
        try:
            chosen = self.chosen()
        except SourceOpenError as error:
            self._context.report(error, key=KEY)
            return
        self._context.settings.update(who=who)
        paths = self._context.paths

        def save(job: Job) -> StoredJob:
            log = AuditLog(paths.db, self._context.station_id) if paths.db else None
            try:
                book = JobBook(paths.jobs, audit=log.append if log else lambda change: None)
                stored = book.job(name)
                if stored.job is None:
                    raise ConfigError(stored.problem or f"job {name!r} cannot be read")
                source = chosen.address
                if parse_address(source).kind == "path":
                    source = book.relative(Path(source))
                changes = {"source": source, "credential": chosen.credential}
                return book.save(stored.job.model_copy(update=changes), who=who, why=why)
            finally:
                if log is not None:
                    log.close()

        self._context.work.submit(save, self._on_saved)

    def close(self) -> None:
        """With the window."""
        self.pump.close()

    def _typed(self) -> tuple[str, str | None]:
        view = self._view
        if self._kind is Kind.CAMERA:
            if not view.camera():
                raise SourceOpenError(self.tr("Choose a camera"))
            return view.camera(), None
        if self._kind is Kind.STREAM:
            form = view.stream.form()
            return form.address(), form.credential or None
        if self._kind is Kind.FILE:
            if not view.path.text().strip():
                raise SourceOpenError(self.tr("Choose a video file or a folder of pictures"))
            return view.path.text().strip(), None
        return view.simulator_form().address(), None

    def _on_edited(self) -> None:
        self._show_address()
        name = self._view.stream.form().credential
        if self._kind is not Kind.STREAM or not name:
            self._view.stream.set_credential(CredentialState())
            return
        credentials = self._context.credentials

        def look(job: Job) -> CredentialState:
            why_not = credentials.why_session_only
            return self._credential_state(known=credentials.find(name) is not None, why=why_not)

        self._context.work.submit(look, self._on_credential, key="credential")

    def _credential_state(self, *, known: bool, why: str | None) -> CredentialState:
        if known and why is None:
            return CredentialState(True, self.tr("Kept in this system's keyring."))
        if known:
            return CredentialState(True, why or "")
        return CredentialState(False, why or self.tr("Not kept yet: type user name and password."))

    def _show_address(self) -> None:
        try:
            self._view.set_address(self.chosen().shown, problem=False)
        except SourceOpenError as error:
            self._view.set_address(sentence(str(error)), problem=True)

    def _on_cameras(self, outcome: Outcome[tuple[FoundCamera, ...]]) -> None:
        if isinstance(outcome, Done):
            none = self.tr("No camera is connected to this machine. Plug one in, then look again.")
            self._view.set_cameras(outcome.value, "" if outcome.value else none)
        elif isinstance(outcome, Failed):
            self._view.set_cameras((), str(outcome.error))
        self._show_address()

    def _read_jobs(self) -> None:
        folder = self._context.paths.jobs
        self._context.work.submit(
            lambda job: tuple(j.name for j in JobBook(folder).jobs() if j.job is not None),
            self._on_jobs,
            key="source-jobs",
        )

    def _on_jobs(self, outcome: Outcome[tuple[str, ...]]) -> None:
        if isinstance(outcome, Done):
            self._view.set_jobs(outcome.value)
            self._show_address()

    def _keep_credential(self, name: str, username: str, password: str) -> None:
        credentials = self._context.credentials
        secret = Credential(username, password)
        self._context.work.submit(
            lambda job: credentials.save(name, secret), self._on_credential_changed
        )

    def _delete_credential(self, name: str) -> None:
        credentials = self._context.credentials
        self._context.work.submit(lambda job: credentials.delete(name), self._on_credential_changed)

    def _on_credential_changed(self, outcome: Outcome[None]) -> None:
        if isinstance(outcome, Failed):
            self._context.report(outcome.error, key=KEY)
        self._on_edited()

    def _on_credential(self, outcome: Outcome[CredentialState]) -> None:
        if isinstance(outcome, Done):
            self._view.stream.set_credential(outcome.value)
        elif isinstance(outcome, Failed):
            self._view.stream.set_credential(CredentialState(False, str(outcome.error)))

    def _on_saved(self, outcome: Outcome[StoredJob]) -> None:
        if isinstance(outcome, Cancelled):
            return
        if isinstance(outcome, Failed):
            if isinstance(outcome.error, InspectorError):
                title = self.tr("The job was not changed")
                self._context.notices.tell(Notice(KEY, Severity.WARNING, title, str(outcome.error)))
            else:
                self._context.report(outcome.error, key=KEY)
            return
        self._view.sign.clear_why()
        title = self.tr("Job %1 uses this source from its next start on")
        title = title.replace("%1", outcome.value.name)
        self._context.notices.tell(Notice(KEY, Severity.INFO, title))
        self._context.launcher.refresh()

    def _say_idle(self) -> None:
        self._view.picture.set_words(self.tr("Press Preview to look through the source"))

    def _show_preview(self, view: PreviewView) -> None:
        picture = self._view.picture
        if view.state is PreviewState.FAILED:
            picture.set_image(None)
            picture.set_words(sentence(str(view.error)), "warning", danger=True)
            self._view.set_facts("")
            self._view.set_showing(on=False)
            return
        if view.frame is not None:
            picture.set_image(view.frame.image)
            self._view.set_facts(self._facts(view))
        if view.state is PreviewState.ENDED:
            self._view.set_showing(on=False)

    def _facts(self, view: PreviewView) -> str:
        info = view.info
        if info is None:
            return ""
        facts = [f"{info.width} × {info.height}"]
        if view.fps is not None:
            facts.append(self.tr("%1 pictures a second").replace("%1", f"{view.fps:.1f}"))
        facts.append(self.tr("live") if info.is_live else self.tr("recorded"))
        if view.state is PreviewState.ENDED:
            facts.append(self.tr("ended"))
        facts += [self.tr("refused: %1").replace("%1", what) for what in info.refused]
        return "   ·   ".join(facts)
