"""Every failure of the engine in the operator's words, with what to do about it."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from inspector import errors
from inspector.gui.translate import QT_TRANSLATE_NOOP

CONTEXT = "Words"


@dataclass(frozen=True, slots=True)
class Explanation:
    """``title`` and ``advice`` for the operator, ``details`` for the engineer."""

    title: str
    advice: str
    details: str


# the first class that fits wins: the most specific stand first
_WORDS: tuple[tuple[type[BaseException], str, str], ...] = (
    (
        errors.RecipeMismatchError,
        QT_TRANSLATE_NOOP("Words", "The recipe was made for another model"),
        QT_TRANSLATE_NOOP("Words", "This job cannot be run as it is. Call the engineer."),
    ),
    (
        errors.ConfigError,
        QT_TRANSLATE_NOOP("Words", "The job cannot be used as it is"),
        QT_TRANSLATE_NOOP("Words", "Choose another job, or call the engineer."),
    ),
    (
        errors.PackageError,
        QT_TRANSLATE_NOOP("Words", "The model of this job cannot be used"),
        QT_TRANSLATE_NOOP("Words", "Choose another job, or call the engineer."),
    ),
    (
        errors.ProviderError,
        QT_TRANSLATE_NOOP("Words", "The graphics processor cannot be used"),
        QT_TRANSLATE_NOOP("Words", "Call the engineer."),
    ),
    (
        errors.SourceOpenError,
        QT_TRANSLATE_NOOP("Words", "The camera or footage cannot be opened"),
        QT_TRANSLATE_NOOP("Words", "Check the camera's cable and power, then press Start."),
    ),
    (
        errors.SourceChangedError,
        QT_TRANSLATE_NOOP("Words", "The camera's picture changed its size"),
        QT_TRANSLATE_NOOP("Words", "Press Start. If it happens again, call the engineer."),
    ),
    (
        errors.SourceCutOffError,
        QT_TRANSLATE_NOOP("Words", "The footage ends too early: the file is damaged"),
        QT_TRANSLATE_NOOP("Words", "Choose other footage."),
    ),
    (
        errors.SourceError,
        QT_TRANSLATE_NOOP("Words", "The camera was lost and did not come back"),
        QT_TRANSLATE_NOOP("Words", "Check the camera's cable and power, then press Start."),
    ),
    (
        errors.InferenceError,
        QT_TRANSLATE_NOOP("Words", "The inspection itself failed"),
        QT_TRANSLATE_NOOP("Words", "Press Start. If it happens again, call the engineer."),
    ),
    (
        errors.StoreFullError,
        QT_TRANSLATE_NOOP("Words", "The disk is full: verdicts can no longer be recorded"),
        QT_TRANSLATE_NOOP("Words", "Free space on the disk, then press Start."),
    ),
    (
        errors.StoreError,
        QT_TRANSLATE_NOOP("Words", "Verdicts cannot be recorded"),
        QT_TRANSLATE_NOOP("Words", "Call the engineer: the record cannot be written."),
    ),
    (
        errors.InspectorError,
        QT_TRANSLATE_NOOP("Words", "The inspection stopped"),
        QT_TRANSLATE_NOOP("Words", "Press Start. If it happens again, call the engineer."),
    ),
)
_UNKNOWN = (
    QT_TRANSLATE_NOOP("Words", "The program made an error"),
    QT_TRANSLATE_NOOP("Words", "Press Start. If it happens again, call the engineer."),
)


def explain(error: BaseException) -> Explanation:
    """Never raises; an error of ours brings its traceback along for the engineer."""
    for kind, title, advice in _WORDS:
        if isinstance(error, kind):
            return Explanation(_tr(title), _tr(advice), str(error))
    details = "".join(traceback.format_exception(error)).strip()
    return Explanation(_tr(_UNKNOWN[0]), _tr(_UNKNOWN[1]), details)


def _tr(text: str) -> str:
    return QCoreApplication.translate(CONTEXT, text)
