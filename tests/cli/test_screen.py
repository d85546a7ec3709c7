from __future__ import annotations

import os
from pathlib import Path

import pytest

from inspector.cli.screen import Screen


def test_a_broken_pipe_switches_printing_off():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as file:
        screen = Screen(file=file)
        screen.print("one")
        screen.print("two")
        assert screen.problem == "its reader has gone"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_switches_printing_off():
    with Path("/dev/full").open("w", encoding="utf-8") as file:
        screen = Screen(file=file)
        screen.print("one")
        screen.print("two")
        assert screen.problem is not None
        assert "space" in screen.problem


def test_what_the_encoding_cannot_express_switches_printing_off(tmp_path: Path):
    with (tmp_path / "out").open("w", encoding="ascii") as file:
        screen = Screen(file=file)
        screen.print("640×360")
        assert "ascii" in str(screen.problem)


def test_text_is_printed_as_it_is(tmp_path: Path):
    with (tmp_path / "out").open("w", encoding="utf-8") as file:
        Screen(file=file).print("[red]a[/x] :smile: " + "b" * 300)
    assert (tmp_path / "out").read_text() == "[red]a[/x] :smile: " + "b" * 300 + "\n"
