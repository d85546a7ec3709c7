from __future__ import annotations

import pytest

from inspector.errors import SourceOpenError
from inspector.gui.sources.state import SimulatorForm, StreamForm, stream_form
from inspector.sources.simulator.spec import parse_spec


@pytest.mark.parametrize(
    ("form", "address"),
    [
        (StreamForm(host="cam"), "rtsp://cam/"),
        (StreamForm("rtsps", "10.0.0.5", 8554, "/live/1"), "rtsps://10.0.0.5:8554/live/1"),
        (StreamForm("http", "[fe80::1]", None, "a?x=1&y=2"), "http://[fe80::1]/a?x=1&y=2"),
        (StreamForm(host="cam", path="line 1"), "rtsp://cam/line%201"),
    ],
)
def test_a_stream_form_is_an_address(form: StreamForm, address: str):
    assert form.address() == address


@pytest.mark.parametrize(
    "form",
    [
        StreamForm(),
        StreamForm(host="anna:secret@cam"),
        StreamForm(host="cam", path="x@y"),
        StreamForm(host="a b"),
    ],
)
def test_what_is_no_host_or_holds_a_password_is_refused(form: StreamForm):
    with pytest.raises(SourceOpenError) as caught:
        form.address()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "form",
    [
        StreamForm("rtsp", "cam", 554, "live/1", "line-1"),
        StreamForm("http", "10.0.0.5", None, "video", ""),
    ],
)
def test_a_form_can_be_filled_from_a_job(form: StreamForm):
    assert stream_form(form.address(), form.credential) == form


def test_the_simulator_form_is_understood_by_the_simulator():
    spec = parse_spec(SimulatorForm("metal_nut", 0.25, 7, 60).address())
    assert (spec.category, spec.defect_rate, spec.seed, spec.fps) == ("metal_nut", 0.25, 7, 60)
