"""Words of the history page."""

from __future__ import annotations

import datetime as dt

from PySide6.QtCore import QCoreApplication

from inspector.core.label import Judgement, Label
from inspector.gui.history.reader import PictureState
from inspector.store.history import HistoryRow
from inspector.store.label_files import Written


def tr(text: str) -> str:
    return QCoreApplication.translate("History", text)


def moment(at: dt.datetime) -> str:
    """In the station's own time."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def score_text(score: float | None) -> str:
    return "–" if score is None else f"{score:.3f}"


def judgement_word(judgement: Judgement | None, defect_type: str | None) -> str:
    """Empty where nobody says anything."""
    if judgement is Judgement.GOOD:
        return tr("Really good")
    if judgement is Judgement.BAD:
        return tr("Really bad, %1").replace("%1", defect_type) if defect_type else tr("Really bad")
    return ""


def label_line(label: Label) -> str:
    """One entry of what was said: what, by whom, when and why."""
    what = judgement_word(label.judgement, label.defect_type) or tr("Withdrawn")
    return f"{what}  ·  {label.who}, {moment(label.at)}\n{label.why}"


def what_was_found(row: HistoryRow) -> str:
    """Why the part was rejected, as far as the record says."""
    if row.reason:
        return row.reason
    if row.defect_type:
        return row.defect_type
    if not row.defects:
        return ""
    return tr("1 place") if len(row.defects) == 1 else f"{len(row.defects)} " + tr("places")


def model_name(model_id: str) -> str:
    """``category@version``: the file's hash is for the details."""
    return model_id.partition("#")[0]


def picture_words(state: PictureState) -> str:
    return {
        PictureState.SHOWN: "",
        PictureState.NOT_KEPT: tr(
            "No picture of this part was kept.\nRejected parts are; of good ones only a sample."
        ),
        PictureState.GONE: tr(
            "The picture was deleted to make room for newer ones.\n"
            "Verdict, score and labels stay in the record."
        ),
        PictureState.DAMAGED: tr("The picture's file is damaged and cannot be shown."),
    }[state]


def written_words(written: Written) -> str:
    """What becomes of a label besides the record."""
    if written in (Written.WRITTEN, Written.UNCHANGED):
        return tr("Saved. Training will learn from it.")
    return tr("Saved in the record. Its picture is gone, so training cannot use it.")
