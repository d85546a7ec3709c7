"""Words for good and bad, as people write them in folders and lists."""

from __future__ import annotations

import difflib

from training.datasets import GOOD
from training.prepare.items import UNLABELLED, safe_name

_GOOD_WORDS = frozenset(
    {"good", "ok", "okay", "pass", "passed", "normal", "sound", "accept", "accepted", "intact"}
    | {"nondefective", "non_defective", "not_defective", "no_defect", "defect_free", "really_good"}
)
_BAD_WORDS = frozenset(
    {"bad", "defective", "defect", "defects", "ng", "nok", "not_ok", "fail", "failed", "reject"}
    | {"rejected", "anomaly", "anomalous", "abnormal", "faulty", "broken"}
)


def kind_of(word: str) -> str | None:
    """``good`` for any word that means it, else the word itself as the kind of defect.

    None for what says nothing (empty, a bare number) or is all but a word for good:
    unknown is never good, and ``goood`` is no kind of defect.
    """
    plain = _plain(word)
    if not plain or plain.isdecimal() or plain == UNLABELLED:
        return None
    if plain in _GOOD_WORDS:
        return GOOD
    if plain not in _BAD_WORDS and difflib.get_close_matches(plain, _GOOD_WORDS, cutoff=0.85):
        return None
    return safe_name(word.strip())


def is_bad_word(word: str) -> bool:
    """Whether it says defective without saying how."""
    return _plain(word) in _BAD_WORDS


def is_good_word(word: str) -> bool:
    return _plain(word) in _GOOD_WORDS


def _plain(word: str) -> str:
    return "_".join(word.strip().casefold().replace("-", " ").replace("_", " ").split())
