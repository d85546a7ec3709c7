"""The inspection thread's work: look, judge, put parts together, hand over to the record."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import chain

from inspector.core.frame import Frame
from inspector.core.owed import Owed
from inspector.core.parts import PartAssembler, PartSpan
from inspector.engine.ahead import Ahead
from inspector.engine.alarm import Alarm
from inspector.engine.changeover import ChangeoverMark, InForce, Takeover
from inspector.engine.channel import Channel, ChannelClosed
from inspector.engine.focus_watch import FocusWatch
from inspector.engine.judging import Decision, FrameJudge, Look
from inspector.engine.recorder import Decided
from inspector.engine.run_setup import RunSetup
from inspector.engine.status import DropCause, Scoreboard
from inspector.engine.ticket import Item, NewestWins, Ticket
from inspector.engine.watchdog import Between, Hand, Held
from inspector.errors import StateError


class InspectLoop:
    """Decides on frame after frame until ``frames`` is closed (one thread, or whoever ends the
    run in its stead).

    Attributes:
        in_force: the model and recipe that judge now.
        ended: set once nothing more is decided.
    """

    def __init__(
        self,
        setup: RunSetup,
        frames: Channel[Item],
        decided: Channel[Decided],
        board: Scoreboard,
        *,
        ahead: Ahead,
        hand: Hand,
        policy: NewestWins,
        focus_alarm: Alarm,
    ) -> None:
        self._setup, self._board = setup, board
        self._frames, self._decided = frames, decided
        self._ahead, self._hand, self._policy = ahead, hand, policy
        self._overlaps = setup.alone and not ahead.threads
        self._focus_alarm = focus_alarm
        self._key_frames: dict[int, Frame] = {}
        self.ended = threading.Event()
        self._put_in_force(InForce(setup.predictor, setup.recipe))

    def _put_in_force(self, in_force: InForce) -> None:
        setup, recipe = self._setup, in_force.recipe
        self._focus = FocusWatch(
            recipe,
            self._focus_alarm.lost,
            self._focus_alarm.back,
            info=setup.info,
            product=in_force.model_id.partition("@")[0],
            memory=setup.focus,
        )
        self._judge = FrameJudge(
            in_force.predictor, recipe, setup.run_id, self._focus, rehearses=setup.rehearses
        )
        self._assembler = PartAssembler(setup.run_id, in_force.model_id, recipe, setup.new_id)
        self.in_force = in_force

    def run(self) -> None:
        """Raises ChannelClosed at the end."""
        look: Look | None = None
        while True:
            look = self._first(self._frames.get()) if look is None else self._next(look)

    def on_exit(self) -> None:
        """After a failure: frames are dropped, but parts still end and are recorded.

        After a healthy end there is nothing left to do; after one in its stead, neither.
        """
        self._ahead.forget()
        self._ahead.close()
        in_hand = self._hand.drop()
        if in_hand is None:
            return
        try:
            self._end_what_is_left(in_hand)
        finally:
            self._decided.close()
            self.ended.set()

    def end_instead(self, in_hand: Sequence[Held]) -> None:
        """On another thread, for one that hangs: parts still end."""
        self._ahead.close()
        try:
            for item in in_hand:
                if isinstance(item, PartSpan):
                    self._end_part(item)
                else:
                    self._settle(self._judge.refuse(item, "the network did not answer"))
            self._end_what_is_left()
        finally:
            self._decided.close()

    def _end_what_is_left(self, in_hand: Sequence[Held] = ()) -> None:
        with suppress(ChannelClosed):
            for item in chain(in_hand, iter(self._frames.get, None)):
                if isinstance(item, PartSpan):
                    self._end_part(item)
                elif isinstance(item, Ticket):
                    self._board.count_dropped(DropCause.STOP)

    def _first(self, item: Item) -> Look | None:
        """What is seen of it, where it is a frame; else it is dealt with."""
        if isinstance(item, PartSpan):
            self._end_part(item)
            return None
        if isinstance(item, ChangeoverMark):
            self._take_over(item)
            return None
        self._hand.take(item)
        self._policy.served(item)
        return self._ahead.look(
            item, self._frames.waiting, self._judge.look, got_on=self._hand.go_on
        )

    def _next(self, look: Look) -> Look | None:
        """Decides; where another frame waits behind, while that is computed, and says what is seen
        of it: by one thread, so that nobody waits for the interpreter's lock.
        """
        behind = self._hand.take_next(self._behind)
        if behind is None:
            self._conclude(look)
            return None
        spans, ticket = behind
        self._policy.served(ticket)
        return self._look_beside(ticket, Owed(partial(self._conclude, look, spans)))

    def _behind(self) -> Between | None:
        if not self._overlaps or not self.in_force.predictor.runs_beside:
            return None
        return self._frames.take_through(PartSpan, Ticket)

    def _look_beside(self, ticket: Ticket, owed: Owed) -> Look:
        """``owed`` is done meanwhile, or behind it where there was no time."""
        try:
            return self._judge.look(ticket, owed)
        finally:
            owed()
            owed.check()

    def _conclude(self, look: Look, spans: Sequence[PartSpan] = ()) -> None:
        try:
            decision = self._judge.conclude(look)
            self._hand.release()
            self._settle(decision)
            for span in spans:
                self._hand.release()
                self._end_part(span)
        finally:
            self._hand.go_on()

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
        asked, before = mark.changeover, self.in_force
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
