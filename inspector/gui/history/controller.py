"""Connects the record, the window's services and the history's view."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage

from inspector.core.label import Judgement, Label
from inspector.core.roles import Right
from inspector.errors import InputError
from inspector.gui.context import AppContext
from inspector.gui.engineer.cards import sentence
from inspector.gui.history import words
from inspector.gui.history.reader import HistoryReader, Offered, PartDetail
from inspector.gui.history.view import HistoryView
from inspector.gui.people.signing import sign_as
from inspector.gui.widgets.picture import to_qimage
from inspector.gui.work import Done, Failed, Job, Outcome
from inspector.store.history import HistoryRow, Key, Outline
from inspector.store.label_files import Written
from inspector.store.part_filter import PartFilter

KEY = "history"
POLL_MS = 1000
SETTLE_MS = 250
"""From the last change of a filter to the question: while someone types nothing is asked."""


class HistoryController(QObject):
    """Asks off the GUI thread; of the same question only the newest answer is shown."""

    def __init__(self, context: AppContext, view: HistoryView, reader: HistoryReader) -> None:
        super().__init__(view)
        self._context, self._view, self._reader = context, view, reader
        self._wanted = PartFilter()
        self._ready = self._polling = self._fetching = False
        self._asked: tuple[int, int] | None = None
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self.reload)
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self.look_for_newer)
        self._connect()
        view.details.labels.who.setText(context.settings.values.who)
        sign_as(context.access, view.details.labels.who)
        view.details.labels.unlock.clicked.connect(
            lambda checked=False: context.access.require(Right.LABEL)
        )
        context.access.changed.connect(self._show_access)
        self._show_access()

    def _connect(self) -> None:
        view = self._view
        view.filters.changed.connect(self._settle.start)
        view.model.rows_wanted.connect(self._fetch_rows)
        view.model.thumbs_wanted.connect(self._fetch_thumbs)
        view.table.part_chosen.connect(self._show_part)
        view.details.labels.said.connect(self._say)
        view.details.labels.undone.connect(self._undo)

    def start(self) -> None:
        """The page is in view: look, and go on looking for parts that come."""
        self._ask_choices()
        if self._ready:
            self.look_for_newer()
        else:
            self.reload()
        self._poll.start()

    def stop(self) -> None:
        self._poll.stop()

    def reload(self) -> None:
        """Asks for the history that the filters want, from its beginning."""
        self._settle.stop()
        self._wanted = wanted = self._view.filters.wanted(dt.datetime.now(dt.UTC))
        self._ready = False
        self._asked = None
        self._context.work.forget(f"{KEY}.rows")
        self._view.set_count(words.tr("Looking …"))
        self._context.work.submit(
            lambda job: self._reader.outline(wanted, job.check), self._on_outline, key=KEY
        )

    def look_for_newer(self) -> None:
        """Parts that came since, before those that are shown."""
        if not self._ready or self._polling:
            return
        wanted, than = self._wanted, self._view.model.outline.newest()
        self._polling = True
        self._context.work.submit(
            lambda job: self._reader.newer(wanted, than),
            lambda outcome: self._on_newer(wanted, than, outcome),
        )

    def _on_outline(self, outcome: Outcome[Outline]) -> None:
        match outcome:
            case Done(outline):
                self._ready = True
                self._view.model.set_outline(outline)
                self._view.table.scrollToTop()
                self._show_count()
                if outline.total:
                    self._view.table.choose(0)
                else:
                    self._view.details.set_none()
            case Failed(error):
                self._view.set_count("")
                self._view.set_empty(sentence(str(error)), "warning")
                self._context.report(error, key=KEY)

    def _on_newer(
        self, wanted: PartFilter, than: Key | None, outcome: Outcome[list[HistoryRow]]
    ) -> None:
        self._polling = False
        if isinstance(outcome, Failed):
            self._context.report(outcome.error, key=KEY)
        model = self._view.model
        stale = wanted != self._wanted or than != model.outline.newest() or not self._ready
        if not isinstance(outcome, Done) or stale or not outcome.value:
            return
        first = model.outline.total == 0
        model.grow(outcome.value)
        self._show_count()
        if first:
            self._view.table.choose(0)
            self._ask_choices()

    def _show_count(self) -> None:
        total = self._view.model.outline.total
        unfiltered = self._wanted.is_empty
        self._view.set_count(words.tr("%1 parts").replace("%1", f"{total:,}"))
        if total:
            self._view.set_empty(None)
        elif unfiltered:
            self._view.set_empty(
                words.tr(
                    "No part has been inspected yet.\n"
                    "Every part will be listed here as soon as an inspection has recorded it."
                ),
                "history",
            )
        else:
            text = words.tr("No part is like that.\nWiden the filters, or press Show all.")
            self._view.set_empty(text, "search")

    def _fetch_rows(self, first: int, count: int) -> None:
        if (first, count) == self._asked or not self._ready:
            return
        self._asked = first, count
        wanted, known = self._wanted, self._view.model.outline
        self._context.work.submit(
            lambda job: self._reader.rows(wanted, known, first, count),
            lambda outcome: self._on_rows(known, first, outcome),
            key=f"{KEY}.rows",
        )

    def _on_rows(self, known: Outline, first: int, outcome: Outcome[list[HistoryRow]]) -> None:
        self._asked = None
        match outcome:
            case Done(rows):
                # parts may have come in above in the meantime
                moved = self._view.model.outline.total - known.total
                self._view.model.set_rows(first + moved, rows)
            case Failed(error):
                self._context.report(error, key=KEY)

    def _fetch_thumbs(self, rows: Sequence[HistoryRow]) -> None:
        if self._fetching:
            return
        self._fetching = True

        def work(job: Job) -> dict[str, QImage | None]:
            found = self._reader.thumbnails(rows, job.check)
            return {k: None if v is None else to_qimage(v) for k, v in found.items()}

        self._context.work.submit(work, self._on_thumbs)

    def _on_thumbs(self, outcome: Outcome[dict[str, QImage | None]]) -> None:
        self._fetching = False
        match outcome:
            case Done(thumbs):
                self._view.model.set_thumbs(thumbs)
            case Failed(error):
                self._context.report(error, key=KEY)

    def _show_part(self, row: HistoryRow | None) -> None:
        if row is None:
            self._context.work.forget(f"{KEY}.part")
            self._view.details.set_none()
            return
        self._view.details.set_row(row)
        self._ask_detail(row.part_id)

    def _ask_detail(self, part_id: str) -> None:
        self._context.work.submit(
            lambda job: self._reader.detail(part_id), self._on_detail, key=f"{KEY}.part"
        )

    def _on_detail(self, outcome: Outcome[PartDetail | None]) -> None:
        match outcome:
            case Done(detail) if detail is not None:
                self._view.details.set_detail(detail)
            case Done():
                self._view.details.set_none()
            case Failed(error):
                self._context.report(error, key=KEY)

    def _show_access(self) -> None:
        self._view.details.labels.set_refusal(self._context.access.why_not(Right.LABEL))

    def _say(self, judgement: Judgement, kind: str | None, who: str, why: str) -> None:
        part_id = self._view.details.part_id
        if part_id is None:
            return
        now = dt.datetime.now(dt.UTC)
        try:
            label = Label(
                part_id=part_id,
                at=now,
                who=who,
                judgement=judgement,
                why=why,
                defect_type=kind,
            )
        except InputError as error:
            self._view.details.labels.set_message(sentence(str(error)), "danger")
            return
        self._context.settings.update(who=who)
        self._keep(label)

    def _undo(self, who: str, why: str) -> None:
        """One more label, like the one before the last; the last one stays readable."""
        part_id = self._view.details.part_id
        if part_id is None:
            return

        def work(job: Job) -> tuple[Label, Written]:
            detail = self._reader.detail(part_id)
            labels = detail.labels if detail else ()
            before = labels[-2] if len(labels) > 1 else None
            label = Label(
                part_id=part_id,
                at=dt.datetime.now(dt.UTC),
                who=who,
                judgement=before.judgement if before else Judgement.WITHDRAWN,
                defect_type=before.defect_type if before else None,
                why=why,
            )
            return label, self._reader.say(label)

        self._begin(work)

    def _keep(self, label: Label) -> None:
        self._begin(lambda job: (label, self._reader.say(label)))

    def _begin(self, work: object) -> None:
        self._view.details.labels.set_busy()
        self._context.work.submit(work, self._on_said)  # type: ignore[arg-type]

    def _on_said(self, outcome: Outcome[tuple[Label, Written]]) -> None:
        labels = self._view.details.labels
        match outcome:
            case Done((label, written)):
                self._view.model.set_label(label.part_id, label)
                if label.part_id == self._view.details.part_id:
                    labels.set_message(words.written_words(written))
                    labels.why.clear()
                self._ask_choices()
            case Failed(error):
                labels.set_message(sentence(str(error)), "danger")
                self._context.report(error, key=KEY)
        if self._view.details.part_id is not None:
            self._ask_detail(self._view.details.part_id)

    def _ask_choices(self) -> None:
        self._context.work.submit(
            lambda job: self._reader.offered(), self._on_choices, key=f"{KEY}.choices"
        )

    def _on_choices(self, outcome: Outcome[Offered]) -> None:
        match outcome:
            case Done(offered):
                self._view.filters.set_choices(offered.choices)
                self._view.details.labels.set_types(offered.types)
            case Failed(error):
                self._context.report(error, key=KEY)
