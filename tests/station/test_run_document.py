from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector.core.inspection import Verdict
from inspector.errors import ConfigError
from inspector.station.run_document import NAME, read_run, write_run
from tests.support.records import SPOT, part
from tests.support.replayed import found

FACTS = {
    "run_id": "run",
    "source": "line.mp4",
    "model_id": "nut@1#" + "a" * 64,
    "recipe_id": "c" * 64,
    "records_sha256": "d" * 64,
}
PARTS = (part(0), part(1, Verdict.FAIL, defects=(SPOT,)), part(2, Verdict.INVALID, reason="dark"))


def test_what_was_kept_is_read_back(tmp_path: Path):
    write_run(tmp_path / NAME, PARTS, **FACTS)
    kept = read_run(tmp_path)
    assert kept == read_run(tmp_path / NAME)
    assert repr(kept.parts) == repr(PARTS)  # NaN is not equal to itself
    assert (kept.source, kept.records_sha256) == ("line.mp4", "d" * 64)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema_version": 2}, "schema_version"),
        ({"more": 1}, "more"),
        ({"parts": [{"part": 1}]}, "parts.0"),
        ({"source": 7}, "source"),
    ],
)
def test_another_document_is_refused_in_a_line(tmp_path: Path, change: dict, said: str):
    write_run(tmp_path / NAME, PARTS, **FACTS)
    document = json.loads((tmp_path / NAME).read_text()) | change
    (tmp_path / NAME).write_text(json.dumps(document))
    with pytest.raises(ConfigError, match=said) as raised:
        read_run(tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("verdict", "NO_PART", "never on a part"),
        ("verdict", "FINE", "verdict"),
        ("score", "NaN", "score"),
        ("started_at", "noon", "noon"),
        ("frames_settled", -1, "frames_settled"),
    ],
)
def test_a_part_that_cannot_be(tmp_path: Path, key: str, value: object, said: str):
    write_run(tmp_path / NAME, [found(0, Verdict.PASS)], **FACTS)
    document = json.loads((tmp_path / NAME).read_text())
    document["parts"][0][key] = value
    (tmp_path / NAME).write_text(json.dumps(document))
    with pytest.raises(ConfigError, match=said):
        read_run(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_no_document_at_all(tmp_path: Path, text: str):
    (tmp_path / NAME).write_text(text)
    with pytest.raises(ConfigError, match=r"run\.json"):
        read_run(tmp_path)
    with pytest.raises(ConfigError, match="no such file"):
        read_run(tmp_path / "elsewhere")
