"""The sources page: forms, previews that work and that fail, credentials, jobs."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from inspector.config import load_job
from inspector.core.job import Job
from inspector.gui.main_window import MainWindow
from inspector.gui.paths import Paths
from inspector.gui.sources.page import SourcesPage
from inspector.gui.sources.state import Kind, StreamForm
from inspector.station.documents import as_toml
from tests.gui.conftest import MakeWindow
from tests.sources.test_credentials import NoKeyring


@pytest.fixture
def window(open_window: MakeWindow, paths: Paths) -> MainWindow:
    (paths.jobs / "nut.toml").write_text(as_toml(Job(name="nut")))
    window = open_window()
    # never the keyring of who runs the tests
    window.context.credentials._backend = NoKeyring()
    return window


def sources_page(window: MainWindow, qtbot: QtBot) -> SourcesPage:
    window.open_page("sources")
    page = window.page("sources")
    assert isinstance(page, SourcesPage)
    settle(window, qtbot)
    return page


def settle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.context.work.pending == 0, timeout=10_000)


def test_every_form_says_what_it_lacks(window: MainWindow, qtbot: QtBot):
    page = sources_page(window, qtbot)
    for kind, words in ((Kind.STREAM, "no host"), (Kind.FILE, "Choose a video file")):
        page.controller.choose_kind(kind)
        assert words in page.view.address.text()
        assert not page.view.preview.isEnabled()
    page.controller.choose_kind(Kind.SIMULATOR)
    assert page.view.address.text().startswith("sim:")
    assert page.view.preview.isEnabled()


def test_a_source_is_seen_before_it_is_used(window: MainWindow, qtbot: QtBot):
    page = sources_page(window, qtbot)
    page.controller.choose_kind(Kind.SIMULATOR)
    page.view.preview.click()
    qtbot.waitUntil(lambda: "1280 × 720" in page.view.facts.text(), timeout=15_000)
    page.view.stop.click()
    assert not page.controller.pump.is_on
    assert page.view.preview.isVisible()


def test_what_cannot_be_opened_is_said_in_the_picture(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
):
    page = sources_page(window, qtbot)
    page.controller.choose_kind(Kind.FILE)
    page.view.path.setText(str(tmp_path / "none.mp4"))
    page.view.edited.emit()
    page.view.preview.click()
    words = page.view.picture
    qtbot.waitUntil(lambda: "no such file" in words.accessibleDescription(), timeout=10_000)
    assert page.view.preview.isVisible()


def test_a_stream_is_given_to_a_job_with_its_credential_by_name(
    window: MainWindow, qtbot: QtBot, paths: Paths
):
    page = sources_page(window, qtbot)
    page.controller.choose_kind(Kind.STREAM)
    stream = page.view.stream
    stream.set_form(StreamForm("rtsp", "cam", None, "live", "line-1"))
    stream.username.setText("anna")
    stream.password.setText("s3cret")
    stream.keep.click()
    settle(window, qtbot)
    settle(window, qtbot)
    assert stream.password.text() == stream.username.text() == ""
    assert "no safe keyring" in stream.remark.text()
    assert window.context.credentials.require("line-1").password == "s3cret"
    page.view.sign.who.setText("Anna")
    page.view.sign.why.setText("new camera")
    page.view.sign.button.click()
    settle(window, qtbot)
    job, path = load_job("nut", paths.jobs)
    assert (job.source, job.credential) == ("rtsp://cam/live", "line-1")
    written = [p.read_bytes() for p in path.parent.parent.rglob("*") if p.is_file()]
    assert not any(b"s3cret" in data for data in written)


def test_hiding_the_page_lets_the_device_go(window: MainWindow, qtbot: QtBot):
    page = sources_page(window, qtbot)
    page.controller.choose_kind(Kind.SIMULATOR)
    page.view.preview.click()
    window.open_page("live")
    assert not page.controller.pump.is_on
