"""Words for good and bad, as people write them in folders and lists."""

from __future__ import annotations

from inspector.core.label import is_nearly_good, means_bad, means_good, plain_word
from training.datasets import GOOD
from training.prepare.items import UNLABELLED, safe_name


def kind_of(word: str) -> str | None:
    """``good`` for any word that means it, else the word itself as the kind of defect.

    None for what says nothing (empty, a bare number) or is all but a word for good:
    unknown is never good, and ``goood`` is no kind of defect.
    """
    plain = plain_word(word)
    if not plain or plain.isdecimal() or plain == UNLABELLED:
        return None
    if means_good(plain):
        return GOOD
    return None if is_nearly_good(plain) else safe_name(word.strip())


def is_bad_word(word: str) -> bool:
    """Whether it says defective without saying how."""
    return means_bad(word)


def is_good_word(word: str) -> bool:
    return means_good(word)
