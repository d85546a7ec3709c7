"""A run: capture, inspection and recording on a thread each, from start to account."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from inspector.core.frame import Frame
from inspector.core.parts import PartAssembler, PartSpan
from inspector.core.recipe import Recipe
from inspector.engine.ahead import Ahead
from inspector.engine.alarm import Alarm
from inspector.engine.capture import CaptureLoop, TriggerCount
from inspector.engine.changeover import (
    Changeover,
    ChangeoverMark,
    ChangeoverSlot,
    InForce,
    Takeover,
)
from inspector.engine.channel import Channel, ChannelClosed
from inspector.engine.focus_watch import FocusWatch
from inspector.engine.judging import Decision, FrameJudge
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
from inspector.engine.watchdog import Hand, StallWatch, Watchdog
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
        self._key_frames: dict[int, Frame] = {}
        self._source_alarm = self._alarm(Trouble.SOURCE, "source")
        self._put_in_force(InForce(setup.predictor, setup.recipe))
        self._hand = Hand()
        self._inspect_ended = threading.Event()
        self._threads = self._make_threads()
        self._started = False

    def _put_in_force(self, in_force: InForce) -> None:
        setup = self._setup
        self._focus = self._focus_watch(in_force.recipe)
        self._judge = FrameJudge(in_force.predictor, in_force.recipe, setup.run_id, self._focus)
        self._assembler = PartAssembler(
            setup.run_id, in_force.model_id, in_force.recipe, setup.new_id
        )
        self._in_force = in_force

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
            self._thread("inspect", self._inspect, self._on_inspect_exit, may_hang=True),
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

    def _focus_watch(self, recipe: Recipe) -> FocusWatch:
        alarm = self._alarm(Trouble.FOCUS, "focus")
        return FocusWatch(recipe, alarm.lost, alarm.back)

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
            self._inspect_ended,
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
        return self._in_force

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

    def _inspect(self) -> None:
        while True:
            item = self._frames.get()
            if isinstance(item, PartSpan):
                self._end_part(item)
            elif isinstance(item, ChangeoverMark):
                self._take_over(item)
            else:
                self._hand.take(item)
                self._policy.served(item)
                self._decide(item)

    def _on_inspect_exit(self) -> None:
        """After a failure: frames are dropped, but parts still end and are recorded.

        After a healthy end there is nothing left to do; after one in its stead, neither.
        """
        self._ahead.forget()
        self._ahead.close()
        if self._hand.abandoned:
            return
        try:
            if self._hand.drop() is not None:
                self._board.count_dropped(DropCause.STOP)
            self._end_what_is_left()
        finally:
            self._decided.close()
            self._inspect_ended.set()

    def _end_what_is_left(self) -> None:
        with suppress(ChannelClosed):
            while True:
                item = self._frames.get()
                if isinstance(item, PartSpan):
                    self._end_part(item)
                elif isinstance(item, Ticket):
                    self._board.count_dropped(DropCause.STOP)

    def _decide(self, ticket: Ticket) -> None:
        look = self._ahead.look(ticket, self._frames.waiting, self._judge.look)
        decision = self._judge.conclude(look)
        self._hand.release()
        self._settle(decision)

    def _settle(self, decision: Decision) -> None:
        ticket = decision.ticket
        self._board.count_decided(decision.verdict)
        self._board.time_frame(decision.timings, judged=decision.was_judged)
        part = ticket.part_index if ticket.settled else None
        if part is not None and self._assembler.add(part, decision.inspections):
            self._key_frames[part] = ticket.frame
            decision = replace(decision, leads=True)
        self._decided.put(Decided(inspections=decision.inspections))
        for observer in self._setup.frame_observers:
            observer.on_decision(decision)

    def _end_part(self, span: PartSpan) -> None:
        part = self._assembler.end(span)
        frame = self._key_frames.pop(span.part_index, None)
        self._decided.put(Decided(part=part, key_frame=frame))

    def _take_over(self, mark: ChangeoverMark) -> None:
        if self._assembler.has_open_parts:
            raise StateError("a changeover came while a part was open")
        self._ahead.forget()
        self._focus.end()
        asked, before = mark.changeover, self._in_force
        self._put_in_force(InForce(asked.predictor, asked.recipe))
        takeover = Takeover(
            first_frame=mark.first_frame,
            at=mark.at,
            model_id=asked.predictor.model_id,
            recipe=asked.recipe,
            before_model_id=before.model_id,
            before_recipe=before.recipe,
            who=asked.who,
            reason=asked.reason,
        )
        self._decided.put(Decided(takeover=takeover))
        asked.outcome.set_result(takeover)

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
        self._setup.on_event("network_back", self._in_force.model_id)

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

    def _end_instead(self, ticket: Ticket, waited_s: float) -> None:
        """On the watchdog's thread, for an inspection thread that hangs: parts still end."""
        why = f"the network has not answered for {waited_s:.0f} s: start the run again"
        self._on_error(InferenceError(why))
        self._ahead.close()
        try:
            self._settle(self._judge.refuse(ticket, "the network did not answer"))
            self._end_what_is_left()
        finally:
            self._decided.close()

    def _alarm(self, trouble: Trouble, name: str) -> Alarm:
        info, on_event = self._setup.info, self._setup.on_event
        return Alarm(self._board, on_event, trouble, name, info.source_id)

    def _on_outage(self, what: str) -> None:
        self._board.count_restart()
        self._source_alarm.lost(what)
