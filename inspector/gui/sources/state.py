"""What the sources page shows and what is typed into it: plain values, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from inspector.errors import SourceOpenError
from inspector.sources.address import parse_address


class Kind(StrEnum):
    """Which form is in front."""

    CAMERA = "camera"
    STREAM = "stream"
    FILE = "file"
    SIMULATOR = "simulator"


@dataclass(frozen=True, slots=True)
class StreamForm:
    """A network camera. User name and password are kept apart, under ``credential``."""

    scheme: str = "rtsp"
    host: str = ""
    port: int | None = None
    path: str = ""
    credential: str = ""

    def address(self) -> str:
        """Raises SourceOpenError for a host that is none, and for a password in a field."""
        if not self.host:
            raise SourceOpenError("stream: no host: give the camera's name or address")
        if "@" in self.host + self.path:
            raise SourceOpenError(
                "stream: '@' in host or path: user name and password have fields of their own"
            )
        host = self.host if self.port is None else f"{self.host}:{self.port}"
        text = f"{self.scheme}://{host}/{quote(self.path.lstrip('/'), safe='/?=&%;:,.~+!$()*-_')}"
        parse_address(text)
        return text


def stream_form(address: str, credential: str | None) -> StreamForm:
    """The form for an address that a job holds; raises SourceOpenError."""
    parsed = parse_address(address)
    scheme, _, rest = parsed.target.partition("://")
    authority, _, path = rest.partition("/")
    host, colon, port = authority.rpartition(":")
    if not colon or not port.isdigit():
        host, port = authority, ""
    return StreamForm(scheme, host, int(port) if port else None, path, credential or "")


@dataclass(frozen=True, slots=True)
class SimulatorForm:
    """The built-in line."""

    category: str = "bottle_cap"
    defect_rate: float = 0.1
    seed: int = 0
    fps: float = 30.0

    def address(self) -> str:
        return (
            f"sim:{self.category}?defect_rate={self.defect_rate:g}&seed={self.seed}"
            f"&fps={self.fps:g}"
        )


@dataclass(frozen=True, slots=True)
class ChosenSource:
    """An address that can be previewed and given to a job; ``shown`` holds no secrets."""

    address: str
    shown: str
    credential: str | None = None


@dataclass(frozen=True, slots=True)
class CredentialState:
    """``known``: kept under that name. ``remark``: where it is kept, or why only here."""

    known: bool = False
    remark: str = ""
