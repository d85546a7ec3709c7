"""Which product is to be inspected, and the way from its job file to a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from inspector.config import RunConfig, config_for_job
from inspector.core.roles import Right
from inspector.engine.status import StopReason
from inspector.gui.job_list import JobEntry, list_jobs
from inspector.gui.notices import Notice, NoticeBoard, Severity
from inspector.gui.paths import Paths
from inspector.gui.runs.controller import RunController
from inspector.gui.runs.session import RunSnapshot
from inspector.gui.settings import SettingsFile
from inspector.gui.words import explain
from inspector.gui.work import Done, Failed, Job, Outcome, WorkRunner
from inspector.sources.address import parse_address

START_NOTICE = "start"


class Launcher(QObject):
    """Reads jobs off the GUI thread; starts the chosen one.

    A configuration given on the command line stands as an entry of its own, named
    after its source.
    """

    jobs_changed = Signal()
    chosen_changed = Signal()

    def __init__(
        self,
        runs: RunController,
        work: WorkRunner,
        notices: NoticeBoard,
        settings: SettingsFile,
        paths: Paths,
        *,
        require: Callable[[Right], bool] = lambda right: True,
        given: RunConfig | None = None,
        loop: bool = False,
    ) -> None:
        """``require``: whether who is at the window may; where not, it asks for a PIN."""
        super().__init__()
        self._require = require
        self._runs, self._work, self._notices = runs, work, notices
        self._settings, self._paths = settings, paths
        self._given = given
        self._loop = loop
        self._jobs: tuple[JobEntry, ...] = ()
        self._chosen = "" if given else settings.values.last_job
        self._stopped = True
        runs.ended.connect(self._on_ended)

    @property
    def jobs(self) -> tuple[JobEntry, ...]:
        return self._jobs

    @property
    def given(self) -> RunConfig | None:
        """The run of the command line, if there was one; chosen by an empty id."""
        return self._given

    @property
    def chosen(self) -> str:
        """A job's id; empty for the run given, or for nothing chosen."""
        return self._chosen

    @property
    def can_start(self) -> bool:
        return bool(self._chosen) or self._given is not None

    def refresh(self) -> None:
        """Reads the folder of jobs again; ``jobs_changed`` follows."""
        folder = self._paths.jobs
        self._work.submit(lambda job: list_jobs(folder), self._on_jobs, key="jobs")

    def choose(self, job_id: str) -> None:
        self._chosen = job_id
        if job_id:
            self._settings.update(last_job=job_id)
        self.chosen_changed.emit()

    def start(self) -> None:
        """Runs what is chosen; refusals become notices. A job anybody may start, what was
        given at the command line is no job.
        """
        if self._chosen:
            self._work.submit(self._load, self._on_config, key="start")
        elif self._given is not None and self._require(Right.RUN_OTHER):
            self._begin(self._given)

    def stop(self) -> None:
        self._stopped = True
        self._work.forget("start")
        self._runs.stop()

    def _load(self, job: Job) -> RunConfig:
        return config_for_job(self._chosen, self._paths.jobs)

    def _on_config(self, outcome: Outcome[RunConfig]) -> None:
        if isinstance(outcome, Done):
            self._begin(outcome.value)
        elif isinstance(outcome, Failed):
            words = explain(outcome.error)
            self._notices.tell(
                Notice(START_NOTICE, Severity.WARNING, words.title, words.advice, words.details)
            )

    def _begin(self, config: RunConfig) -> None:
        self._notices.resolve(START_NOTICE)
        self._stopped = False
        self._runs.start(self.kept(paced(config)))

    def kept(self, config: RunConfig) -> RunConfig:
        """With the window's record and archive, where the configuration names none."""
        return replace(
            config,
            db=config.db or self._paths.db,
            archive=config.archive or self._paths.archive_folder,
        )

    def _on_jobs(self, outcome: Outcome[tuple[JobEntry, ...]]) -> None:
        if isinstance(outcome, Done):
            self._jobs = outcome.value
        if self._chosen and self._chosen not in [job.id for job in self._jobs]:
            self._chosen = ""
        if not self._chosen and self._given is None and self._jobs:
            self._chosen = self._jobs[0].id
        self.jobs_changed.emit()

    def _on_ended(self, snapshot: RunSnapshot) -> None:
        """Bundled footage starts again; a camera that ended is no reason to."""
        status = snapshot.status
        if not self._loop or self._stopped or snapshot.error is not None or status is None:
            return
        if status.stop_reason is StopReason.END_OF_STREAM:
            self._runs.start(snapshot.config)


def paced(config: RunConfig) -> RunConfig:
    """As a person watches it: footage at its own pace with nothing lost, the rest live."""
    if parse_address(config.source).kind == "path":
        return replace(config, realtime=True)
    return replace(config, live=True)
