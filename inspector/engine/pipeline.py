"""A run: capture, inspection and recording on a thread each, from start to account."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence

from inspector.engine.ahead import Ahead
from inspector.engine.alarm import Alarm
from inspector.engine.capture import CaptureLoop, TriggerCount
from inspector.engine.changeover import Changeover, ChangeoverSlot, InForce
from inspector.engine.channel import Channel
from inspector.engine.inspect_loop import InspectLoop
from inspector.engine.picture_watch import PictureWatch
from inspector.engine.recorder import Decided, RecorderLoop
from inspector.engine.run_setup import RunSetup
from inspector.engine.status import (
    DropCause,
    PipelineStatus,
    Scoreboard,
    State,
    StopReason,
    Trouble,
)
from inspector.engine.supervisor import SupervisedSource
from inspector.engine.threads import GuardedThread
from inspector.engine.ticket import Item, NewestWins, Ticket
from inspector.engine.view_watch import ViewWatch
from inspector.engine.watchdog import Hand, Held, StallWatch, Watchdog
from inspector.errors import InferenceError, InspectorError, StateError

LIVE_CAPACITY = 1
REPLAY_CAPACITY = 4
RECORD_CAPACITY = 512


class Pipeline:
    """One run of one source. ``start`` once; ``stop`` from any thread, any number of times."""

    def __init__(self, setup: RunSetup) -> None:
        setup.recipe.check_model(setup.predictor.model_id)
        setup.recipe.check_image(setup.info.width, setup.info.height)
        self._setup = setup
        self._board = Scoreboard()
        self._stopping = threading.Event()
        self._triggers = TriggerCount()
        self._changeovers = ChangeoverSlot()
        self._policy = NewestWins(protect=setup.recipe.parts.mode != "frame")
        live = setup.info.is_live
        self._frames: Channel[Item] = Channel(
            LIVE_CAPACITY if live else REPLAY_CAPACITY, self._policy if live else None
        )
        self._ahead = Ahead(1 if live else setup.ahead)
        self._decided: Channel[Decided] = Channel(RECORD_CAPACITY)
        self._source_alarm = self._alarm(Trouble.SOURCE, "source")
        self._hand = Hand()
        self._inspection = InspectLoop(
            setup,
            self._frames,
            self._decided,
            self._board,
            ahead=self._ahead,
            hand=self._hand,
            policy=self._policy,
            focus_alarm=self._alarm(Trouble.FOCUS, "focus"),
        )
        self._threads = self._make_threads()
        self._started = False

    def _make_threads(self) -> tuple[GuardedThread, ...]:
        capture = CaptureLoop(
            self._supervised(),
            self._setup.recipe,
            self._frames,
            self._board,
            stopping=self._stopping,
            triggers=self._triggers,
            changeovers=self._changeovers,
            policy=self._policy,
            is_live=self._setup.info.is_live,
            fps=self._setup.info.fps,
            picture=self._picture_watch(),
            view=self._view_watch(),
            trigger_frames=self._setup.trigger_frames,
            observers=self._setup.grab_observers,
        )
        recorder = self._recorder = RecorderLoop(
            self._decided,
            self._setup.sinks,
            self._setup.part_listeners,
            self._setup.on_takeover,
            self._board,
        )
        return (
            self._thread("capture", capture.run, self._frames.close),
            *(
                self._thread(f"look-{i}", self._ahead.work, lambda: None, may_hang=True)
                for i in range(self._ahead.threads)
            ),
            self._thread("inspect", self._inspection.run, self._inspection.on_exit, may_hang=True),
            self._thread("record", recorder.run, self._on_recorder_exit),
            self._thread("watch", self._watchdog().run, lambda: None),
        )

    def _view_watch(self) -> ViewWatch:
        info = self._setup.info
        # recorded footage is read at any speed: its own time counts, or none passes
        fps = None if info.is_live else info.fps or math.inf
        alarm = self._alarm(Trouble.VIEW, "view")
        return ViewWatch(fps, alarm.lost, alarm.back)

    def _picture_watch(self) -> PictureWatch:
        alarm = self._alarm(Trouble.PICTURE, "picture")
        return PictureWatch(self._setup.recipe, alarm.lost, alarm.back)

    def _thread(
        self,
        name: str,
        work: Callable[[], None],
        on_exit: Callable[[], None],
        *,
        may_hang: bool = False,
    ) -> GuardedThread:
        return GuardedThread(
            name, work, on_error=self._on_error, on_exit=on_exit, may_hang=may_hang
        )

    def _watchdog(self) -> Watchdog:
        patience = self._setup.patience
        return Watchdog(
            self._hand,
            patience.end_s,
            self._inspection.ended,
            network=StallWatch(
                self._hand.waiting_s, patience.declare_s, self._on_stall, self._on_answer
            ),
            record=StallWatch(
                self._recorder.progress.waiting_s,
                patience.record_s,
                self._on_record_stall,
                self._on_record_return,
            ),
            on_dead=self._end_instead,
        )

    def _supervised(self) -> SupervisedSource:
        return SupervisedSource(
            self._setup.source,
            self._setup.info,
            stopping=self._stopping,
            on_outage=self._on_outage,
            on_return=self._source_alarm.back,
            policy=self._setup.restart,
        )

    def start(self) -> None:
        """Raises StateError where it was started before."""
        if self._started:
            raise StateError("a pipeline is started once; make a new one for the next run")
        self._started = True
        self._board.start()
        for thread in self._threads:
            thread.start()

    @property
    def started(self) -> bool:
        return self._started

    def trigger(self) -> None:
        """A part is there now (trigger mode); from any thread."""
        self._triggers.add()

    @property
    def in_force(self) -> InForce:
        """The model and recipe that judge now."""
        return self._inspection.in_force

    def change_over(self, changeover: Changeover) -> None:
        """Lets another model and recipe take over at the first frame without a part in view.

        Returns at once; ``changeover.outcome`` tells when it has happened. Raises
        RecipeMismatchError, ConfigError for a region outside the pictures, StateError
        where the run has ended or another changeover waits.
        """
        changeover.recipe.check_model(changeover.predictor.model_id)
        changeover.recipe.check_image(self._setup.info.width, self._setup.info.height)
        self._changeovers.put(changeover)

    def stop(self) -> None:
        """Asks for an end: what was decided is recorded, what waits is counted as dropped."""
        if self._stopping.is_set():
            return
        self._board.end(StopReason.REQUESTED)
        self._board.set_state(State.STOPPING)
        self._stopping.set()
        self._setup.source.interrupt()

    def wait(self, timeout: float | None = None) -> bool:
        """Whether the run ended in time."""
        deadline = None if timeout is None else time.monotonic() + timeout
        # the watchdog ends once the inspection has ended, or never will
        for thread in reversed(self._threads):
            if not self._is_lost(thread):
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                thread.join(left)
        return not self._running()

    def _running(self) -> list[str]:
        """Names of the threads that have not ended and can be waited for."""
        return [t.name for t in self._threads if t.is_alive() and not self._is_lost(t)]

    def _is_lost(self, thread: GuardedThread) -> bool:
        """It hangs, maybe for ever: the run has been ended in its stead."""
        return self._hand.abandoned and thread.may_hang

    def join(self, timeout: float = 30.0) -> PipelineStatus:
        """The final status, after a stop or the source's end.

        Raises InspectorError naming the threads that did not end in time. The first
        error of the run, if any, stands in the status.
        """
        if not self.wait(timeout):
            stuck = ", ".join(self._running())
            raise InspectorError(f"the run did not end within {timeout:.0f} s; stuck: {stuck}")
        self._changeovers.close()
        left = [i for i in self._frames.discard() if isinstance(i, Ticket)]
        self._board.count_dropped(DropCause.STOP, len(left))
        self._board.end(StopReason.END_OF_STREAM)
        self._board.finish()
        return self.status()

    def status(self) -> PipelineStatus:
        return self._board.snapshot()

    def _on_error(self, error: BaseException) -> None:
        self._board.fail(error)
        self._stopping.set()
        self._setup.source.interrupt()

    def _on_recorder_exit(self) -> None:
        # without a record nothing may be decided any more: wake and end the others
        self._decided.close()
        self._frames.close()
        self._stopping.set()
        self._setup.source.interrupt()

    def _on_stall(self, waited_s: float) -> None:
        self._board.degrade(Trouble.NETWORK)
        self._setup.on_event("network_stalled", f"no answer for {waited_s:.1f} s")

    def _on_answer(self) -> None:
        self._board.recover(Trouble.NETWORK)
        self._setup.on_event("network_back", self.in_force.model_id)

    def _on_record_stall(self, waited_s: float) -> None:
        self._board.degrade(Trouble.RECORD)
        detail = (
            f"nothing recorded or announced for {waited_s:.1f} s: does the disk answer, and "
            "is what is printed being read?"
        )
        # whoever is told may hang by the same fault, and the watchdog must not wait for him
        threading.Thread(
            target=self._setup.on_event, args=("record_stalled", detail), name="tell", daemon=True
        ).start()

    def _on_record_return(self) -> None:
        self._board.recover(Trouble.RECORD)
        self._setup.on_event("record_back", "recording goes on; nothing was lost")

    def _end_instead(self, in_hand: Sequence[Held], waited_s: float) -> None:
        """On the watchdog's thread, for an inspection thread that hangs."""
        why = f"the network has not answered for {waited_s:.0f} s: start the run again"
        self._on_error(InferenceError(why))
        self._inspection.end_instead(in_hand)

    def _alarm(self, trouble: Trouble, name: str) -> Alarm:
        info, on_event = self._setup.info, self._setup.on_event
        return Alarm(self._board, on_event, trouble, name, info.source_id)

    def _on_outage(self, what: str) -> None:
        self._board.count_restart()
        self._source_alarm.lost(what)
