from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.redact import Redactor


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("", ""),
        ("rtsp://cam/line is lost", "rtsp://cam/line is lost"),
        ("open rtsp://anna:p@ss/w:rd@cam:554/x now", "open rtsp://***@cam:554/x now"),
        ("rtsp://anna:p ss/w@rd@cam:554/x, now", "rtsp://***@cam:554/x, now"),
        (
            '{"at": "rtsp://a:b c\\"d@cam", "by": "tiny@1"}',
            '{"at": "rtsp://***@cam", "by": "tiny@1"}',
        ),
        ('"rtsp://cam/x", "tiny@1"', '"rtsp://cam/x", "tiny@1"'),
        ("http://cam/v?user=a&pwd=b&n=3 gone", "http://cam/v?user=***&pwd=***&n=*** gone"),
        ("Password: hunter2, next", "Password: ***, next"),
        ('{"api_key": "a b", "n": 1}', '{"api_key": ***, "n": 1}'),
        ("camera_password=x;y", "camera_password=***;y"),
        ("the pin of part 3 is bent", "the pin of part 3 is bent"),
        ("t1 = 0.5", "t1 = 0.5"),
    ],
)
def test_by_their_look(text: str, clean: str) -> None:
    assert Redactor().text(text) == clean


def test_by_the_name_of_a_key_at_any_depth() -> None:
    held = {"sources": [{"uri": "rtsp://a:b@c/d", "password": "x", "n": None}], "pin": 1234}
    clean = {"sources": [{"uri": "rtsp://***@c/d", "password": "***", "n": None}], "pin": "***"}
    assert Redactor().value(held) == clean


@given(st.text(min_size=3, max_size=30), st.text(max_size=20), st.text(max_size=20))
def test_a_known_secret_is_nowhere_however_it_is_written(secret: str, a: str, b: str) -> None:
    redactor = Redactor()
    redactor.hide(secret)
    for form in (secret, json.dumps(secret)[1:-1], quote(secret)):
        cleaned = redactor.text(f"{a}{form}{b}")
        assert form not in cleaned or form in "******"


def test_variables_whose_name_says_so() -> None:
    redactor = Redactor()
    redactor.hide_environment({"INSPECTOR_AUDIT_KEY": "c0ffee", "HOME": "/root", "X_TOKEN": ""})
    assert redactor.text("key c0ffee in /root") == "key *** in /root"
    redactor.hide_environment({"INSPECTOR_CREDENTIAL_LINE_1": "anna:pa:ss"})
    assert redactor.known("anna:pa:ss and pa:ss, not anna") == "*** and ***, not anna"
