"""TOML from outside: bounded before it is parsed, and every refusal in one line."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from inspector.errors import ConfigError

MAX_CHARACTERS = 1_000_000
MAX_KEY_PARTS = 40
# at the beginning of a line, or of an inline table's entry; not in the value behind a "="
_LONG_KEY = re.compile(rf"(?:^|[{{,])[^=.{{}},\n]*(?:\.[^=.{{}},\n]*){{{MAX_KEY_PARTS},}}", re.M)


def read_toml(text: str, where: str) -> dict[str, Any]:
    """``where`` begins the message, e.g. ``recipe nut.toml``. Raises ConfigError.

    The parser's time grows with the square of a dotted key's length and more (a key of
    20 kB takes a minute), and it calls itself once a level (both found by fuzzing).
    """
    if len(text) > MAX_CHARACTERS:
        raise ConfigError(f"{where}: longer than {MAX_CHARACTERS} characters")
    if _LONG_KEY.search(text):
        raise ConfigError(f"{where}: not valid TOML: a key of more than {MAX_KEY_PARTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError(f"{where}: its arrays or tables are nested too deeply") from None
    except ValueError as error:
        # TOMLDecodeError, and what int says of thousands of digits
        raise ConfigError(f"{where}: not valid TOML: {str(error)[:200]}") from None
