"""Reads the address of a source, and keeps its credentials apart from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import quote, unquote

from inspector.errors import SourceOpenError

Kind: TypeAlias = Literal["camera", "network", "simulator", "path"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+):")
_DEVICE = re.compile(r"/dev/(video\d+|v4l/[\w.:+/\-]+)")
_HOST = re.compile(r"([A-Za-z0-9._\-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
_NETWORK_SCHEMES = ("rtsp", "rtsps", "http", "https")
_KNOWN = (
    "a camera index, a device path, rtsp://…, http://…, a video file, a folder of images or sim:…"
)


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart.

    Attributes:
        kind: which sort of source it names.
        target: what to open, without credentials.
        shown: what may be printed and recorded: no credentials, no query values.
        scheme: of a network address, else None.
        username, password: percent-decoded; None where the address has none.
    """

    kind: Kind
    target: str = field(repr=False)
    shown: str
    scheme: str | None = None
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


def parse_address(text: str) -> Address:
    """Takes ``text`` apart; touches neither disk nor network.

    Raises:
        SourceOpenError: the scheme is not one of the allowed, or a network address
            is not well formed. The message holds no credentials.
    """
    if not text.strip() or any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise SourceOpenError(f"source: empty or with control characters; expected {_KNOWN}")
    if text.isdecimal() and text.isascii() and len(text) <= 3:
        return Address("camera", text, f"camera {text}")
    if _DEVICE.fullmatch(text) and ".." not in text:
        return Address("camera", text, text)
    scheme = _SCHEME.match(text)
    if scheme is None:
        return Address("path", text, redact_unknown(text))
    return _with_scheme(scheme[1].lower(), text)


def _with_scheme(scheme: str, text: str) -> Address:
    if scheme == "sim":
        return Address("simulator", text, redact_unknown(text))
    if scheme in _NETWORK_SCHEMES:
        return _network(scheme, text[len(scheme) + 1 :])
    # before an "@", what stands before the first colon may be a user name
    named = "unknown scheme" if "@" in text else f"unknown scheme {scheme!r}"
    raise SourceOpenError(
        f"source {_without_values(redact_unknown(text))!r}: {named}; expected {_KNOWN} "
        f"(for a file name with a colon write ./NAME)"
    )


def _network(scheme: str, rest: str) -> Address:
    match = re.fullmatch(r"//([^/?#]+)([^?#]*)(\?[^#]*)?(#.*)?", rest)
    if match is None or re.search(r"\s", rest):
        raise SourceOpenError(f"source {scheme}:…: expected {scheme}://HOST[:PORT]/PATH")
    authority, path, query = match[1], match[2], match[3] or ""
    userinfo, at, host = authority.rpartition("@")
    if not _HOST.fullmatch(host) or "@" in path + query + (match[4] or ""):
        raise SourceOpenError(
            f"source {scheme}://…: the host is not understood; percent-encode special "
            "characters ('@' is %40, '/' is %2F, ':' is %3A) in user name, password and path"
        )
    user, colon, password = userinfo.partition(":")
    return Address(
        kind="network",
        target=f"{scheme}://{host}{path}{query}",
        shown=f"{scheme}://{host}{_without_values(path)}{_without_values(query)}",
        scheme=scheme,
        username=unquote(user) if at else None,
        password=unquote(password) if colon else None,
    )


def _without_values(text: str) -> str:
    """Cameras take passwords as ``?pwd=…`` and even in the path: no value is shown."""
    return re.sub(r"=[^&;/?]+", "=***", text)


def redact_unknown(text: str) -> str:
    """For messages about something that is no address we know: cuts what may be secret."""
    head, at, tail = text.rpartition("@")
    if at and (":" in head or "//" in head):
        scheme = _SCHEME.match(head)
        known = scheme is not None and scheme[1].lower() in _NETWORK_SCHEMES
        text = f"{scheme[0] if scheme and known else ''}***@{tail}"
    if "//" in text:
        text = _without_values(text)
    return text


def passwords_in(text: str) -> tuple[str, ...]:
    """Of what is or was meant to be an address: as it was typed, and percent-decoded."""
    head, at, _ = text.rpartition("@")
    userinfo = head.partition("://")[2] or head
    password = userinfo.partition(":")[2]
    return (password, unquote(password)) if at and password else ()


def with_credentials(target: str, username: str | None, password: str | None) -> str:
    """The address as FFmpeg wants it: for the moment of opening only."""
    if username is None and password is None:
        return target
    scheme, separator, rest = target.partition("://")
    userinfo = quote(username or "", safe="")
    if password is not None:
        userinfo += ":" + quote(password, safe="")
    return f"{scheme}{separator}{userinfo}@{rest}"


def source_id_of(address: Address) -> str:
    """A short stable name, e.g. ``camera-0``, ``rtsp-10.0.0.5-554-line1``, ``line.mp4``."""
    if address.kind == "path":
        return Path(address.shown).name or address.shown
    name = address.shown.partition("?")[0]
    return re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-") or "source"
