"""Who is signed in at the window, and what they may; back to Operator when idle."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal

from inspector.core.roles import Right, Role, may, why_not
from inspector.errors import InspectorError, StoreError
from inspector.gui.work import Done, Failed, Outcome, WorkRunner
from inspector.station.people import Access, People, Person, Roster

_ACTIVITY = frozenset(
    {
        QEvent.Type.MouseButtonPress,
        QEvent.Type.KeyPress,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TouchUpdate,
    }
)


class WindowAccess(QObject):
    """Starts as Operator (on a station without users: open). Lives on the GUI thread.

    ``changed`` whenever somebody else is signed in or there are other users.
    ``unlock_wanted`` asks the window for its PIN pad, with why.
    """

    changed = Signal()
    unlock_wanted = Signal(str)

    def __init__(
        self,
        people: People,
        work: WorkRunner,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Reads the users at once, before anything is shown: nothing is open by mistake."""
        super().__init__()
        self._people, self._work, self._clock = people, work, clock
        self._person: Person | None = None
        self._active_at = clock()
        self.problem: StoreError | None = None
        try:
            self._roster = people.roster()
        except StoreError as error:
            # nobody can say who may: nobody may
            self.problem = error
            self._roster = Roster(Access.BROKEN)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.check_idle)

    @property
    def roster(self) -> Roster:
        return self._roster

    @property
    def is_open(self) -> bool:
        """No users: everybody may everything."""
        return self._roster.access is Access.OPEN

    @property
    def person(self) -> Person | None:
        """Who is signed in; None for an Operator and on an open station."""
        return self._person

    @property
    def role(self) -> Role:
        if self.is_open:
            return Role.ADMINISTRATOR
        return self._person.role if self._person else Role.OPERATOR

    def may(self, right: Right) -> bool:
        return may(self.role, right)

    def why_not(self, right: Right) -> str | None:
        """In words; None where it is allowed."""
        refusal = why_not(self.role, right)
        return None if refusal is None else refusal[0].upper() + refusal[1:] + "."

    def require(self, right: Right) -> bool:
        """Whether it is allowed; where not, the window asks for a PIN."""
        refusal = self.why_not(right)
        if refusal is not None:
            self.unlock_wanted.emit(refusal)
        return refusal is None

    def refresh(self) -> None:
        """Users may have been added at the command line."""
        self._work.submit(lambda job: self._people.roster(), self._on_roster, key="roster")

    def sign_in(self, name: str, secret: str, on_refused: Callable[[InspectorError], None]) -> None:
        """Off the GUI thread; ``changed`` follows, or ``on_refused``."""

        def answer(outcome: Outcome[Person]) -> None:
            if isinstance(outcome, Done):
                self._take(outcome.value)
            elif isinstance(outcome, Failed):
                if not isinstance(outcome.error, InspectorError):
                    raise outcome.error
                on_refused(outcome.error)

        self._work.submit(
            lambda job: self._people.sign_in(name, secret, "at the window"), answer, key="sign-in"
        )

    def sign_out(self, reason: str = "by hand") -> None:
        """Back to Operator at once; the trail follows off the GUI thread."""
        person, self._person = self._person, None
        self._timer.stop()
        self._attend(attend=False)
        if person is None:
            return
        self._work.submit(lambda job: self._people.sign_out(person, reason), lambda outcome: None)
        self.changed.emit()

    def note_activity(self) -> None:
        """A touch or a key; cheap, for it comes with every one of them."""
        self._active_at = self._clock()

    def check_idle(self) -> None:
        """Signs out after the idle time, or waits for what is left of it."""
        if self._person is None:
            return
        left = self._idle_s - (self._clock() - self._active_at)
        if left <= 0:
            self.sign_out(f"idle for {self._roster.idle_minutes} min")
        else:
            self._timer.start(max(1, round(left * 1000)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Of the application: whatever is touched anywhere counts; nothing is held back."""
        if event.type() in _ACTIVITY:
            self.note_activity()
        return False

    def close(self) -> None:
        """With the window, before the workers: the trail keeps that somebody went."""
        self.sign_out("window closed")

    @property
    def _idle_s(self) -> float:
        return 60.0 * self._roster.idle_minutes

    def _take(self, person: Person) -> None:
        self._person = person
        self._attend(attend=True)
        self.note_activity()
        self.check_idle()
        self.changed.emit()

    def _attend(self, *, attend: bool) -> None:
        """Only while somebody is signed in: every event of the program is shown to the filter,
        thousands a second on a running line, and of a window that is closed as of an open one.
        """
        application = QCoreApplication.instance()
        if application is None:
            return
        if attend:
            application.installEventFilter(self)
        else:
            application.removeEventFilter(self)

    def _on_roster(self, outcome: Outcome[Roster]) -> None:
        if not isinstance(outcome, Done) or outcome.value == self._roster:
            return
        self._roster, self.problem = outcome.value, None
        if self._person is not None and not self._is_still(self._person):
            self.sign_out("the user was changed")
        self.changed.emit()

    def _is_still(self, person: Person) -> bool:
        return any(
            (u.name, u.role) == (person.name, person.role) and not u.altered
            for u in self._roster.users
        )
