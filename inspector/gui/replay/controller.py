"""Connects the desk with the view: footage, player and jumps."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from inspector.core.timeline import Goal, Timeline
from inspector.engine.playback import SPEEDS, PlayerStatus
from inspector.engine.playback import Shown as Played
from inspector.gui.context import AppContext
from inspector.gui.replay.files import FilePicker
from inspector.gui.replay.keeping import Keeping
from inspector.gui.replay.runs import ReplayRuns
from inspector.gui.replay.setup import product_of
from inspector.gui.replay.view import ReplayView, focus_stage
from inspector.gui.replay.words import (
    as_shown,
    footage_facts,
    nothing_more,
    place_words,
    run_caption,
    tr,
)
from inspector.gui.work import Done, Failed, Outcome
from inspector.station.replay_desk import ReplayDesk

PULL_MS = 33
TIMELINE_EVERY = 6
"""Pulls between two looks at the timeline of a run in progress."""
MOST_RECENT = 8

MakeDesk = Callable[[Path], ReplayDesk]


class ReplayController(QObject):
    """One timer pulls picture and place from the player; nothing is pushed to the screen."""

    def __init__(
        self, context: AppContext, view: ReplayView, make_desk: MakeDesk = ReplayDesk
    ) -> None:
        super().__init__(view)
        self._context, self._view, self._make_desk = context, view, make_desk
        self._desk: ReplayDesk | None = None
        self._leaving: list[ReplayDesk] = []
        self._drawn: tuple[object, ...] = ()
        self._ticks = 0
        self._told_error = False
        self.files = FilePicker(view, context)
        self.runs = ReplayRuns(context, view, self.files)
        self.runs.findings_changed.connect(self._renew)
        self.keeping = Keeping(context, view, self.files)
        self._timer = QTimer(self)
        self._timer.setInterval(PULL_MS)
        self._timer.timeout.connect(self.pull)
        self._connect()
        view.set_recent(self._recent())

    @property
    def desk(self) -> ReplayDesk | None:
        """Of the footage that is open; None for none."""
        return self._desk

    def show(self) -> None:
        """The page came to the front."""
        self.runs.refresh_choices()
        self.keeping.refresh()
        self._timer.start()
        self.pull()

    def hide(self) -> None:
        """Another page came to the front: playing on would show nobody anything."""
        self._timer.stop()
        if self._desk is not None:
            self._desk.player.pause()

    def open(self, path: Path) -> None:
        """Opens a video or a folder; what was open is closed when this one is there."""
        make, jobs = self._make_desk, self._context.paths.jobs
        self._context.work.submit(
            lambda job: (make(path), product_of(path, jobs)), self._on_desk, key="replay-open"
        )

    def close(self) -> None:
        """The window closes: everything is ended and waited for."""
        self._timer.stop()
        self.keeping.close()
        self._context.work.forget("replay-open")
        for desk in (*self._leaving, self._desk):
            if desk is not None:
                desk.close()
        self._desk, self._leaving = None, []

    def _on_desk(self, outcome: Outcome[tuple[ReplayDesk, str]]) -> None:
        if isinstance(outcome, Failed):
            self._view.set_note(str(outcome.error), "danger")
        elif isinstance(outcome, Done):
            self._adopt(*outcome.value)

    def _adopt(self, desk: ReplayDesk, product: str) -> None:
        self._leave()
        self._desk = desk
        self._drawn, self._told_error = (), False
        desk.open()
        self._view.set_footage(desk.footage.name, "")
        self._view.set_note(desk.truth.problem or "")
        self._view.timeline.set_timeline(None)
        self.runs.adopt(desk, product)
        self.keeping.adopt(desk)
        self._remember(desk.footage)
        focus_stage(self._view)

    def _leave(self) -> None:
        """Closing waits for a thread, so somebody else does it."""
        old = self._desk
        if old is None:
            return
        old.cancel()
        self._leaving.append(old)
        self._context.work.submit(lambda job: old.close(), lambda outcome: self._gone(old))

    def _gone(self, desk: ReplayDesk) -> None:
        if desk in self._leaving:
            self._leaving.remove(desk)

    def _recent(self) -> list[Path]:
        return [Path(p) for p in self._context.settings.values.recent_footage]

    def _remember(self, path: Path) -> None:
        here = path.absolute()
        recent = [here, *(p for p in self._recent() if p != here)][:MOST_RECENT]
        self._context.settings.update(recent_footage=tuple(map(str, recent)))
        self._view.set_recent(recent)

    # what a person does

    def _connect(self) -> None:
        view = self._view
        view.open_file_wanted.connect(lambda: self.files.ask_video(self.open))
        view.open_folder_wanted.connect(lambda: self.files.ask_folder(self.open))
        view.footage_wanted.connect(self.open)
        view.toggle_wanted.connect(self._toggle)
        view.pause_wanted.connect(lambda: self._with(lambda d: d.player.pause()))
        view.forward_wanted.connect(lambda: self._shuttle(1))
        view.reverse_wanted.connect(lambda: self._shuttle(-1))
        view.step_wanted.connect(lambda n: self._with(lambda d: d.player.step(n)))
        view.seek_wanted.connect(lambda n: self._with(lambda d: d.player.seek(n)))
        view.edge_wanted.connect(self._go_to_edge)
        view.speed_wanted.connect(lambda s: self._with(lambda d: d.player.set_speed(s)))
        view.speed_step_wanted.connect(self._change_speed)
        view.jump_wanted.connect(self._jump)
        view.tab_changed.connect(self._renew)

    def _with(self, act: Callable[[ReplayDesk], object]) -> None:
        if self._desk is not None:
            act(self._desk)

    def _toggle(self) -> None:
        if self._desk is not None:
            player = self._desk.player
            (player.pause if player.status().is_playing else player.play)()

    def _shuttle(self, way: int) -> None:
        """J and L: the first push plays that way, each further one twice as fast."""
        if self._desk is None:
            return
        player, status = self._desk.player, self._desk.player.status()
        if status.is_playing and status.speed * way > 0:
            player.set_speed(way * min(SPEEDS[-1], abs(status.speed) * 2))
        else:
            player.set_speed(float(way))
        player.play()

    def _change_speed(self, steps: int) -> None:
        if self._desk is None:
            return
        speed = self._desk.player.status().speed
        place = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - abs(speed)))
        chosen = SPEEDS[min(max(place + steps, 0), len(SPEEDS) - 1)]
        self._desk.player.set_speed(math.copysign(chosen, speed))

    def _go_to_edge(self, last: bool) -> None:  # noqa: FBT001 - a slot
        if self._desk is not None:
            count = self._desk.player.status().frame_count or 1
            self._desk.player.seek(count - 1 if last else 0)

    def _jump(self, goal: Goal, forward: bool) -> None:  # noqa: FBT001 - a slot
        desk = self._desk
        timeline = self._timeline(desk)
        if desk is None or timeline is None:
            return
        position = desk.player.status().position
        mark = timeline.jump(position, goal, forward=forward)
        if mark is None:
            self._view.set_note(nothing_more(goal, forward=forward))
            return
        self._view.set_note("")
        desk.player.pause()
        desk.player.seek(mark.at)

    # what is pulled

    def pull(self) -> None:
        """Called by the timer, or by a test."""
        self.keeping.pull()
        desk = self._desk
        if desk is None:
            return
        self._ticks += 1
        settled = self.runs.pull()
        status, played = desk.player.status(), desk.player.shown()
        if settled or self._ticks % TIMELINE_EVERY == 0 or not self._drawn:
            self._show_timeline(desk, status)
        self._show_transport(status)
        self._show_picture(desk, played)
        if status.error is not None and not self._told_error:
            self._told_error = True
            self._view.picture.set_empty(str(status.error), "warning")
            self._view.set_note(str(status.error), "danger")

    def _timeline(self, desk: ReplayDesk | None) -> Timeline | None:
        run = desk.current if desk is not None else None
        return run.timeline() if run is not None else None

    def _show_timeline(self, desk: ReplayDesk, status: PlayerStatus) -> None:
        timeline = self._timeline(desk)
        before = self.runs.before if self._view.comparing else None
        other = before.run.timeline() if before is not None else None
        self._view.timeline.set_timeline(timeline, other, status.frame_count)
        self._view.transport.set_enabled(
            footage=status.info is not None,
            parts=timeline is not None and bool(timeline.marks),
            truth=desk.truth.parts is not None,
        )
        if status.info is not None:
            frames = self._view.timeline.frame_count
            facts = footage_facts(status.info, frames, desk.truth)
            self._view.set_footage_facts(facts)

    def _show_transport(self, status: PlayerStatus) -> None:
        transport = self._view.transport
        transport.set_playing(status.is_playing)
        transport.set_speed(status.speed)
        fps = status.info.fps if status.info else None
        transport.set_place(place_words(status.position, status.frame_count, fps))
        self._view.timeline.set_position(status.position)

    def _show_picture(self, desk: ReplayDesk, played: Played | None) -> None:
        run = desk.current
        before = self.runs.before if self._view.comparing else None
        timeline = run.timeline() if run is not None else None
        drawn = (played, run, before, timeline)
        if played is None or drawn == self._drawn:
            return
        self._drawn = drawn
        recipe = run.recipe if run is not None else None
        shown = as_shown(played, played.recorded, recipe)
        index = played.frame.index
        self._view.set_shown(shown, run_caption(run, index))
        self._view.picture.set_note(tr("NO PICTURE") if played.frame.fault else "")
        if before is not None:
            recorded = before.run.index.recorded(index)
            other = as_shown(played, recorded, before.run.recipe)
            self._view.set_before(other, run_caption(before.run, index))
        else:
            self._view.set_before(None, "")
        self._show_part(desk, timeline, played)
        if played.recorded is None and run is not None and run.index.recorded(index) is not None:
            # the run has been there since
            desk.player.refresh()

    def _show_part(self, desk: ReplayDesk, timeline: Timeline | None, played: Played) -> None:
        run = desk.current
        mark = timeline.mark_at(played.frame.index) if timeline is not None else None
        recipe = run.recipe if run is not None else None
        self._view.part.set_part(
            mark,
            played.recorded.inspections if played.recorded else (),
            recipe.thresholds if recipe is not None else None,
            has_run=played.recorded is not None,
        )

    def _renew(self) -> None:
        """Another run, or another tab: draw all anew at the next pull."""
        self._drawn = ()
        self.pull()
