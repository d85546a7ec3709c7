"""Hot swap on a whole station: record, event and audit say what really judged."""

from __future__ import annotations

import json
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.config import RunConfig
from inspector.core.recipe import PartRule, Recipe, RegionSpec, Thresholds
from inspector.engine.changeover import Changeover, InForce
from inspector.engine.judging import Decision
from inspector.errors import (
    ConfigError,
    PackageError,
    RecipeMismatchError,
    StateError,
    StoreUnavailableError,
)
from inspector.inference import predictor
from inspector.inference.package import Package
from inspector.inference.proving import prove
from inspector.station.audit_key import key_path
from inspector.station.audit_log import AuditLog, Change
from inspector.station.build import Station, build_station
from inspector.station.changeover import Changeovers
from tests.support.tiny_model import Draft, tell_apart, write_tiny_package

FRAMES = 40


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for n in range(FRAMES):
        image = rng.normal(150, 4, (64, 64, 3)).clip(0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{n:03d}.png"), image)
    return folder


class At:
    """A frame observer that acts once the given frame is decided."""

    def __init__(self, frame: int) -> None:
        self.frame = frame
        self.act = lambda: None

    def on_decision(self, decision: Decision) -> None:
        if decision.ticket.frame.index == self.frame:
            self.act()


def package(folder: Path, version: str, t1: float) -> Path:
    # the weights differ, or both packages would hold the very same model file
    weights = (1 / 3 + float(version) / 1000, 1 / 3, 1 / 3)
    return write_tiny_package(folder, version=version, t1=t1, t2=0.95, weights=weights)


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return package(tmp_path / "one", "1", 0.9)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return package(tmp_path / "two", "2", 0.2)


def config(pictures: Path, model: Path, db: Path | None = None) -> RunConfig:
    return RunConfig(source=str(pictures), model=model, db=db)


def finish(station: Station) -> None:
    status = station.finish()
    assert status.first_error is None
    assert status.accounting_problem() is None


def rows(db: Path, query: str) -> list[tuple]:
    with sqlite3.connect(db) as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


def test_a_swap_and_the_way_back_are_in_parts_events_and_audit(
    pictures: Path, one: Path, two: Path, tmp_path: Path
):
    db = tmp_path / "record.db"
    swap, back = At(2), At(20)
    with build_station(config(pictures, one, db), frame_observers=[swap, back]) as station:
        first = station.changeovers.in_force
        new = station.changeovers.load(two)
        outcomes = []
        swap.act = lambda: outcomes.append(
            station.changeovers.take_over(new, who="anna", reason="version 2 is better")
        )
        back.act = lambda: outcomes.append(
            station.changeovers.back(who="bert", reason="too many rejects")
        )
        station.pipeline.start()
        finish(station)
        taken, returned = (o.result(0) for o in outcomes)
        assert station.changeovers.in_force.predictor is first.predictor
        assert station.changeovers.previous is not None
        assert station.changeovers.previous.predictor is new.predictor

    parts = rows(
        db, "SELECT model_id, recipe_id, verdict FROM parts JOIN setups ON setup = setups.id "
        "ORDER BY part_index",
    )  # fmt: skip
    assert len(parts) == FRAMES
    a, b = taken.first_frame, returned.first_frame
    old, other = (first.model_id, first.recipe.recipe_id), (new.model_id, new.recipe.recipe_id)
    assert [p[:2] for p in parts] == [old] * a + [other] * (b - a) + [old] * (FRAMES - b)
    assert [p[2] for p in parts[a:b]] == ["REVIEW"] * (b - a)
    events = rows(db, "SELECT kind, detail FROM events ORDER BY id")
    assert [kind for kind, _ in events] == ["changeover", "recipe"] * 2
    assert f"from frame {a} on tiny@2" in events[0][1]
    assert Recipe.model_validate(json.loads(events[1][1])) == new.recipe
    audit = rows(db, "SELECT who, what, reason FROM audit ORDER BY seq")
    assert audit == [
        ("anna", "changeover", "version 2 is better"),
        ("bert", "changeover", "too many rejects"),
    ]
    log = AuditLog(db, "station")
    assert log.verify().is_sound
    log.close()


def broken(folder: Path) -> Path:
    made = package(folder, "3", 0.5)
    data = bytearray((made / "model-fp32.onnx").read_bytes())
    data[-1] ^= 1
    (made / "model-fp32.onnx").write_bytes(bytes(data))
    return made


def test_a_bad_package_leaves_the_running_one_in_place_and_says_why(
    pictures: Path, one: Path, tmp_path: Path
):
    db = tmp_path / "record.db"
    with build_station(config(pictures, one, db)) as station:
        with pytest.raises(PackageError, match="wrong checksum"):
            station.changeovers.load(broken(tmp_path / "three"))
        station.pipeline.start()
        finish(station)
    assert len(rows(db, "SELECT DISTINCT setup FROM parts")) == 1
    ((kind, detail),) = rows(db, "SELECT kind, detail FROM events")
    assert kind == "changeover_refused"
    assert "wrong checksum" in detail


def test_a_package_that_kills_whoever_opens_it_leaves_the_line_running(
    pictures: Path, one: Path, two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """In a process of its own, killed as a crash of ONNX Runtime would end it."""
    killed = (sys.executable, "-c", "import os; os.kill(os.getpid(), 11)")

    def really(held: Package, variant: str) -> None:
        prove(held, variant, child=killed, place=tmp_path / "proven")

    with build_station(config(pictures, one)) as station:
        monkeypatch.setattr(predictor, "prove", really)
        station.pipeline.start()
        with pytest.raises(PackageError, match=r"ended the process .*signal 11"):
            station.changeovers.load(two)
        finish(station)
    assert station.pipeline.status().parts_total > 0


def test_a_recipe_set_for_another_model_is_refused(pictures: Path, one: Path, two: Path):
    with build_station(config(pictures, one)) as station:
        with pytest.raises(RecipeMismatchError):
            station.changeovers.load(two, station.recipe)
        foreign = station.recipe.model_copy(update={"model_sha256": "b" * 64})
        with pytest.raises(RecipeMismatchError):
            station.changeovers.with_recipe(foreign)


def test_the_variant_runs_that_the_recipe_was_set_for(pictures: Path, one: Path, tmp_path: Path):
    several = write_tiny_package(tmp_path / "several", version="4", variants=("fp32", "int8"))
    tell_apart(several, "int8")
    manifest = json.loads((several / "manifest.json").read_text())
    for variant in manifest["variants"]:
        recipe = Recipe(model_sha256=variant["sha256"], thresholds=Thresholds(t1=0.5, t2=0.8))
        with build_station(replace(config(pictures, several), recipe=recipe)) as station:
            assert station.predictor.variant == variant["name"]
        with build_station(config(pictures, one)) as station:
            new = station.changeovers.load(several, recipe)
            assert new.predictor.variant == variant["name"]
            new.predictor.close()


def test_carrying_a_recipe_over_takes_regions_but_never_thresholds(
    pictures: Path, one: Path, two: Path
):
    with build_station(config(pictures, one)) as station:
        new = station.changeovers.load(two)
        assert new.recipe.regions == station.recipe.regions
        assert new.recipe.thresholds == Thresholds(t1=0.2, t2=0.95)
        assert new.recipe.model_sha256 == new.model_id.rpartition("#")[2]
        new.predictor.close()


def test_new_thresholds_take_over_without_loading(pictures: Path, one: Path):
    with build_station(config(pictures, one)) as station:
        strict = station.recipe.model_copy(update={"thresholds": Thresholds(t1=0.1, t2=0.2)})
        new = station.changeovers.with_recipe(strict)
        outcome = station.changeovers.take_over(new, who="anna", reason="stricter")
        station.pipeline.start()
        finish(station)
        assert outcome.result(0).first_frame == 0
        assert station.pipeline.status().parts_total == FRAMES
        assert station.digest.hexdigest()
        assert {v.value for v in station.pipeline.status().parts} == {"FAIL"}
        # the shared model was not closed with the recipe before
        assert station.changeovers.previous is not None
        assert station.changeovers.previous.predictor is new.predictor


def test_a_watching_recipe_needs_a_taught_belt(pictures: Path, one: Path):
    from inspector.core.presence import PresenceRule

    with build_station(config(pictures, one)) as station:
        rule = PartRule(mode="presence", presence=PresenceRule())
        untaught = station.recipe.model_copy(update={"parts": rule})
        with pytest.raises(ConfigError, match="no empty belt is taught"):
            station.changeovers.with_recipe(untaught)


@pytest.mark.parametrize(("who", "reason"), [("", "better"), ("anna", "  ")])
def test_nobody_swaps_without_a_name_and_a_reason(
    pictures: Path, one: Path, two: Path, who: str, reason: str
):
    with build_station(config(pictures, one)) as station:
        new = station.changeovers.load(two)
        with pytest.raises(ConfigError, match="say w"):
            station.changeovers.take_over(new, who=who, reason=reason)
        with pytest.raises(StateError, match="after close"):
            new.predictor.predict([_crop()])
        with pytest.raises(StateError, match="no model before"):
            station.changeovers.back(who="anna", reason="x")


def _crop():
    from inspector.core.inspection import Crop

    return Crop(np.zeros((64, 64, 3), np.uint8))


def test_a_cancelled_swap_frees_its_model(pictures: Path, one: Path, two: Path):
    with build_station(config(pictures, one)) as station:
        new = station.changeovers.load(two)
        outcome = station.changeovers.take_over(new, who="anna", reason="new")
        assert station.changeovers.waiting is not None
        assert outcome.cancel()
        assert station.changeovers.waiting is None
        with pytest.raises(StateError):
            new.predictor.predict([_crop()])
        station.pipeline.start()
        finish(station)


def test_a_damaged_audit_key_refuses_the_run_rather_than_break_it_at_a_swap(
    pictures: Path, one: Path, tmp_path: Path
):
    db = tmp_path / "record.db"
    key_path(db).write_bytes(b"")
    with pytest.raises(StoreUnavailableError, match="audit key"):
        build_station(config(pictures, one, db))
    assert rows(db, "SELECT run_id FROM runs") == []


def test_an_altered_audit_is_seen(tmp_path: Path):
    db = tmp_path / "record.db"
    log = AuditLog(db, "station")
    log.append(Change("anna", "recipe", None, "a", "first"))
    log.append(Change("anna", "recipe", "a", "b", "second"))
    assert log.verify().rows == 2
    with sqlite3.connect(db) as connection:
        connection.execute("UPDATE audit SET who = 'bert' WHERE seq = 1")
    connection.close()
    assert not log.verify().is_sound
    log.close()


class Held:
    """A predictor that can only be freed."""

    provider, variant = "CPUExecutionProvider", "fp32"

    def __init__(self, name: str) -> None:
        self.model_id = f"{name}@1#{name * 64}"
        self.closed = False

    def predict(self, crops):
        raise AssertionError("a model that is only held was asked")

    def close(self) -> None:
        self.closed = True


class TakenAtOnce:
    """A pipeline whose mark is on its way: the request is taken, and judges later."""

    def __init__(self, in_force: InForce) -> None:
        self.in_force = in_force
        self.taken: list[Changeover] = []

    def change_over(self, changeover: Changeover) -> None:
        changeover.outcome.set_running_or_notify_cancel()
        self.taken.append(changeover)

    def judge(self) -> None:
        asked = self.taken[-1]
        self.in_force = InForce(asked.predictor, asked.recipe)
        asked.outcome.set_result(None)


def by_name(name: str) -> InForce:
    recipe = Recipe(model_sha256=name * 64, thresholds=Thresholds(t1=0.5, t2=0.8))
    return InForce(Held(name), recipe)


def test_no_model_is_asked_for_that_the_one_on_its_way_will_free():
    a, b, c = by_name("a"), by_name("b"), by_name("c")
    pipeline = TakenAtOnce(a)
    changeovers = Changeovers(pipeline)
    changeovers.take_over(b, who="anna", reason="x")
    pipeline.judge()
    changeovers.take_over(c, who="anna", reason="x")
    # c will be in force and b before it: a is let go then, and must not come back
    with pytest.raises(StateError, match="another changeover waits"):
        changeovers.back(who="anna", reason="x")
    pipeline.judge()
    assert (a.predictor.closed, b.predictor.closed, c.predictor.closed) == (True, False, False)
    with pytest.raises(StateError, match="let go"):
        changeovers.take_over(InForce(a.predictor, a.recipe), who="anna", reason="x")
    assert changeovers.back(who="anna", reason="x").running()
    assert pipeline.taken[-1].predictor is b.predictor


def test_masks_are_refused_where_the_score_is_not_of_the_map(pictures: Path, tmp_path: Path):
    def other_score(draft: Draft) -> None:
        draft.manifest["score_is_map_max"] = False

    model = write_tiny_package(tmp_path / "other", tamper=other_score)
    with build_station(config(pictures, model)) as station:
        masked = station.recipe.model_copy(
            update={"regions": (RegionSpec(ignore=((0, 0, 8, 8),)),)}
        )
        with pytest.raises(ConfigError, match="ignore masks"):
            station.changeovers.with_recipe(masked)
