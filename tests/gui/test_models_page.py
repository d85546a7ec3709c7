"""The models page on tiny packages: gallery, verification, import and hot swap."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from inspector.config import RunConfig
from inspector.gui.main_window import MainWindow
from inspector.gui.models.page import ModelsPage
from inspector.gui.models.state import Check, SwapPhase
from inspector.gui.paths import Paths
from inspector.station.documents import as_toml
from tests.gui.conftest import MakeWindow
from tests.support.tiny_model import write_tiny_package

LONG = "sim:metal_nut?seed=1&width=160&height=120&fps=15"


def second(folder: Path) -> Path:
    """Another version: other weights, so another file."""
    return write_tiny_package(folder, version="2", t1=0.6, t2=0.8, weights=(0.34, 0.33, 0.33))


def models_page(window: MainWindow, qtbot: QtBot) -> ModelsPage:
    window.open_page("models")
    page = window.page("models")
    assert isinstance(page, ModelsPage)
    qtbot.waitUntil(lambda: window.context.work.pending == 0, timeout=10_000)
    return page


@pytest.fixture
def running(open_window: MakeWindow, package: Path, qtbot: QtBot, paths: Paths) -> MainWindow:
    """An endless line on the first of two packages."""
    second(paths.models / "tiny" / "2")
    window = open_window(given=RunConfig(source=LONG, model=package, db=paths.db))
    with qtbot.waitSignal(window.context.runs.started, timeout=20_000):
        window.context.launcher.start()
    return window


def told(window: MainWindow) -> list[str]:
    return [f"{n.title} {n.details}" for n in window.context.notices.notices]


def test_without_packages_it_says_what_to_do(open_window: MakeWindow, qtbot: QtBot):
    page = models_page(open_window(), qtbot)
    assert page.view.grid.cards == ()
    assert "Import one" in page.view.empty.text()
    assert page.view.empty.isVisible()


def test_packages_are_cards_sound_and_broken(
    open_window: MakeWindow, package: Path, paths: Paths, qtbot: QtBot
):
    bad = paths.models / "tiny" / "3"
    bad.mkdir()
    (bad / "manifest.json").write_text("{}")
    page = models_page(open_window(), qtbot)
    assert [(c.state.version, c.state.check) for c in page.view.grid.cards] == [
        ("1", Check.UNKNOWN),
        ("3", Check.BROKEN),
    ]
    assert page.view.details.title.text() == "tiny@1"
    page.view.grid.cards[1].click()
    assert "manifest.json" in page.view.details.check.text()


def test_verifying_says_what_was_found(open_window: MakeWindow, package: Path, qtbot: QtBot):
    page = models_page(open_window(), qtbot)
    page.view.details.verify.click()
    qtbot.waitUntil(lambda: page.view.grid.cards[0].state.check is Check.PASSED, timeout=10_000)
    assert "golden outputs differ by" in page.view.details.check.text()


def test_an_imported_package_is_verified_chosen_and_told(
    open_window: MakeWindow, tmp_path: Path, qtbot: QtBot, paths: Paths
):
    source = second(tmp_path / "download")
    packed = tmp_path / "tiny.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in source.iterdir():
            archive.write(file, file.name)
    window = open_window()
    page = models_page(window, qtbot)
    page.view.import_wanted.emit(packed)
    qtbot.waitUntil(lambda: len(page.view.grid.cards) == 1, timeout=10_000)
    assert (paths.models / "tiny" / "2" / "manifest.json").is_file()
    assert page.view.grid.cards[0].state.check is Check.PASSED
    assert "tiny@2 is verified" in told(window)[0]
    page.view.import_wanted.emit(packed)
    qtbot.waitUntil(lambda: "there already" in told(window)[0], timeout=10_000)


def test_without_a_run_nothing_can_be_swapped(open_window: MakeWindow, package: Path, qtbot: QtBot):
    line = models_page(open_window(), qtbot).view.line
    assert line.now.text() == "Nothing is running"
    assert not line.sign.isVisible()


def test_a_swap_and_the_way_back_while_the_line_runs(running: MainWindow, qtbot: QtBot):
    page, runs = models_page(running, qtbot), running.context.runs
    page.view.grid.cards[1].click()
    line = page.view.line
    assert not line.sign.button.isEnabled()
    line.sign.who.setText("Anna")
    line.sign.why.setText("version 2 is better")
    line.sign.button.click()
    assert page.controller.swap.phase is SwapPhase.LOADING
    qtbot.waitUntil(lambda: line.now.text() == "tiny@2 fp32", timeout=20_000)
    assert runs.is_active
    qtbot.waitUntil(lambda: "tiny@2 judges from frame" in "".join(told(running)), timeout=10_000)
    assert [c.state.on_line for c in page.view.grid.cards] == [False, True]
    with qtbot.waitSignal(runs.part_finished, timeout=10_000):
        pass
    assert line.back.isVisible()
    line.back.click()
    qtbot.waitUntil(lambda: line.now.text() == "tiny@1 fp32", timeout=20_000)
    assert running.context.settings.values.who == "Anna"
    with qtbot.waitSignal(runs.ended, timeout=20_000) as ended:
        runs.stop()
    status = ended.args[0].status
    assert status.accounting_problem() is None
    assert ended.args[0].error is None


def test_a_package_that_turns_out_bad_is_refused_and_the_line_goes_on(
    running: MainWindow, qtbot: QtBot, paths: Paths
):
    page = models_page(running, qtbot)
    model = paths.models / "tiny" / "2" / "model-fp32.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"?")
    page.view.grid.cards[1].click()
    page.view.line.swap_wanted.emit("", "Anna", "new")
    qtbot.waitUntil(lambda: any("refused" in text for text in told(running)), timeout=10_000)
    assert "wrong checksum" in "".join(told(running))
    assert page.view.line.now.text() == "tiny@1 fp32"
    assert running.context.runs.is_active


def test_a_recipe_for_another_model_is_shown_and_cannot_be_chosen(
    running: MainWindow, qtbot: QtBot, paths: Paths
):
    changeovers = running.context.runs.changeovers
    assert changeovers is not None
    (paths.jobs / "one.recipe.toml").write_text(as_toml(changeovers.in_force.recipe))
    (paths.jobs / "one.toml").write_text('name = "one"\nrecipe = "one.recipe.toml"\n')
    page = models_page(running, qtbot)
    page.view.grid.cards[1].click()
    recipes = page.view.line.recipes
    assert "set for another model" in recipes.itemText(1)
    assert not recipes.model().item(1).isEnabled()
