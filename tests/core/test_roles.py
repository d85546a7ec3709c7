"""The one table of who may change what, and what a PIN must be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.pins import (
    LEAST_LENGTH,
    MAX_DELAY_S,
    delay_after,
    name_problem,
    normalised,
    secret_problem,
)
from inspector.core.roles import NEEDED, Right, Role, may, why_not

O, S, E, A = Role.OPERATOR, Role.SUPERVISOR, Role.ENGINEER, Role.ADMINISTRATOR  # noqa: E741


@pytest.mark.parametrize(
    ("right", "who_may"),
    [
        (Right.RUN_JOB, {O, S, E, A}),
        (Right.LABEL, {S, E, A}),
        (Right.CHANGE_OVER, {S, E, A}),
        (Right.RUN_OTHER, {S, E, A}),
        (Right.EDIT_RECIPE, {E, A}),
        (Right.EDIT_JOB, {E, A}),
        (Right.EDIT_SOURCE, {E, A}),
        (Right.IMPORT_MODEL, {E, A}),
        (Right.MANAGE_USERS, {A}),
        (Right.RESTORE, {A}),
    ],
)
def test_who_may_what(right: Right, who_may: set[Role]) -> None:
    assert {role for role in Role if may(role, right)} == who_may
    for role in Role:
        assert (why_not(role, right) is None) == (role in who_may)


def test_every_right_is_in_the_table() -> None:
    assert set(NEEDED) == set(Right)
    assert O < S < E < A


def test_a_refusal_says_who_may() -> None:
    assert why_not(O, Right.EDIT_JOB) == (
        "an Engineer may change jobs, the present role is Operator"
    )


def test_the_delay_grows_and_has_an_end() -> None:
    assert [delay_after(n) for n in (0, 1, 2, 3, 9, 10, 10_000)] == [0, 1, 2, 4, 256, 300, 300]


@given(st.integers(0, 10**9))
def test_the_delay_never_shrinks(failures: int) -> None:
    assert 0 <= delay_after(failures) <= delay_after(failures + 1) <= MAX_DELAY_S


@pytest.mark.parametrize(
    ("secret", "role", "problem"),
    [
        ("2580", S, None),
        ("258", S, "at least 4"),
        ("25801", A, "at least 6"),
        ("258017", A, None),
        ("", O, "too short"),
        ("7777", S, "easy to guess"),
        ("1234", S, "easy to guess"),
        ("9876", S, "easy to guess"),
        ("abcdef", A, "easy to guess"),
        ("päss wörd", A, None),
        ("258\n017", A, "no keyboard"),
        ("x7" * 65, A, "too long"),
    ],
)
def test_what_a_pin_must_be(secret: str, role: Role, problem: str | None) -> None:
    found = secret_problem(secret, role)
    assert (found is None) if problem is None else (found is not None and problem in found)


@given(st.text(), st.sampled_from(Role))
def test_what_is_wrong_with_a_pin_never_repeats_it(secret: str, role: Role) -> None:
    found = secret_problem(secret, role)
    least = LEAST_LENGTH[role]
    assert found is None or len(secret) < least or secret not in found


def test_the_same_letters_are_the_same_pin_however_typed() -> None:
    assert normalised("pa\u0308ss") == normalised("päss")


@pytest.mark.parametrize(
    ("name", "right"),
    [("Anna", True), ("Jörg Ä.", True), ("", False), (" ", False), (" Anna", False),
     ("a" * 41, False), ("a\nb", False), ("a\u200bb", False)],
)  # fmt: skip
def test_what_a_name_must_be(name: str, right: bool) -> None:
    assert (name_problem(name) is None) == right
