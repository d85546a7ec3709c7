"""Addresses: what is allowed, and that credentials never show."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector.errors import SourceOpenError
from inspector.sources.address import (
    parse_address,
    redact_unknown,
    source_id_of,
    with_credentials,
)


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("0", "camera", "camera 0"),
        ("/dev/video2", "camera", "/dev/video2"),
        ("/dev/v4l/by-id/usb-Basler_a-index0", "camera", "/dev/v4l/by-id/usb-Basler_a-index0"),
        ("line.mp4", "path", "line.mp4"),
        ("./0", "path", "./0"),
        ("img@2x.mp4", "path", "img@2x.mp4"),
        ("sim:screw?seed=3", "simulator", "sim:screw?seed=3"),
        ("sim:bob:pw@host", "simulator", "***@host"),
        ("rtsp://10.0.0.5/line1", "network", "rtsp://10.0.0.5/line1"),
        ("RTSP://host:8554/x", "network", "rtsp://host:8554/x"),
        ("http://[::1]:80/a", "network", "http://[::1]:80/a"),
        ("rtsp://u:p@host/x?pwd=q&ch=1", "network", "rtsp://host/x?pwd=***&ch=***"),
        ("rtsp://h/user=a&password=b&x", "network", "rtsp://h/user=***&password=***&x"),
    ],
)
def test_kinds(text: str, kind: str, shown: str) -> None:
    address = parse_address(text)
    assert (address.kind, address.shown) == (kind, shown)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "file:///etc/passwd",
        "concat:a.ts|b.ts",
        "pipe:0",
        "ftp://host/x",
        "async:http://host/x",
        "rtp://host",
        "http:host/x",
        "http:/host/x",
        "http://",
        "rtsp://host with space/x",
        "rtsp://user:pa/ss@host/x",
        "rtsp://user:1/ss@host/x",
        "rtsp://host/a@b",
        "rtsp://host/x\nsecond",
        "subfile,,start,0,end,9,,:x.mp4",
    ],
)
def test_refused(text: str) -> None:
    # "subfile,…" has no scheme for us: it is a path, and no such file exists
    if text.startswith("subfile"):
        assert parse_address(text).kind == "path"
        return
    with pytest.raises(SourceOpenError):
        parse_address(text)


def test_credentials_are_split_off_and_decoded() -> None:
    address = parse_address("rtsp://ad%20min:p%40ss%3A@cam/line")
    assert (address.target, address.username, address.password) == (
        "rtsp://cam/line",
        "ad min",
        "p@ss:",
    )
    assert "p@ss" not in repr(address)


@given(user=st.text(min_size=1, max_size=12), password=st.text(max_size=12))
def test_credentials_survive_the_way_to_ffmpeg(user: str, password: str) -> None:
    full = with_credentials("rtsp://cam/line", user, password)
    again = parse_address(full)
    assert (again.target, again.username, again.password) == ("rtsp://cam/line", user, password)
    assert urlsplit(full).hostname == "cam"


@pytest.mark.parametrize(
    ("text", "said", "unsaid"),
    [
        ("ftp://host/x", "'ftp://host/x': unknown scheme 'ftp';", None),
        ("ftp://bob:pw@host/x", "'***@host/x': unknown scheme;", "ftp"),
        ("bob:pw@host/x", "'***@host/x': unknown scheme;", "bob"),
        ("foo:?pwd=secret", "'foo:?pwd=***': unknown scheme 'foo';", "secret"),
    ],
)
def test_a_scheme_is_named_only_where_it_cannot_be_a_user_name(
    text: str, said: str, unsaid: str | None
) -> None:
    with pytest.raises(SourceOpenError) as caught:
        parse_address(text)
    assert said in str(caught.value)
    assert unsaid is None or unsaid not in str(caught.value)


# nothing of these letters appears in a message's own words
_secret = st.text(alphabet="QXZ0123456789@:/?#%&=+!$ [].\\\u00e9\n", min_size=4, max_size=16)


# what stands before the first colon is no scheme, and the same word is the password
@example(password="Q000", user="Q000", encode=False, prefix="")
@example(password="QX.Z", user="QX.Z", encode=True, prefix="foo:")
@example(password="QXZ0://", user="QXZ0://", encode=False, prefix="")
@given(
    password=_secret,
    user=_secret,
    encode=st.booleans(),
    prefix=st.sampled_from(
        ["rtsp://", "http://", "rtsp:", "rtsp:/", "ftp://", "rtsp//", "rtsps://", "", "foo:"]
    ),
)
def test_no_part_of_a_password_is_ever_shown(
    password: str, user: str, encode: bool, prefix: str
) -> None:
    secret = quote(password, safe="") if encode else password
    text = f"{prefix}{user}:{secret}@host/path"
    try:
        address = parse_address(text)
        shown = address.shown + source_id_of(address) + repr(address)
    except SourceOpenError as error:
        shown = str(error)
    shown += redact_unknown(text)
    parts = [p for p in (secret, password) if any(c in "QXZ" for c in p)]
    for part in parts:
        pieces = [part[i : i + 4] for i in range(len(part) - 3)]
        assert not [p for p in pieces if any(c in "QXZ" for c in p) and p in shown]
