"""Taking secrets out of texts that leave the program: logs, bundles, reports."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "***"
_LEAST = 3
"""Shorter secrets cannot be told from ordinary text; patterns still find them."""
_SECRET_NAMES = r"(?:\w*(?:passw(?:or)?d|passwd|pwd|secret|token|api_?key|audit_key)|pin)"
# up to the last @ of what is quoted, else of the word: passwords hold @, /, : and spaces as
# well. Bounded, so that a text of nothing but beginnings takes no quadratic time
_IN_ADDRESS = re.compile(
    r"""([A-Za-z][A-Za-z0-9+.\-]{0,40}://)(?:(?:\\.|[^"\n\\]){0,1000}|\S{0,1000})@"""
)
_PERCENT = re.compile("%[0-9A-F]{2}")
_CREDENTIAL = "_CREDENTIAL_"
_IN_QUERY = re.compile(r"([?&;][^=\s&;\"']{1,80})=[^&;\s\"'<>]+")
_NAMED = re.compile(
    rf"""(?i)\b({_SECRET_NAMES})(["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s"',;&}}]+)"""
)
_SECRET_KEY = re.compile(rf"(?i){_SECRET_NAMES}")


class Redactor:
    """Knows secrets by their look, and those that it was told of. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[str, ...] = ()

    def hide(self, secret: str) -> None:
        """Nowhere from now on, however it is quoted."""
        if len(secret) < _LEAST:
            return
        forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
        forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        forms |= {repr(secret)[1:-1]}
        forms |= {_PERCENT.sub(lambda found: found[0].lower(), form) for form in forms}
        with self._lock:
            # the longest first: one may be part of another
            self._known = tuple(sorted({*self._known, *forms}, key=len, reverse=True))

    def hide_environment(self, environment: Mapping[str, str]) -> None:
        """Values of variables whose name says that they are secret; of USER:PASSWORD both."""
        for name, value in environment.items():
            if _SECRET_KEY.fullmatch(name):
                self.hide(value)
            elif _CREDENTIAL in name:
                self.hide(value)
                self.hide(value.partition(":")[2])

    def known(self, text: str) -> str:
        """Without the secrets that it was told of; by their look it takes none out."""
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        return text

    def text(self, text: str) -> str:
        text = _IN_ADDRESS.sub(rf"\1{HIDDEN}@", self.known(text))
        text = _IN_QUERY.sub(rf"\1={HIDDEN}", text)
        return _NAMED.sub(rf"\1\2{HIDDEN}", text)

    def value(self, value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
        """The same inside lists and dictionaries; a key that names a secret loses its value."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                self.text(str(k)): HIDDEN if _SECRET_KEY.fullmatch(str(k)) else self.value(v)
                for k, v in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.value(v) for v in value]
        return value
