from __future__ import annotations

import pytest

from inspector.core.toml_text import MAX_KEY_PARTS, read_toml
from inspector.errors import ConfigError


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b.c = 1",
        'why = "' + "One. Two, three. " * 100 + '"',
        "x = 1." + "0" * 300,
        ".".join("a" * MAX_KEY_PARTS) + " = 1",
    ],
)
def test_what_people_write_is_read(text: str) -> None:
    assert isinstance(read_toml(text, "x"), dict)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (".".join("a" * (MAX_KEY_PARTS + 1)) + " = 1", "more than 40 parts"),
        ('"a" . ' * 41 + "b = 1", "more than 40 parts"),
        ("x = {q=1," + "a." * 41 + "b = 1}", "more than 40 parts"),
        ("a = " + "[" * 100_000, "nested too deeply"),
        ("a = " + "9" * 5000, "not valid TOML"),
        ("=", "not valid TOML"),
        ("a" * 1_000_001, "longer"),
    ],
)
def test_what_would_take_forever_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=f"^recipe r: .*{words}"):
        read_toml(text, "recipe r")
