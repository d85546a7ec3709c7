"""User names and passwords of cameras: by a name, in the system's keyring or a variable.

Jobs and settings name a credential; only the keyring holds it, or, where a service has none,
the variable ``INSPECTOR_CREDENTIAL_NAME`` as ``user:password``. Where the system has no
keyring that is safe, a credential lives in this process and is gone with it.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from inspector.errors import InputError, SourceOpenError

SERVICE = "inspector-station"
VARIABLE = "INSPECTOR_CREDENTIAL_"
LEAST_PRIORITY = 1.0
"""What keyring itself recommends: below are those that keep passwords in plain text."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Never printed: both fields stay out of ``repr``."""

    username: str = field(repr=False)
    password: str = field(repr=False)


class KeyringBackend(Protocol):
    """What we use of `keyring.backend.KeyringBackend`."""

    @property
    def priority(self) -> float: ...

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


def system_keyring() -> KeyringBackend:
    """The best one of this machine; may ask the desktop, so not on the GUI thread."""
    # takes 0.4 s, and only those need it who use credentials
    import keyring

    backend: KeyringBackend = keyring.get_keyring()
    return backend


class Credentials:
    """Saves and finds credentials by name; any thread."""

    def __init__(
        self,
        backend: KeyringBackend | None = None,
        *,
        on_secret: Callable[[str], None] = lambda secret: None,
    ) -> None:
        """``backend`` None: the system's, looked for at the first use.

        ``on_secret`` hears every password that comes by, so that a log can hide it.
        """
        self._backend = backend
        self._on_secret = on_secret
        self._lock = threading.Lock()
        self._session: dict[str, Credential] = {}

    @property
    def why_session_only(self) -> str | None:
        """Why nothing outlives this session, in words; None where a keyring keeps it."""
        backend = self._system()
        if backend.priority >= LEAST_PRIORITY:
            return None
        return (
            "this system has no safe keyring (such as GNOME Keyring, KWallet, Windows "
            "Credential Manager or the macOS keychain): credentials are kept until the "
            "program ends, and must be entered again then"
        )

    def save(self, name: str, credential: Credential) -> None:
        """Raises InputError where the keyring refuses (locked, cancelled)."""
        self._on_secret(credential.password)
        if self.why_session_only is not None:
            with self._lock:
                self._session[name] = credential
            return
        text = json.dumps({"username": credential.username, "password": credential.password})
        with _said("kept", name):
            self._system().set_password(SERVICE, name, text)

    def find(self, name: str) -> Credential | None:
        """None for an unknown name; entered just now, else the variable, else the keyring.

        Raises InputError where the keyring refuses, or the variable holds no ``user:password``.
        """
        with self._lock:
            held = self._session.get(name) or _from_variable(name)
        if held is not None:
            self._on_secret(held.password)
        return self._in_keyring(name) if held is None else held

    def _in_keyring(self, name: str) -> Credential | None:
        if self.why_session_only is not None:
            return None
        with _said("read", name):
            text = self._system().get_password(SERVICE, name)
        found = None if text is None else _parsed(text, name)
        if found is not None:
            self._on_secret(found.password)
        return found

    def require(self, name: str) -> Credential:
        """Raises SourceOpenError for an unknown name, InputError as ``find``."""
        found = self.find(name)
        if found is None:
            raise SourceOpenError(
                f"credential {name!r} is not known on this machine: enter its user name and "
                "password again where the source is set up, or set the variable "
                f"{variable_of(name)} to USER:PASSWORD"
            )
        return found

    def note(self, password: str | None) -> None:
        """One that came by another way, such as in an address: to be hidden as well."""
        if password:
            self._on_secret(password)

    def delete(self, name: str) -> None:
        """Idempotent. Raises InputError where the keyring refuses."""
        with self._lock:
            self._session.pop(name, None)
        if self._in_keyring(name) is not None:
            with _said("deleted", name):
                self._system().delete_password(SERVICE, name)

    def _system(self) -> KeyringBackend:
        with self._lock:
            if self._backend is None:
                self._backend = system_keyring()
            return self._backend


def variable_of(name: str) -> str:
    """Where a credential may stand in the environment: ``INSPECTOR_CREDENTIAL_LINE_1``."""
    return VARIABLE + re.sub(r"[^A-Z0-9]", "_", name.upper())


def _from_variable(name: str) -> Credential | None:
    variable = variable_of(name)
    text = os.environ.get(variable)
    if text is None:
        return None
    username, colon, password = text.partition(":")
    if not (username and colon):
        raise InputError(f"{variable}: expected USER:PASSWORD, neither of them percent-encoded")
    return Credential(username, password)


@contextmanager
def _said(what: str, name: str) -> Iterator[None]:
    """Keyring's errors in one line, without what was to be kept."""
    from keyring.errors import KeyringError

    try:
        yield
    except KeyringError as error:
        raise InputError(
            f"credential {name!r} cannot be {what}: the system's keyring refused "
            f"({type(error).__name__}); unlock it and try again"
        ) from None


def _parsed(text: str, name: str) -> Credential:
    try:
        held = json.loads(text)
        return Credential(str(held["username"]), str(held["password"]))
    except (ValueError, KeyError, TypeError):
        raise InputError(f"credential {name!r} in the keyring is damaged: enter it again") from None
