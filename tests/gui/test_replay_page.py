"""The replay page, driven as a person would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from pytestqt.qtbot import QtBot

from inspector.config import RunConfig
from inspector.core.inspection import Verdict
from inspector.core.timeline import Goal
from inspector.gui.main_window import MainWindow
from inspector.gui.paths import Paths
from inspector.gui.replay.page import ReplayPage
from inspector.gui.replay.words import place_words
from inspector.gui.settings import SettingsFile
from tests.support.cli import InProcess
from tests.support.fakes import grey
from tests.support.footage import write_line
from tests.support.tiny_model import write_tiny_package

LEVELS = [100, 230, 170, 250, 100]
WAIT = 20_000


@pytest.fixture
def line(tmp_path: Path, package: Path, paths: Paths) -> Path:
    """Footage with its truth, and a product it belongs to."""
    footage = write_line(tmp_path / "line.mkv", LEVELS)
    (paths.jobs / "spots.toml").write_text(
        f'name = "spots"\nsource = "../{footage.name}"\nmodel = "../models/tiny/1"\n'
    )
    return footage


@pytest.fixture
def page(open_window: Callable[..., MainWindow], line: Path) -> ReplayPage:
    window = open_window()
    window.open_page("replay")
    made = window.page("replay")
    assert isinstance(made, ReplayPage)
    return made


def finished(qtbot: QtBot, page: ReplayPage, runs: int = 1) -> None:
    def done() -> bool:
        desk = page.controller.desk
        return desk is not None and desk.running is None and len(desk.kept) == runs

    qtbot.waitUntil(done, timeout=WAIT)


def shows(qtbot: QtBot, page: ReplayPage, frame: int) -> None:
    def seen() -> bool:
        shown = page.view.picture.shown
        return shown is not None and shown.frame.index == frame

    qtbot.waitUntil(seen, timeout=WAIT)


def opened(qtbot: QtBot, page: ReplayPage, footage: Path, *, empty: str = "0:4") -> None:
    """Parts are told by presence, so the run of the product alone would not do."""
    page.view.run._empty.setText(empty)
    page.controller.open(footage)
    finished(qtbot, page)


def test_with_nothing_open_nothing_can_be_done(qtbot: QtBot, page: ReplayPage):
    view = page.view
    assert not view.transport._play.isEnabled()
    assert not view.run._run.isEnabled()
    assert view.picture.shown is None
    for wanted in (view.toggle_wanted, view.forward_wanted, view.pause_wanted):
        wanted.emit()
    view.jump_wanted.emit(Goal.FAIL, True)
    page.controller.pull()


def test_the_page_fits_a_small_screen_and_can_be_moved_about_on_a_smaller_one(page: ReplayPage):
    rail = 92
    least = page.view.minimumSizeHint()
    assert (least.width() <= 1280 - rail, least.height() <= 640) == (True, True), least
    assert page.minimumSizeHint().width() < 640 - rail


def test_footage_of_a_product_is_run_at_once_and_can_be_jumped_through(
    qtbot: QtBot, page: ReplayPage, line: Path
):
    opened(qtbot, page, line)
    view = page.view
    assert "truth of 5 parts" in view._facts.text()
    view.jump_wanted.emit(Goal.FAIL, True)
    key = page.controller.desk.current.timeline().marks[1].at
    shows(qtbot, page, key)
    qtbot.waitUntil(lambda: view.part.banner.verdict is Verdict.FAIL, timeout=WAIT)
    assert view.part.text_of("part") == "2"
    assert view.part.text_of("truth") == "Defective (spot): agrees"
    assert view.picture.shown.inspections[0].frame_index == key
    view.jump_wanted.emit(Goal.DISAGREEMENT, True)
    qtbot.waitUntil(lambda: "overkill" in view.part.text_of("truth"), timeout=WAIT)
    view.jump_wanted.emit(Goal.DISAGREEMENT, True)
    assert view.note == "No disagreement with the truth after this frame"


def test_the_same_records_as_the_command_line(
    qtbot: QtBot,
    page: ReplayPage,
    line: Path,
    package: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    opened(qtbot, page, line)
    page.controller.desk.player.play()
    outcome = page.controller.desk.kept[0].run.outcome()
    arguments = ("--model", package, "--empty-frames", "0:4", "--json", tmp_path / "r.json")
    assert InProcess(capfd, monkeypatch)("replay", line, *arguments).code == 0
    document = json.loads((tmp_path / "r.json").read_text())
    assert outcome.records_sha256 == document["records_sha256"]


def test_run_again_and_see_both_side_by_side(qtbot: QtBot, page: ReplayPage, line: Path):
    opened(qtbot, page, line)
    panel, compare = page.view.run, page.view.compare
    panel._other.setChecked(True)
    panel._t1.setValue(0.7)
    panel._t2.setValue(0.95)
    assert panel._preview.text().endswith("PASS 3, REVIEW 1, FAIL 1, INVALID 0")
    qtbot.mouseClick(panel._run, Qt.MouseButton.LeftButton)
    finished(qtbot, page, runs=2)
    qtbot.waitUntil(lambda: compare.summary == "2 of 5 parts changed", timeout=WAIT)
    rows = [[compare.model.index(row, column).data() for column in range(4)] for row in range(2)]
    assert rows == [["2", "FAIL", "REVIEW", "bad"], ["3", "REVIEW", "PASS", "good ✓"]]
    compare.table.selectRow(1)
    shows(qtbot, page, 25)
    view = page.view
    qtbot.waitUntil(lambda: view.before_picture.shown is not None, timeout=WAIT)
    assert view.before_picture.shown.frame is view.picture.shown.frame
    assert view.before_picture.shown.verdict is Verdict.REVIEW
    assert view.picture.shown.verdict is Verdict.PASS
    assert view.timeline._other is not None
    compare.runs_chosen.emit(2, 1)
    qtbot.waitUntil(lambda: view.picture.shown.verdict is Verdict.REVIEW, timeout=WAIT)
    view.tabs.setCurrentWidget(view.part)
    qtbot.waitUntil(lambda: not view.before_picture.isVisible(), timeout=WAIT)


def test_another_model_says_that_the_recipe_does_not_fit_and_can_be_fitted(
    qtbot: QtBot, page: ReplayPage, line: Path, paths: Paths
):
    write_tiny_package(paths.models / "tiny" / "2", t1=0.3, t2=0.99, version="2", map_size=8)
    opened(qtbot, page, line)
    panel = page.view.run
    page.controller.runs.refresh_choices()
    other = str(paths.models / "tiny" / "2")
    qtbot.waitUntil(lambda: panel._model.findData(other) >= 0, timeout=WAIT)
    panel._model.setCurrentIndex(panel._model.findData(other))
    panel._empty.clear()
    panel.ask_to_run()
    qtbot.waitUntil(lambda: "another model" in panel._problem.text(), timeout=WAIT)
    assert page.view.tabs.currentWidget() is panel
    panel._carry.setChecked(True)
    panel.ask_to_run()
    finished(qtbot, page, runs=2)
    assert page.controller.desk.current.recipe.thresholds.t1 == 0.3


@pytest.mark.parametrize("text", ["4:0", "x"])
def test_wrong_frames_are_said_where_they_were_typed(
    qtbot: QtBot, page: ReplayPage, line: Path, text: str
):
    opened(qtbot, page, line)
    page.view.run._empty.setText(text)
    page.view.run.ask_to_run()
    assert text in page.view.run._problem.text()
    assert page.controller.desk.running is None


def test_what_cannot_be_opened_is_said_and_leaves_what_is_open(
    qtbot: QtBot, page: ReplayPage, line: Path, tmp_path: Path
):
    opened(qtbot, page, line)
    page.controller.open(tmp_path / "gone.mp4")
    qtbot.waitUntil(lambda: "no such file" in page.view.note, timeout=WAIT)
    assert page.controller.desk.footage == line
    (tmp_path / "text.mp4").write_text("this is no video at all, it is text " * 9)
    page.controller.open(tmp_path / "text.mp4")
    qtbot.waitUntil(lambda: "text file" in page.view.note, timeout=WAIT)
    assert page.controller.desk.footage == line


def test_a_folder_with_a_damaged_image(
    qtbot: QtBot, page: ReplayPage, package: Path, tmp_path: Path
):
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), grey(90))
    (folder / "1.png").write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    page.controller.open(folder)
    qtbot.waitUntil(lambda: page.controller.desk is not None, timeout=WAIT)
    panel = page.view.run
    qtbot.waitUntil(lambda: panel._model.findData(str(package)) >= 0, timeout=WAIT)
    panel._product.setCurrentIndex(0)
    panel._model.setCurrentIndex(panel._model.findData(str(package)))
    panel._recipe.setCurrentIndex(panel._recipe.findData("proposed"))
    panel.ask_to_run()
    finished(qtbot, page)
    page.view.seek_wanted.emit(1)
    shows(qtbot, page, 1)
    qtbot.waitUntil(lambda: page.view.part.banner.verdict is Verdict.INVALID, timeout=WAIT)
    assert "1.png" in page.view.part.text_of("reason")
    assert page.view.picture._note == "NO PICTURE"
    page.view.seek_wanted.emit(2)
    qtbot.waitUntil(lambda: page.view.picture._note == "", timeout=WAIT)


def test_keys_work_on_picture_and_timeline(qtbot: QtBot, page: ReplayPage, line: Path):
    opened(qtbot, page, line)
    view, player = page.view, page.controller.desk.player
    page.window().activateWindow()
    view.timeline.setFocus()
    qtbot.waitUntil(view.timeline.hasFocus, timeout=WAIT)
    qtbot.keyClick(view.timeline, Qt.Key.Key_Right)
    shows(qtbot, page, 1)
    qtbot.keyClick(view.timeline, Qt.Key.Key_End)
    shows(qtbot, page, 49)
    qtbot.keyClick(view.timeline, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    shows(qtbot, page, 39)
    qtbot.keyClick(view.timeline, Qt.Key.Key_Home)
    shows(qtbot, page, 0)
    qtbot.keyClick(view.timeline, Qt.Key.Key_L)
    qtbot.keyClick(view.timeline, Qt.Key.Key_L)
    assert (player.status().is_playing, player.status().speed) == (True, 2.0)
    qtbot.keyClick(view.timeline, Qt.Key.Key_J)
    assert player.status().speed == -1.0
    qtbot.keyClick(view.timeline, Qt.Key.Key_BracketRight)
    assert player.status().speed == -2.0
    qtbot.keyClick(view.timeline, Qt.Key.Key_K)
    assert not player.status().is_playing
    qtbot.keyClick(view.timeline, Qt.Key.Key_F)
    shows(qtbot, page, page.controller.desk.current.timeline().marks[1].at)


def test_recent_footage_is_remembered_and_dropped_footage_opened(
    qtbot: QtBot, page: ReplayPage, line: Path, settings: SettingsFile
):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(line))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, mime, buttons, keys)
    page.view.dragEnterEvent(enter)
    assert enter.isAccepted()
    page.view.run._empty.setText("0:4")
    drop = QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, mime, buttons, keys)
    page.view.dropEvent(drop)
    finished(qtbot, page)
    assert settings.values.recent_footage == (str(line),)
    assert any(line.name in a.text() for a in page.view._open.menu().actions())


def test_the_annotated_video_is_saved_and_a_cancelled_one_leaves_nothing(
    qtbot: QtBot, page: ReplayPage, line: Path, tmp_path: Path
):
    opened(qtbot, page, line)
    keeping, out = page.controller.keeping, tmp_path / "shown.mp4"
    page.view.export_wanted.emit()
    dialog = page.controller.files.dialog
    assert dialog is not None
    assert not dialog.isModal()
    dialog.fileSelected.emit(str(out))
    qtbot.waitUntil(lambda: "Saved" in page.view.note, timeout=WAIT)
    assert out.stat().st_size > 1000
    out.unlink()
    keeping.export(keeping._config(), out)
    page.view.export_wanted.emit()
    qtbot.waitUntil(lambda: keeping._export is None, timeout=WAIT)
    assert not list(tmp_path.glob("*exporting*"))


def test_a_live_line_goes_on_and_its_footage_can_be_kept(
    qtbot: QtBot, page: ReplayPage, line: Path, package: Path, paths: Paths
):
    window = page.window()
    assert isinstance(window, MainWindow)
    runs = window.context.runs
    assert not page.view._record.isEnabled()
    source = "sim:metal_nut?seed=1&width=160&height=120&fps=15"
    runs.start(RunConfig(source=source, model=package, live=True))
    qtbot.waitUntil(page.view._record.isEnabled, timeout=WAIT)
    page.view.record_wanted.emit()
    opened(qtbot, page, line)
    assert runs.is_active
    qtbot.waitUntil(lambda: runs.recording is not None and runs.recording.frames > 5, timeout=WAIT)
    page.view.record_wanted.emit()
    qtbot.waitUntil(lambda: "Kept" in page.view.note, timeout=WAIT)
    assert runs.is_active
    (kept,) = paths.recordings.glob("*.mkv")
    runs.close()
    page.controller.open(kept)
    qtbot.waitUntil(lambda: page.controller.desk.footage == kept, timeout=WAIT)
    shows(qtbot, page, 0)


@pytest.mark.parametrize(
    ("frame", "frames", "fps", "words"),
    [
        (0, None, None, "0"),
        (5, 10, None, "5 / 9"),
        (1234, 5000, 30.0, "1,234 / 4,999   0:41.13"),
        (3000, 5000, 25.0, "3,000 / 4,999   2:00.00"),
    ],
)
def test_where_one_is(frame, frames, fps, words):
    assert place_words(frame, frames, fps) == words
