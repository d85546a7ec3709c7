"""What a PIN or password must be, and how long a wrong one makes everybody wait."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from types import MappingProxyType

from inspector.core.roles import Role

LONGEST = 128
LONGEST_NAME = 40
MAX_DELAY_S = 300.0

LEAST_LENGTH = MappingProxyType(
    {Role.OPERATOR: 4, Role.SUPERVISOR: 4, Role.ENGINEER: 6, Role.ADMINISTRATOR: 6}
)


def delay_after(failures: int) -> float:
    """Seconds until the next try, after so many wrong ones in a row: 1, 2, 4 … 300.

    A thousand tries take three days and a half: four digits, a month.
    """
    if failures <= 0:
        return 0.0
    return min(MAX_DELAY_S, 2.0 ** min(failures - 1, 16))


def normalised(secret: str) -> str:
    """The same text, however a keyboard composed it (Unicode NFC)."""
    return unicodedata.normalize("NFC", secret)


def secret_problem(secret: str, role: Role) -> str | None:
    """Why it cannot be that role's PIN or password; never repeats it."""
    least = LEAST_LENGTH[role]
    if len(secret) < least:
        return f"too short: {role.title} needs at least {least} digits or signs"
    if len(secret) > LONGEST:
        return f"too long: at most {LONGEST} signs"
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in secret):
        return "it holds a sign that no keyboard types"
    if len(set(secret)) == 1 or _counts_up_or_down(secret):
        return "too easy to guess: the same sign over and over, or counted up or down"
    return None


def name_problem(name: str) -> str | None:
    """Why it cannot be a user's name."""
    if not name.strip() or name != name.strip():
        return "a name is expected, without spaces around it"
    if len(name) > LONGEST_NAME:
        return f"too long: at most {LONGEST_NAME} signs"
    if not name.isprintable():
        return "it holds a sign that cannot be printed"
    return None


def _counts_up_or_down(secret: str) -> bool:
    steps = {ord(b) - ord(a) for a, b in pairwise(secret)}
    return steps in ({1}, {-1})
