"""Who may change what: the one table, for the window and the command line alike."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from types import MappingProxyType


class Role(IntEnum):
    """Each may do what those before it may. A station starts, and rests, as OPERATOR."""

    OPERATOR = 0
    SUPERVISOR = 1
    ENGINEER = 2
    ADMINISTRATOR = 3

    @property
    def title(self) -> str:
        """As it is shown and recorded."""
        return self.name.capitalize()


class Right(StrEnum):
    """What needs a role; the value completes "may not …"."""

    RUN_JOB = "start and stop a job"
    LABEL = "say what a part really was"
    CHANGE_OVER = "put another model or recipe on a running line"
    RUN_OTHER = "inspect with something that is no job"
    EDIT_RECIPE = "change thresholds and recipes"
    EDIT_JOB = "change jobs"
    EDIT_SOURCE = "change sources and credentials"
    IMPORT_MODEL = "import or remove models"
    MANAGE_USERS = "add, change and remove users"
    RESTORE = "put a backup in the place of the record"


NEEDED = MappingProxyType(
    {
        Right.RUN_JOB: Role.OPERATOR,
        Right.LABEL: Role.SUPERVISOR,
        Right.CHANGE_OVER: Role.SUPERVISOR,
        Right.RUN_OTHER: Role.SUPERVISOR,
        Right.EDIT_RECIPE: Role.ENGINEER,
        Right.EDIT_JOB: Role.ENGINEER,
        Right.EDIT_SOURCE: Role.ENGINEER,
        Right.IMPORT_MODEL: Role.ENGINEER,
        Right.MANAGE_USERS: Role.ADMINISTRATOR,
        Right.RESTORE: Role.ADMINISTRATOR,
    }
)
"""The least role for each right."""


def may(role: Role, right: Right) -> bool:
    """Whether that role is enough."""
    return role >= NEEDED[right]


def why_not(role: Role, right: Right) -> str | None:
    """In words for a person; None where it is allowed."""
    if may(role, right):
        return None
    need = NEEDED[right]
    article = "an" if need.title[0] in "AEIOU" else "a"
    return f"{article} {need.title} may {right.value}, the present role is {role.title}"
