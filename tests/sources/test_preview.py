"""A look before use: pictures, errors and deadlines, by events."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from inspector.core.protocols import FrameSource
from inspector.errors import SourceError, SourceOpenError
from inspector.sources.preview import Preview, PreviewState
from tests.support.fakes import ScriptedSource, frame


def look(make: Callable[[], FrameSource], **options) -> Preview:
    preview = Preview(make, **options)
    preview.start()
    return preview


def test_the_newest_picture_is_shown_until_the_end():
    source = ScriptedSource([frame(0), frame(1), frame(2)])
    preview = look(lambda: source)
    assert preview.join()
    view = preview.view
    assert view.state is PreviewState.ENDED
    assert view.frame is not None
    assert (view.frame.index, view.frames) == (2, 3)
    assert view.info == source.info
    assert source.closed == 1


@pytest.mark.parametrize(
    "source",
    [
        ScriptedSource([], open_steps=[SourceOpenError("no such camera")]),
        ScriptedSource([frame(0), SourceError("no such camera")]),
    ],
)
def test_what_is_wrong_is_told(source: ScriptedSource):
    preview = look(lambda: source)
    assert preview.join()
    assert preview.view.state is PreviewState.FAILED
    assert str(preview.view.error) == "no such camera"
    assert source.closed == 1


def test_an_address_that_is_none_is_told():
    def refuse() -> FrameSource:
        raise SourceOpenError("unknown scheme")

    preview = look(refuse)
    assert preview.join()
    assert str(preview.view.error) == "unknown scheme"


class Hanging(ScriptedSource):
    """``open`` waits like a driver until it is interrupted."""

    def __init__(self) -> None:
        super().__init__([frame(0)])
        self.entered = threading.Event()

    def open(self):
        self.entered.set()
        assert self._interrupted.wait(10)
        return super().open()


def test_past_the_deadline_it_has_failed_and_lets_the_device_go():
    now = [100.0]
    source = Hanging()
    preview = look(lambda: source, deadline_s=5, clock=lambda: now[0])
    assert source.entered.wait(10)
    assert preview.view.state is PreviewState.OPENING
    now[0] += 5.1
    assert preview.view.state is PreviewState.FAILED
    assert "no picture within 5 s" in str(preview.view.error)
    assert preview.join(10)
    assert preview.view.state is PreviewState.FAILED
    assert source.closed == 1


def test_stopping_wakes_a_waiting_source_and_is_no_failure():
    source = Hanging()
    preview = look(lambda: source)
    assert source.entered.wait(10)
    preview.stop()
    preview.stop()
    assert preview.join(10)
    assert preview.view.state is PreviewState.OPENING
    assert preview.view.error is None


def test_stopping_before_the_start_opens_nothing():
    source = ScriptedSource([frame(0)])
    preview = Preview(lambda: source)
    preview.stop()
    preview.start()
    assert preview.join()
    assert source.opened == 0


def test_a_preview_that_never_started_can_be_joined():
    assert Preview(lambda: ScriptedSource([])).join(0)
