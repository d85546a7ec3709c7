"""Credentials by name: in the keyring or in this process, never printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from keyring.errors import KeyringError, KeyringLocked, PasswordDeleteError

from inspector.config import RunConfig
from inspector.errors import InputError, SourceOpenError
from inspector.sources.credentials import SERVICE, Credential, Credentials
from inspector.station.build import teacher_for

SECRET = Credential("anna", "s3cret/@:")


class MemoryKeyring:
    priority = 5.0

    def __init__(self, error: KeyringError | None = None) -> None:
        self.held: dict[tuple[str, str], str] = {}
        self.error = error

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error

    def get_password(self, service: str, username: str) -> str | None:
        self._fail()
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._fail()
        self.held[(service, username)] = password

    def delete_password(self, service: str, username: str) -> None:
        self._fail()
        if (service, username) not in self.held:
            raise PasswordDeleteError(username)
        del self.held[(service, username)]


class NoKeyring(MemoryKeyring):
    priority = 0.0


def test_it_outlives_the_process_in_the_keyring():
    ring = MemoryKeyring()
    Credentials(ring).save("line 1", SECRET)
    assert Credentials(ring).why_session_only is None
    assert Credentials(ring).find("line 1") == SECRET
    assert list(ring.held) == [(SERVICE, "line 1")]


def test_without_a_safe_keyring_it_lives_in_this_session_only():
    ring = NoKeyring()
    held = Credentials(ring)
    assert "no safe keyring" in (held.why_session_only or "")
    held.save("line 1", SECRET)
    assert held.find("line 1") == SECRET
    assert ring.held == {}
    assert Credentials(ring).find("line 1") is None


@pytest.mark.parametrize("ring", [MemoryKeyring(), NoKeyring()])
def test_deleting_is_idempotent(ring: MemoryKeyring):
    held = Credentials(ring)
    held.save("a", SECRET)
    held.delete("a")
    held.delete("a")
    assert held.find("a") is None
    with pytest.raises(SourceOpenError, match="'a' is not known on this machine"):
        held.require("a")


def test_a_locked_keyring_is_said_without_the_secret():
    held = Credentials(MemoryKeyring(KeyringLocked("cannot unlock s3cret/@:")))
    for act in (lambda: held.save("a", SECRET), lambda: held.find("a"), lambda: held.delete("a")):
        with pytest.raises(InputError, match="KeyringLocked") as caught:
            act()
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "no json", "[]", json.dumps({"username": "x"})])
def test_a_damaged_entry_is_said(text: str):
    ring = MemoryKeyring()
    ring.held[(SERVICE, "a")] = text
    with pytest.raises(InputError, match="damaged"):
        Credentials(ring).find("a")


def test_nothing_is_printed():
    assert "s3cret" not in repr(SECRET) + str(SECRET)


def test_a_run_finds_user_and_password_by_name():
    held = Credentials(NoKeyring())
    config = RunConfig(source="rtsp://camera/line", model=Path("m"), credential="line-1")
    with pytest.raises(SourceOpenError, match="'line-1' is not known"):
        teacher_for(config, held)
    held.save("line-1", SECRET)
    source = teacher_for(config, held)
    options = source._options  # type: ignore[attr-defined]
    assert (options.username, options.password) == (SECRET.username, SECRET.password)
    assert "s3cret" not in repr(options) + repr(config)


def test_a_service_without_a_keyring_has_it_in_a_variable(monkeypatch: pytest.MonkeyPatch):
    heard: list[str] = []
    held = Credentials(NoKeyring(), on_secret=heard.append)
    monkeypatch.setenv("INSPECTOR_CREDENTIAL_LINE_1_B", "anna:s3cret/@:")
    assert held.require("line-1.b") == SECRET
    assert heard == ["s3cret/@:"]
    held.delete("line-1.b")
    monkeypatch.setenv("INSPECTOR_CREDENTIAL_LINE_1_B", "s3cret")
    with pytest.raises(InputError, match="INSPECTOR_CREDENTIAL_LINE_1_B: expected") as caught:
        held.find("line-1.b")
    assert "s3cret" not in str(caught.value)
