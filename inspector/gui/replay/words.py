"""Facts of a replay in words, and what the player shows as the pictures want it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from inspector.core.frame import SourceInfo
from inspector.core.inspection import Verdict, worst
from inspector.core.recipe import Recipe, Thresholds
from inspector.core.timeline import Goal
from inspector.engine.playback import Recorded
from inspector.engine.playback import Shown as Played
from inspector.errors import InspectorError, RecipeMismatchError
from inspector.gui.replay.state import RunName
from inspector.gui.runs.events import Shown
from inspector.gui.widgets.verdict import verdict_word
from inspector.gui.words import explain
from inspector.station.replay_desk import KeptReplay
from inspector.station.replaying import Phase, ReplayRun, ReplayStatus
from inspector.station.truth_beside import TruthBeside

_UNJUDGED = Recipe(name="none", model_sha256="0" * 64, thresholds=Thresholds(t1=0.0, t2=0.0))
"""Stands beside a picture that no run has judged: no findings are drawn by it."""


def tr(text: str) -> str:
    return QCoreApplication.translate("Replay", text)


def as_shown(played: Played, recorded: Recorded | None, recipe: Recipe | None) -> Shown:
    """The frame with one run's findings; bare where that run has none of it."""
    if recorded is None or recipe is None or not recorded.inspections:
        return Shown(played.frame, Verdict.NO_PART, (), (), recipe or _UNJUDGED)
    predictions = recorded.predictions
    if predictions is None:
        predictions = (None,) * len(recorded.inspections)
    verdict = worst(i.verdict for i in recorded.inspections)
    return Shown(played.frame, verdict, recorded.inspections, predictions, recipe)


def footage_facts(info: SourceInfo, frames: int, truth: TruthBeside) -> str:
    """One line: size, rate, length, truth."""
    facts = [f"{info.width}×{info.height}"]
    if info.fps:
        facts.append(tr("%1 fps").replace("%1", f"{info.fps:.4g}"))
    facts.append(tr("%1 frames").replace("%1", f"{frames:,}"))
    if truth.parts is not None:
        facts.append(tr("truth of %1 parts").replace("%1", f"{len(truth.parts):,}"))
    elif truth.problem is not None:
        facts.append(tr("the CSV beside it is no truth"))
    return "   ·   ".join(facts)


def place_words(frame: int, frames: int | None, fps: float | None) -> str:
    """``123 / 719   0:04.10``"""
    of = f" / {max(0, frames - 1):,}" if frames is not None else ""
    if not fps:
        return f"{frame:,}{of}"
    minutes, seconds = divmod(frame / fps, 60)
    return f"{frame:,}{of}   {int(minutes)}:{seconds:05.2f}"


def progress_words(status: ReplayStatus) -> str:
    """Of a run that is on."""
    if status.phase is Phase.LOADING:
        return tr("Loading the model …")
    left = status.seconds_left
    words = tr("%1 frames, %2 parts").replace("%1", f"{status.done:,}")
    words = words.replace("%2", f"{status.parts:,}")
    return words if left is None else words + tr(", %1 s left").replace("%1", f"{left:.0f}")


def end_words(status: ReplayStatus) -> str:
    """Of a run that has ended."""
    words = {
        Phase.FINISHED: tr("Finished: %1 parts in %2 frames"),
        Phase.CANCELLED: tr("Cancelled after %2 frames"),
        Phase.FAILED: tr("Ended by an error after %2 frames"),
    }[status.phase]
    return words.replace("%1", f"{status.parts:,}").replace("%2", f"{status.done:,}")


def problem_words(error: BaseException) -> str:
    """Why a run could not be: our errors say it in a line, but for what they advise."""
    if isinstance(error, RecipeMismatchError):
        return tr(
            "This recipe was set for another model. Tick “Fit recipe to model”, or take "
            "the one proposed by the model."
        )
    return explain(error).details if not isinstance(error, InspectorError) else str(error)


def nothing_more(goal: Goal, *, forward: bool) -> str:
    """A jump that found nothing."""
    what = {
        Goal.FAIL: tr("failed part"),
        Goal.REVIEW: tr("part to review"),
        Goal.DISAGREEMENT: tr("disagreement with the truth"),
    }.get(goal, tr("part"))
    where = tr("No %1 after this frame") if forward else tr("No %1 before this frame")
    return where.replace("%1", what)


def run_name(kept: KeptReplay) -> RunName:
    outcome = kept.run.outcome()
    if outcome is None:
        return RunName(kept.number, str(kept.number))
    t = outcome.recipe.thresholds
    text = f"{kept.number}:  {outcome.model_title}   {t.t1:.3g} / {t.t2:.3g}"
    return RunName(kept.number, text)


def run_caption(run: ReplayRun | None, frame: int) -> str:
    """Over a picture: what that run says of the part there, and what it judged by."""
    outcome = run.outcome() if run is not None else None
    if run is None or outcome is None:
        return ""
    mark = run.timeline().mark_at(frame)
    verdict = mark.verdict if mark is not None else None
    t = outcome.recipe.thresholds
    by = f"{outcome.model_title}   T1 {t.t1:.3g}   T2 {t.t2:.3g}"
    return f"{verdict_word(verdict)}   ·   {by}" if verdict is not None else by
