"""Jobs: what is wrong is named at its field; what is saved is whole and audited."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.config import load_job
from inspector.core.camera import CameraSettings
from inspector.core.job import Job
from inspector.core.manifest import parse_manifest
from inspector.core.presence import PresenceRule
from inspector.core.recipe import PartRule, Recipe, Thresholds
from inspector.errors import ConfigError
from inspector.station.audit_log import Change
from inspector.station.documents import as_toml
from inspector.station.jobs import JobBook
from tests.support.tiny_model import write_tiny_package

SIM = "sim:metal_nut"


@pytest.fixture
def changes() -> list[Change]:
    return []


@pytest.fixture
def book(tmp_path: Path, changes: list[Change]) -> JobBook:
    """One sound job, ``cap``, of a model, a recipe and the simulator."""
    package = write_tiny_package(tmp_path / "models" / "tiny" / "1")
    manifest = parse_manifest((package / "manifest.json").read_text(), "here")
    recipe = Recipe(model_sha256=manifest.variants[0].sha256, thresholds=Thresholds(t1=0.5, t2=0.8))
    folder = tmp_path / "jobs"
    folder.mkdir()
    (folder / "cap.recipe.toml").write_text(as_toml(recipe))
    book = JobBook(folder, audit=changes.append)
    book.save(cap(), who="anna", why="new", new=True)
    return book


def cap(**changes: object) -> Job:
    base = Job(name="cap", source=SIM, model="../models/tiny/1", recipe="cap.recipe.toml")
    return base.model_copy(update=changes)


def test_a_sound_job_has_no_problems_and_reads_back(book: JobBook, changes: list[Change]):
    assert book.check(cap()) == ()
    (stored,) = book.jobs()
    assert stored.job == cap()
    assert stored.recipe_file() == book.folder / "cap.recipe.toml"
    assert [(c.who, c.what, c.old) for c in changes] == [("anna", "job cap", None)]


def untaught(recipe: Recipe) -> Recipe:
    rule = PartRule(mode="presence", presence=PresenceRule())
    return recipe.model_copy(update={"parts": rule})


@pytest.mark.parametrize(
    ("changed", "field", "text"),
    [
        ({"source": None}, "source", "no source"),
        ({"source": "gopher://x"}, "source", "unknown scheme"),
        ({"source": "nowhere.mp4"}, "source", "no such file"),
        ({"source": "rtsp://anna:pw@cam/1"}, "source", "do not belong in a job"),
        ({"credential": "line-1"}, "credential", "for streams only"),
        ({"model": None}, "model", "no model"),
        ({"model": "../models/tiny/9"}, "model", "no such folder"),
        ({"recipe": "none.toml"}, "recipe", "no such file"),
    ],
)
def test_what_is_wrong_is_named_at_its_field(book, changed, field, text):
    (problem,) = book.check(cap(**changed))
    assert problem.field == field
    assert text in problem.text
    assert "pw" not in problem.text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda r: r.model_copy(update={"model_sha256": "b" * 64}), "was set for model bbbb"),
        (untaught, "no empty belt is taught"),
    ],
)
def test_a_recipe_that_cannot_judge_is_a_problem(book, change, text):
    from inspector.config import load_recipe

    path = book.folder / "cap.recipe.toml"
    path.write_text(as_toml(change(load_recipe(path))))
    (problem,) = book.check(cap())
    assert problem.field == "recipe"
    assert text in problem.text


def test_several_things_wrong_are_all_named(book: JobBook):
    found = book.check(Job(name="empty"))
    assert [p.field for p in found] == ["source", "model"]


def test_editing_is_audited_with_before_and_after(book: JobBook, changes: list[Change]):
    job = cap(camera=CameraSettings(width=1280, exposure=-6.0))
    book.save(job, who="bert", why="brighter")
    assert book.job("cap").job == job
    assert changes[-1].old is not None
    assert "camera" not in changes[-1].old
    assert "1280" in (changes[-1].new or "")


@pytest.mark.parametrize(
    ("job", "options", "text"),
    [
        (cap(), {}, "nothing was changed"),
        (cap(), {"new": True}, "exists already"),
        (cap(source="rtsp://u:pw@h/x"), {}, "do not belong"),
        (cap(source=None), {"who": " "}, "say who"),
    ],
)
def test_what_may_not_be_saved_changes_nothing(book, job, options, text):
    before = (book.folder / "cap.toml").read_text()
    with pytest.raises(ConfigError, match=text) as caught:
        book.save(job, **{"who": "anna", "why": "x", **options})
    assert "pw" not in str(caught.value)
    assert (book.folder / "cap.toml").read_text() == before


def test_a_copy_has_a_recipe_of_its_own(book: JobBook):
    copy = book.duplicate("cap", "cap-blue", who="anna", why="blue ones")
    assert copy.job == cap(name="cap-blue", recipe="cap-blue.recipe.toml")
    assert book.check(copy.job) == ()
    assert {j.name for j in book.jobs()} == {"cap", "cap-blue"}
    with pytest.raises(ConfigError, match="exists already"):
        book.duplicate("cap", "cap-blue", who="anna", why="again")
    with pytest.raises(ConfigError, match="name"):
        book.duplicate("cap", "../evil", who="anna", why="x")


def test_files_that_are_no_jobs_are_listed_with_what_is_wrong(book: JobBook):
    (book.folder / "broken.toml").write_text("name = 3")
    broken, sound = book.jobs()
    assert (broken.name, broken.job) == ("broken", None)
    assert broken.problem is not None
    assert sound.problem is None


def test_paths_are_kept_relative_to_the_jobs(book: JobBook, tmp_path: Path):
    assert book.relative(tmp_path / "models" / "tiny" / "1") == "../models/tiny/1"


def test_what_a_job_holds_is_what_the_command_line_reads(book: JobBook):
    book.save(cap(credential="line-1", source="rtsp://cam/1"), who="anna", why="stream")
    job, _ = load_job("cap", book.folder)
    assert job.credential == "line-1"
