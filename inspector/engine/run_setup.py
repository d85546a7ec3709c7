"""What a run is made of, and who looks on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from inspector.core.frame import SourceInfo
from inspector.core.protocols import FrameSource, Predictor, RecordSink
from inspector.core.recipe import Recipe
from inspector.engine.alarm import OnEvent
from inspector.engine.capture import GrabObserver
from inspector.engine.focus_memory import FocusMemory
from inspector.engine.judging import Decision
from inspector.engine.recorder import PartListener, TakeoverListener
from inspector.engine.supervisor import RestartPolicy
from inspector.engine.watchdog import Patience


class FrameObserver(Protocol):
    """Sees every decided frame with its predictions, on the inspection thread.

    Must be quick where the source is live: the line waits for it.
    """

    def on_decision(self, decision: Decision) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class RunSetup:
    """All that a run needs; the source is open already, with the info it gave.

    ``new_id`` makes part ids. ``on_event(kind, detail)`` hears of outages, from any
    thread, ``on_takeover`` of changeovers, on the recorder thread.
    ``trigger_frames`` are frame indices that count as triggers. ``ahead``: how many frames
    may be looked at side by side where none is ever dropped; the predictor must stand it.
    ``alone``: no other camera asks the model, so that whoever asks may have other things to do
    meanwhile. ``rehearses``: see ``FrameJudge``. ``focus``: how sharp the pictures of runs before
    this one were; by default nobody knows.
    """

    run_id: str
    source: FrameSource
    info: SourceInfo
    predictor: Predictor
    recipe: Recipe
    new_id: Callable[[], str]
    sinks: Sequence[RecordSink] = ()
    part_listeners: Sequence[PartListener] = ()
    frame_observers: Sequence[FrameObserver] = ()
    grab_observers: Sequence[GrabObserver] = ()
    on_event: OnEvent = field(default=lambda kind, detail: None)
    on_takeover: TakeoverListener = field(default=lambda takeover: None)
    restart: RestartPolicy = field(default_factory=RestartPolicy)
    patience: Patience = field(default_factory=Patience)
    trigger_frames: frozenset[int] = frozenset()
    ahead: int = 1
    alone: bool = True
    rehearses: bool = False
    focus: FocusMemory = field(default_factory=FocusMemory)
