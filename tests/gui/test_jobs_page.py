"""The recipe editor on a tiny job: nothing, editing, saving, versions, refusals."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from inspector.config import RunConfig, load_recipe
from inspector.core.geometry import Roi
from inspector.core.job import Job
from inspector.core.manifest import parse_manifest
from inspector.core.recipe import Recipe, RegionSpec, Thresholds
from inspector.gui.jobs.page import JobsPage
from inspector.gui.main_window import MainWindow
from inspector.gui.paths import Paths
from inspector.gui.settings import SettingsFile
from inspector.station.documents import as_toml
from tests.gui.conftest import MakeWindow

LINE = "sim:metal_nut?seed=1&width=160&height=120&fps=15"
WHY = "scratches passed"


@pytest.fixture
def job(package: Path, paths: Paths, settings: SettingsFile) -> Path:
    """``nut``: the tiny model on the simulator, with a recipe; its recipe's file."""
    manifest = parse_manifest((package / "manifest.json").read_text(), "here")
    recipe = Recipe(
        name="nut",
        model_sha256=manifest.variants[0].sha256,
        thresholds=Thresholds(t1=0.6, t2=0.8),
        regions=(RegionSpec(roi=(20, 10, 100, 100)),),
    )
    file = paths.jobs / "nut.recipe.toml"
    file.write_text(as_toml(recipe))
    made = Job(name="nut", source=LINE, model="../models/tiny/1", recipe=file.name)
    (paths.jobs / "nut.toml").write_text(as_toml(made))
    settings.update(who="Anna")
    return file


def jobs_page(window: MainWindow, qtbot: QtBot) -> JobsPage:
    window.open_page("jobs")
    page = window.page("jobs")
    assert isinstance(page, JobsPage)
    settle(window, qtbot)
    return page


def settle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.context.work.pending == 0, timeout=25_000)


def save(page: JobsPage, window: MainWindow, qtbot: QtBot, why: str = WHY) -> None:
    page.view.sign.why.setText(why)
    assert page.view.sign.button.isEnabled()
    page.view.sign.button.click()
    settle(window, qtbot)


def test_without_jobs_it_says_what_to_do(open_window: MakeWindow, qtbot: QtBot):
    page = jobs_page(open_window(), qtbot)
    assert page.controller.draft is None
    assert "Press New" in page.view._nothing.text()
    assert not page.view.sign.isVisible()


def test_a_new_job_is_named_at_once_and_says_what_is_missing(
    open_window: MakeWindow, qtbot: QtBot, paths: Paths, package: Path, settings: SettingsFile
):
    settings.update(who="Anna")
    window = open_window()
    page = jobs_page(window, qtbot)
    page.view.new.click()
    page.view.name.setText("cap")
    page.view.name.returnPressed.emit()
    settle(window, qtbot)
    settle(window, qtbot)
    assert (paths.jobs / "cap.toml").is_file()
    assert "no source" in page.view.verdict.text()
    page.view.job.source.setText(LINE)
    page.view.job.model.setCurrentIndex(0)
    page.view.job.edited.emit()
    page.view.job.propose.click()
    settle(window, qtbot)
    assert page.controller.draft is not None
    assert page.controller.draft.recipe is not None
    save(page, window, qtbot, "first setup")
    settle(window, qtbot)
    assert page.view.verdict.text() == "This job can be started"
    assert load_recipe(paths.jobs / "cap.recipe.toml").thresholds == Thresholds(t1=0.6, t2=0.8)


def test_a_threshold_is_saved_as_a_version_with_who_and_why(
    open_window: MakeWindow, qtbot: QtBot, job: Path, paths: Paths
):
    window = open_window()
    page = jobs_page(window, qtbot)
    assert not page.view.sign.button.isEnabled()
    page.view.thresholds.t1.setValue(0.55)
    assert "T1 (review from): 0.6 → 0.55" in page.view.changes.toolTip()
    save(page, window, qtbot)
    settle(window, qtbot)
    assert load_recipe(job).thresholds.t1 == 0.55
    texts = [page.view.versions.list.item(i).text() for i in range(2)]
    assert "Anna: scratches passed" in texts[0]
    assert "(as found)" in texts[1]
    with sqlite3.connect(paths.db or "") as connection:
        (row,) = connection.execute("SELECT who, what, reason FROM audit").fetchall()
    connection.close()
    assert row == ("Anna", "recipe nut.recipe", WHY)
    page.view.versions.list.setCurrentRow(1)
    assert page.view.versions.lines.item(0).text() == "T1 (review from): 0.6 → 0.55"
    page.view.versions.restore.click()
    assert page.view.sign.why.text() == "back to version 1"
    assert page.controller.draft is not None
    assert page.controller.draft.recipe is not None
    assert page.controller.draft.recipe.thresholds.t1 == 0.6


def test_typing_one_number_leaves_the_digits_of_the_others(
    open_window: MakeWindow, qtbot: QtBot, job: Path
):
    exact = "0.81234567"
    job.write_text(job.read_text().replace("t2 = 0.8", f"t2 = {exact}\n"))
    page = jobs_page(open_window(), qtbot)
    page.view.thresholds.t1.setValue(0.7)
    page.view.regions.measured.emit(1.0)
    page.view.regions.ruler.setChecked(True)
    page.view.regions.measured.emit(7.0)
    page.view.regions.defects.editor("min_area_px").setValue(5)  # type: ignore[attr-defined]
    draft = page.controller.draft
    assert draft is not None
    assert draft.recipe is not None
    assert draft.recipe.thresholds == Thresholds(t1=0.7, t2=float(exact))
    assert draft.recipe.defects.mm_per_px == pytest.approx(7 / 640, rel=1e-9)
    assert draft.recipe.defects.min_area_px == 5


def test_dragging_a_line_shows_what_it_would_do_before_it_is_let_go(
    open_window: MakeWindow, qtbot: QtBot, job: Path
):
    page = jobs_page(open_window(), qtbot)
    plot = page.view.thresholds.plot
    plot.t1.setValue(0.7)
    plot.t1.sigDragged.emit(plot.t1)
    assert page.view.thresholds.t1.value() == 0.7
    assert page.controller.draft is not None
    assert not page.controller.draft.changed
    plot.t1.sigPositionChangeFinished.emit(plot.t1)
    assert page.controller.draft.recipe is not None
    assert page.controller.draft.recipe.thresholds.t1 == 0.7
    # T1 cannot be pushed through T2
    plot.t1.setValue(0.95)
    plot.t1.sigDragged.emit(plot.t1)
    assert (plot.t1.value(), plot.t2.value()) == (0.8, 0.8)


def test_regions_and_masks_follow_numbers_and_the_picture(
    open_window: MakeWindow, qtbot: QtBot, job: Path
):
    window = open_window()
    page = jobs_page(window, qtbot)
    page.view.live.setChecked(True)
    qtbot.waitUntil(lambda: page.view.canvas.has_image, timeout=15_000)
    page.view.regions.add_mask_wanted.emit()
    assert page.view.regions.chosen_key() == "mask:0:0"
    page.view.canvas.moved.emit("mask:0:0", Roi(40, 30, 24, 20))
    page.view.regions.numbers[2].setValue(30)
    draft = page.controller.draft
    assert draft is not None
    assert draft.recipe is not None
    assert draft.recipe.regions[0].ignore == ((20, 20, 30, 20),)
    page.view.parts.teach_wanted.emit()
    qtbot.waitUntil(lambda: page.view.parts.taught.text().startswith(("Taught", "the frames")))
    page.view.live.setChecked(False)
    assert not page.controller.pictures.picture.is_on


def test_the_ruler_gives_the_size_of_a_pixel(open_window: MakeWindow, qtbot: QtBot, job: Path):
    page = jobs_page(open_window(), qtbot)
    page.view.regions.ruler.setChecked(True)
    ends = page.view.canvas.ruler_ends()
    assert ends is not None
    page.view.regions.measured.emit(64.0)
    draft = page.controller.draft
    assert draft is not None
    assert draft.recipe is not None
    assert draft.recipe.defects.mm_per_px == pytest.approx(0.1)
    page.view.regions.ruler.setChecked(False)
    assert page.view.canvas.ruler_ends() is None


def test_a_recipe_for_another_model_says_so(open_window: MakeWindow, qtbot: QtBot, job: Path):
    text = job.read_text()
    job.write_text(text.replace(load_recipe(job).model_sha256, "b" * 64))
    page = jobs_page(open_window(), qtbot)
    assert "was set for model bbbb" in page.view.verdict.text()


def test_a_file_that_is_no_job_is_told_and_cannot_be_edited(
    open_window: MakeWindow, qtbot: QtBot, paths: Paths
):
    (paths.jobs / "bad.toml").write_text("name = 3")
    page = jobs_page(open_window(), qtbot)
    assert "bad.toml" in page.view._nothing.text()


def test_a_saved_recipe_takes_over_on_the_running_line(
    open_window: MakeWindow, qtbot: QtBot, job: Path, paths: Paths, package: Path
):
    config = RunConfig(source=LINE, model=package, recipe=load_recipe(job), db=paths.db)
    window = open_window(given=config)
    with qtbot.waitSignal(window.context.runs.started, timeout=20_000):
        window.context.launcher.start()
    page = jobs_page(window, qtbot)
    page.view.thresholds.t2.setValue(0.85)
    save(page, window, qtbot)
    qtbot.waitUntil(page.view.on_line.isVisible, timeout=25_000)
    page.view.on_line.click()
    changeovers = window.context.runs.changeovers
    assert changeovers is not None
    qtbot.waitUntil(lambda: changeovers.in_force.recipe.thresholds.t2 == 0.85, timeout=25_000)
    qtbot.waitUntil(lambda: not page.view.on_line.isVisible(), timeout=25_000)
