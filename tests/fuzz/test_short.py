"""The short form: every target with some cases, and documents that hypothesis makes up."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.cameras import parse_cameras
from inspector.core.job import parse_job
from inspector.core.manifest import parse_manifest
from inspector.core.recipe import parse_recipe
from inspector.core.truth import parse_truth
from inspector.errors import InspectorError
from inspector.sources.address import parse_address
from inspector.sources.options import SourceOptions
from inspector.sources.video import VideoSource
from inspector.vision.image_header import image_size, is_cmyk, is_complete
from inspector.vision.still import decode_still
from tests.fuzz import targets
from tests.fuzz.campaign import run
from tests.fuzz.targets import CASES_OF

ROOT = Path(__file__).resolve().parents[2]
IN_PYTHON = [name for name, (_, native, _) in CASES_OF.items() if not native]


def test_what_is_mutated_is_sound(tmp_path: Path) -> None:
    """Of a seed that is refused nothing deeper is ever reached."""
    parse_recipe(targets.RECIPE, "x")
    parse_job(targets.JOB, "x")
    parse_cameras(targets.STATION, "x")
    assert parse_truth(targets.TRUTH, "x")
    seeds = targets.Seeds(tmp_path)
    parse_manifest(json.dumps(seeds.manifest).encode(), "x")
    for data in seeds.images:
        assert not isinstance(decode_still(data), str)
    for suffix, data in seeds.videos:
        (tmp_path / f"v{suffix}").write_bytes(data)
        with closing(VideoSource(tmp_path / f"v{suffix}", SourceOptions())) as source:
            source.open()
            assert source.read() is not None


@pytest.mark.parametrize("name", IN_PYTHON)
def test_what_python_reads(name: str, tmp_path: Path) -> None:
    done = run(name, 60, 0, tmp_path)
    assert done.cases == 60


def test_what_native_decoders_read_ends_no_process() -> None:
    campaigns = ["images:150", "videos:25", "sessions:15", "streams:5"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.campaign", *campaigns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["cases"] for one in told] == [150, 25, 15, 5]


def refused_or_accepted(parse: Callable[[], object]) -> None:
    try:
        parse()
    except InspectorError as error:
        assert len(str(error)) < 2000  # noqa: PT017 - any error of ours will do


@given(st.text(max_size=200))
@settings(max_examples=60)
def test_any_text(text: str) -> None:
    for parse in (parse_recipe, parse_job, parse_cameras):
        refused_or_accepted(lambda parse=parse: parse(text, "x"))
    refused_or_accepted(lambda: parse_manifest(text.encode("utf-8", "replace"), "x"))
    refused_or_accepted(lambda: parse_address(text))


KEYS = st.sampled_from(
    ["name", "source", "model", "thresholds", "t1", "t2", "cameras", "job", "regions", "station"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)
)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
@settings(max_examples=60)
def test_any_document(document: dict[str, Any]) -> None:
    refused_or_accepted(lambda: parse_manifest(json.dumps(document).encode(), "x"))
    try:
        text = tomli_w.dumps(document)
    except (TypeError, ValueError):
        return
    for parse in (parse_recipe, parse_job, parse_cameras):
        refused_or_accepted(lambda parse=parse: parse(text, "x"))


@given(
    st.sampled_from(
        [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xc0", b"BM", b"II*\0", b"MM\0*", b"RIFF"]
    ),
    st.binary(max_size=200),
)
@settings(max_examples=120)
def test_any_header(magic: bytes, rest: bytes) -> None:
    size = image_size(magic + rest)
    assert size is None or len(size) == 2
    assert is_complete(magic + rest) in (True, False)
    assert is_cmyk(magic + rest) in (True, False)
