"""What a person says of a part: really good, or really bad and how."""

from __future__ import annotations

import datetime as dt
import difflib
from dataclasses import dataclass
from enum import StrEnum

from inspector.errors import InputError

GOOD_WORDS = frozenset(
    {"good", "ok", "okay", "pass", "passed", "normal", "sound", "accept", "accepted", "intact"}
    | {"nondefective", "non_defective", "not_defective", "no_defect", "defect_free", "really_good"}
)
BAD_WORDS = frozenset(
    {"bad", "defective", "defect", "defects", "ng", "nok", "not_ok", "fail", "failed", "reject"}
    | {"rejected", "anomaly", "anomalous", "abnormal", "faulty", "broken"}
)
UNTYPED = "bad"
"""The kind of defect of a bad part whose kind nobody named."""
_LONGEST_TYPE = 60
_LONGEST_TEXT = 500


class Judgement(StrEnum):
    """WITHDRAWN: nobody says anything of the part any more."""

    GOOD = "GOOD"
    BAD = "BAD"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A person's word on one part; the newest counts, older ones stay.

    Attributes:
        at: UTC.
        defect_type: of a bad part, None where it is not named.
        why: why the person says so.

    Raises InputError for a label that nobody signs, gives no reason, or names a type
    that is none: training could not use it.
    """

    part_id: str
    at: dt.datetime
    who: str
    judgement: Judgement
    why: str
    defect_type: str | None = None

    def __post_init__(self) -> None:
        _check_text("who says so", self.who)
        _check_text("why", self.why)
        if self.defect_type is None:
            return
        if self.judgement is not Judgement.BAD:
            raise InputError(f"type of defect {self.defect_type!r}: only a bad part has one")
        check_type(self.defect_type)

    @property
    def word(self) -> str | None:
        """As training reads it: good, or the kind of defect; None for a withdrawn one."""
        if self.judgement is Judgement.WITHDRAWN:
            return None
        return "good" if self.judgement is Judgement.GOOD else self.defect_type or UNTYPED


def check_type(word: str) -> None:
    """Raises InputError for what is no type of defect: empty, a number, all but good."""
    plain = plain_word(word)
    if not any(c.isalpha() for c in plain) or len(word) > _LONGEST_TYPE:
        raise InputError(
            f"type of defect {word[:_LONGEST_TYPE]!r}: expected a word such as scratch, of at most "
            f"{_LONGEST_TYPE} characters"
        )
    if plain == "unlabelled" or means_good(plain) or is_nearly_good(plain):
        raise InputError(f"type of defect {word!r} reads as good: call the part good, or say how")


def plain_word(word: str) -> str:
    """Lower case, with one underscore for every gap."""
    return "_".join(word.strip().casefold().replace("-", " ").replace("_", " ").split())


def means_good(word: str) -> bool:
    return plain_word(word) in GOOD_WORDS


def means_bad(word: str) -> bool:
    """Whether it says defective without saying how."""
    return plain_word(word) in BAD_WORDS


def is_nearly_good(word: str) -> bool:
    """Whether it is a word for good but for a slip: ``goood`` is no kind of defect."""
    plain = plain_word(word)
    return plain not in BAD_WORDS and bool(
        difflib.get_close_matches(plain, GOOD_WORDS, n=1, cutoff=0.85)
    )


def _check_text(what: str, text: str) -> None:
    if not text.strip() or len(text) > _LONGEST_TEXT:
        raise InputError(f"a label needs {what}, in at most {_LONGEST_TEXT} characters")
