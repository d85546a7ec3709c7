"""Recipe versions: numbered, immutable, audited, and never losing a hand edit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inspector.config import load_recipe
from inspector.core.presence import PresenceRule, encode_thumbnail
from inspector.core.recipe import DefectRule, PartRule, Recipe, RegionSpec, Thresholds
from inspector.errors import ConfigError, StoreFullError
from inspector.station.audit_log import Change
from inspector.station.documents import as_toml
from inspector.station.recipe_versions import (
    AS_FOUND,
    BrokenVersion,
    RecipeVersion,
    RecipeVersions,
)
from tests.support.records import NOW

FIRST = Recipe(
    name="first",
    model_sha256="a" * 64,
    thresholds=Thresholds(t1=0.1, t2=1 / 3),
    regions=(RegionSpec(roi=(1, 2, 30, 40), ignore=((0, 0, 5, 6), (7, 7, 1, 1))),),
    defects=DefectRule(min_area_mm2=2.5, mm_per_px=0.1),
    parts=PartRule(
        mode="presence",
        rule="k_of_n",
        k=2,
        n=3,
        presence=PresenceRule(reference=encode_thumbnail(np.zeros((64, 64), np.uint8))),
    ),
)
SECOND = FIRST.model_copy(update={"thresholds": Thresholds(t1=0.2, t2=0.5)})
THIRD = FIRST.model_copy(update={"name": "third"})


@pytest.fixture
def changes() -> list[Change]:
    return []


@pytest.fixture
def versions(tmp_path: Path, changes: list[Change]) -> RecipeVersions:
    return RecipeVersions(tmp_path / "cap.recipe.toml", audit=changes.append, now=lambda: NOW)


def numbers(versions: RecipeVersions) -> list[tuple[int, str, str]]:
    found = versions.history()
    assert all(isinstance(v, RecipeVersion) for v in found)
    return [(v.number, v.who, v.why) for v in found if isinstance(v, RecipeVersion)]


def test_each_save_is_a_version_with_who_when_and_why(
    versions: RecipeVersions, changes: list[Change], tmp_path: Path
):
    assert versions.history() == ()
    assert versions.current() is None
    versions.save(FIRST, who="anna", why="new product")
    saved = versions.save(SECOND, who=" bert ", why="too many rejects")
    assert (saved.number, saved.who, saved.at, saved.recipe) == (2, "bert", NOW, SECOND)
    assert numbers(versions) == [(1, "anna", "new product"), (2, "bert", "too many rejects")]
    # what the command line reads is the newest version, exactly
    assert load_recipe(tmp_path / "cap.recipe.toml") == SECOND
    assert versions.version(1).recipe == FIRST
    assert changes[1].who.strip() == "bert"
    assert changes[1].old == f"{FIRST.recipe_id[:12]}…"
    assert changes[1].new is not None
    assert "version 2" in changes[1].new
    assert "T1 (review from): 0.1 → 0.2" in changes[1].new


def test_going_back_adds_a_version_and_removes_none(versions: RecipeVersions):
    versions.save(FIRST, who="anna", why="new")
    versions.save(SECOND, who="anna", why="worse")
    versions.restore(1, who="bert", why="it was better")
    assert versions.current() == FIRST
    assert numbers(versions)[2] == (3, "bert", "back to version 1: it was better")


def test_a_hand_edit_becomes_a_version_before_anything_is_saved_over_it(
    versions: RecipeVersions, tmp_path: Path
):
    file = tmp_path / "cap.recipe.toml"
    file.write_text(as_toml(FIRST))
    versions.save(SECOND, who="anna", why="tuned")
    file.write_text(as_toml(THIRD))
    versions.save(FIRST, who="anna", why="tuned again")
    assert [(n, who) for n, who, _ in numbers(versions)] == [
        (1, AS_FOUND),
        (2, "anna"),
        (3, AS_FOUND),
        (4, "anna"),
    ]
    assert versions.version(3).recipe == THIRD


@pytest.mark.parametrize(
    ("recipe", "who", "why", "message"),
    [
        (FIRST, "anna", "again", "nothing was changed"),
        (SECOND, "", "why not", "say who"),
        (SECOND, "anna", " ", "say why"),
    ],
)
def test_what_is_refused_leaves_everything_as_it_was(versions, recipe, who, why, message):
    versions.save(FIRST, who="anna", why="new")
    with pytest.raises(ConfigError, match=message):
        versions.save(recipe, who=who, why=why)
    assert len(versions.history()) == 1
    assert versions.current() == FIRST


def test_going_back_needs_a_reason_too(versions: RecipeVersions):
    versions.save(FIRST, who="anna", why="new")
    versions.save(SECOND, who="anna", why="new")
    with pytest.raises(ConfigError, match="say why"):
        versions.restore(1, who="anna", why="")
    with pytest.raises(ConfigError, match="no such file"):
        versions.restore(7, who="anna", why="x")


def test_a_version_altered_later_is_seen_and_not_restored(versions: RecipeVersions):
    versions.save(FIRST, who="anna", why="new")
    versions.save(SECOND, who="anna", why="new")
    file = versions.folder / "0001.toml"
    file.write_text(file.read_text().replace("t1 = 0.1", "t1 = 0.15"))
    (versions.folder / "0003.toml").write_text("not toml [")
    first, second, third = versions.history()
    assert isinstance(first, BrokenVersion)
    assert "altered" in first.problem
    assert isinstance(second, RecipeVersion)
    assert isinstance(third, BrokenVersion)
    with pytest.raises(ConfigError, match="altered"):
        versions.restore(1, who="anna", why="x")


def test_a_version_that_cannot_be_audited_does_not_come_into_force(tmp_path: Path):
    def full(change: Change) -> None:
        raise StoreFullError("disk full")

    versions = RecipeVersions(tmp_path / "cap.recipe.toml", audit=full)
    with pytest.raises(StoreFullError):
        versions.save(FIRST, who="anna", why="new")
    assert versions.current() is None


def test_nothing_half_written_is_left(versions: RecipeVersions, tmp_path: Path):
    versions.save(FIRST, who="anna", why="new")
    names = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")}
    assert names == {"cap.recipe.toml", "cap.recipe.versions", "cap.recipe.versions/0001.toml"}
