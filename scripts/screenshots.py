#!/usr/bin/env python
"""Pictures of every view in the states that a designer should look at, always the same.

    xvfb-run -a -s "-screen 0 3840x2160x24" python scripts/screenshots.py OUT [NAME …]

The demo footage is inspected once without a window; the states are then staged from what
was decided, so that every picture shows the same parts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import people_states  # noqa: E402
import replay_states  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from inspector.config import RunConfig, config_for_job  # noqa: E402
from inspector.core.inspection import Verdict  # noqa: E402
from inspector.engine.judging import Decision  # noqa: E402
from inspector.engine.status import DropCause, PipelineStatus, State, Trouble  # noqa: E402
from inspector.errors import SourceOpenError, StoreFullError  # noqa: E402
from inspector.gui.app import make_application, make_window  # noqa: E402
from inspector.gui.main_window import MainWindow  # noqa: E402
from inspector.gui.paths import Paths  # noqa: E402
from inspector.gui.runs.events import PartEvent, Shown  # noqa: E402
from inspector.gui.runs.session import RunFacts, RunSession  # noqa: E402
from inspector.gui.settings import GuiSettings, SettingsFile  # noqa: E402
from tests.support.staged import STATUS, StagedSession  # noqa: E402

SIZES = ((1280, 720), (1920, 1080))
JOB = "metal_nut"


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """What the demo footage gave: its parts, and moving frames to show as live."""

    facts: RunFacts
    parts: tuple[PartEvent, ...]
    frames: tuple[Shown, ...]

    def numbered(self, verdict: Verdict) -> int:
        """Index of the third part with that verdict (or the last)."""
        found = [i for i, e in enumerate(self.parts) if e.part.verdict is verdict]
        return found[min(2, len(found) - 1)]


class _Frames:
    """Keeps a few pictures of parts on the move."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []

    def on_decision(self, decision: Decision) -> None:
        if decision.ticket.frame.index % 37 == 0:
            self.decisions.append(decision)


def inspect(config: RunConfig) -> Footage:
    frames = _Frames()
    session = RunSession(config, frame_observers=[frames])
    session.inbox._pictures = 1000
    session.start()
    session.join()
    last = session.snapshot()
    if last.error is not None or last.facts is None:
        raise SystemExit(f"the demo footage could not be inspected: {last.error}")
    recipe = last.facts.recipe
    shown = [
        Shown(d.ticket.frame, d.verdict, d.inspections, d.predictions, recipe)
        for d in frames.decisions
    ]
    return Footage(last.facts, tuple(session.inbox.pull().parts), tuple(shown))


@dataclass(slots=True, eq=False)
class Stage:
    """A window, and the sessions that it has started."""

    window: MainWindow
    sessions: list[StagedSession]
    footage: Footage

    @property
    def session(self) -> StagedSession:
        return self.sessions[-1]

    def play(self, parts: int) -> None:
        """Runs, and lets so many parts finish; the live picture follows them."""
        self.window.context.launcher.start()
        settle()
        counts = {v: sum(e.part.verdict is v for e in self.footage.parts[:parts]) for v in Verdict}
        self.session.run(replace(STATUS, parts=MappingProxyType(counts)))
        for event in self.footage.parts[:parts]:
            self.session.finish_part(event)
        self.session.show(self.footage.frames[parts % len(self.footage.frames)])
        self.window.context.runs.pull()

    def report(self, status: PipelineStatus) -> None:
        """What the run says of itself, shown at once."""
        self.session.run(status)
        self.window.context.runs._status_due = 0.0
        self.window.context.runs.pull()


def settle() -> None:
    """Lets workers answer and layouts come to rest."""
    for _ in range(30):
        QApplication.processEvents()
        QApplication.instance().thread().msleep(10)  # type: ignore[union-attr]


# the states of the live page


def no_source(stage: Stage) -> None:
    settle()


def starting(stage: Stage) -> None:
    stage.window.context.launcher.start()


def live_pass(stage: Stage) -> None:
    stage.play(stage.footage.numbered(Verdict.PASS) + 1)
    stage.window.context.notices.acknowledge_all()


def live_fail(stage: Stage) -> None:
    stage.play(stage.footage.numbered(Verdict.FAIL) + 1)
    stage.window.context.notices.acknowledge_all()


def live_review(stage: Stage) -> None:
    found = [e.part.verdict for e in stage.footage.parts]
    stage.play(found.index(Verdict.REVIEW) + 1 if Verdict.REVIEW in found else 4)
    event = stage.footage.parts[0]
    stage.session.finish_part(
        PartEvent(replace(event.part, part_index=40, verdict=Verdict.REVIEW), event.shown)
    )
    stage.window.context.runs.pull()


def live_invalid(stage: Stage) -> None:
    stage.play(6)
    part = replace(
        stage.footage.parts[6].part,
        verdict=Verdict.INVALID,
        score=float("nan"),
        reason="no frame of the part was inspected",
    )
    stage.session.finish_part(PartEvent(part, None))
    stage.window.context.runs.pull()


def camera_lost(stage: Stage) -> None:
    stage.play(9)
    stage.session.tell("source_lost", "camera 0: no frame within 1.0 s (device unplugged?)")
    dropped = MappingProxyType({DropCause.SOURCE: 12})
    lost = replace(
        STATUS,
        state=State.DEGRADED,
        trouble=Trouble.SOURCE,
        last_frame_age_s=6.2,
        dropped=dropped,
    )
    stage.report(lost)


def _in_trouble(event: str, detail: str, trouble: Trouble) -> Callable[[Stage], None]:
    """The line goes on, and judges nothing."""

    def bring(stage: Stage) -> None:
        stage.play(9)
        stage.session.tell(event, detail)
        stage.report(replace(STATUS, state=State.DEGRADED, trouble=trouble))

    return bring


def camera_back(stage: Stage) -> None:
    camera_lost(stage)
    stage.session.tell("source_back", "camera 0")
    stage.report(STATUS)


def stopped(stage: Stage) -> None:
    live_pass(stage)
    stage.session.end()
    stage.window.context.runs.pull()


def light_stopped(stage: Stage) -> None:
    stage.window.context.theme.use("light")
    stopped(stage)


def look(stage: Stage) -> None:
    live_pass(stage)
    stage.window.page("live").view.fails._thumbs[0].click()  # type: ignore[attr-defined]


def light_look(stage: Stage) -> None:
    stage.window.context.theme.use("light")
    look(stage)


def alarm(stage: Stage) -> None:
    stage.play(5)
    fails = [e for e in stage.footage.parts if e.part.verdict is Verdict.FAIL]
    for number, event in enumerate(fails[:3]):
        part = replace(event.part, part_index=20 + number)
        stage.session.finish_part(PartEvent(part, event.shown))
    stage.window.context.runs.pull()


def error(stage: Stage) -> None:
    stage.play(7)
    stage.session.end(StoreFullError("record /data/inspector.db: the disk is full"))
    stage.window.context.runs.pull()
    stage.window.notice_bar._details_button.click()


def refused(stage: Stage) -> None:
    stage.window.context.launcher.start()
    settle()
    stage.session.end(SourceOpenError("source camera 0: no such device"))
    stage.window.context.runs.pull()


def closing(stage: Stage) -> None:
    live_pass(stage)
    stage.window.close()


def light_fail(stage: Stage) -> None:
    stage.window.context.theme.use("light")
    live_fail(stage)


def light_pass(stage: Stage) -> None:
    stage.window.context.theme.use("light")
    live_pass(stage)


def _on_window(state: Callable[[MainWindow], object]) -> Callable[[Stage], None]:
    """For states that need no staged run."""

    def bring(stage: Stage) -> None:
        state(stage.window)

    return bring


STATES: dict[str, Callable[[Stage], None]] = {
    "live-no-source": no_source,
    "live-starting": starting,
    "live-pass": live_pass,
    "live-fail": live_fail,
    "live-review": live_review,
    "live-invalid": live_invalid,
    "live-camera-lost": camera_lost,
    "live-camera-back": camera_back,
    "live-moved": _in_trouble(
        "view_lost", "the picture differs from the taught belt", Trouble.VIEW
    ),
    "live-unfocused": _in_trouble(
        "focus_lost", "out of focus: fine detail 0.18 of coarse, below 0.31", Trouble.FOCUS
    ),
    "live-not-recording": _in_trouble(
        "record_stalled", "the record did not answer for 0.8 s", Trouble.RECORD
    ),
    "live-stopped": stopped,
    "live-light-stopped": light_stopped,
    "live-look": look,
    "live-light-look": light_look,
    "live-alarm": alarm,
    "live-error": error,
    "live-refused": refused,
    "live-closing": closing,
    "live-light-pass": light_pass,
    "live-light-fail": light_fail,
    **{name: _on_window(state) for name, state in replay_states.STATES.items()},
    **{name: _on_window(state) for name, state in people_states.STATES.items()},
}
"""Add a view's states here: a function that brings the window into it."""


def take(name: str, size: tuple[int, int], footage: Footage, out: Path) -> None:
    """One picture, of a window of its own."""
    sessions: list[StagedSession] = []

    def session(config: RunConfig) -> StagedSession:
        sessions.append(StagedSession(config, footage.facts))
        return sessions[-1]

    with tempfile.TemporaryDirectory() as folder:
        paths = Paths(jobs=ROOT / "assets/jobs", models=ROOT / "models", db=Path(folder) / "r.db")
        people = people_states.people_of(paths.db, name)
        window = make_window(
            SettingsFile(None, GuiSettings()),
            paths,
            job=JOB,
            start_session=session,
            people=people,
        )
        window.resize(*size)
        window.show()
        settle()
        STATES[name](Stage(window, sessions, footage))
        settle()
        window.status.refresh()
        settle()
        window.grab().save(str(out / f"{name}-{size[0]}x{size[1]}.png"))
        window.close_now()
        window.deleteLater()
        settle()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(STATES)}; default: all")
    parser.add_argument("--size", action="append", help="WxH; default: 1280x720 and 1920x1080")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    sizes = [tuple(map(int, s.split("x"))) for s in arguments.size or []] or SIZES
    make_application(["inspector"])
    footage = inspect(config_for_job(JOB, ROOT / "assets/jobs"))
    for name in arguments.names or STATES:
        for size in sizes:
            take(name, size, footage, arguments.out)
            sys.stdout.write(f"{name} {size}\n")


if __name__ == "__main__":
    main()
