"""Chains of rows that cannot be altered unseen: what the audit and the parts share.

Each row's seal (HMAC-SHA256) covers its content and the seal before it, so a changed,
removed or reordered row breaks the chain; a sealed head says where the chain ends. Who
restores an older copy of the whole file goes back in time unseen by the chain alone: that
is what anchors are for (`store.anchors`), heads that were kept outside the record.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

FIRST = b"\0" * 32
"""What stands for the seal before the first row."""

_encode = json.JSONEncoder(sort_keys=True, allow_nan=False).encode

Fields: TypeAlias = Sequence[object]
"""Of what JSON knows: texts, whole and finite numbers, None, lists and mappings of these."""


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The end of a station's chain: the last row's number and the seal of the head."""

    seq: int
    mac: bytes


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """What became of a walk along a chain.

    Attributes:
        rows: sound ones, from the first on.
        problem: in words; None for a sound chain.
        at_seq: where the problem is, None where it has no place.
        anchored: the newest sound row that a head kept elsewhere vouches for; None for none.
    """

    rows: int
    problem: str | None = None
    at_seq: int | None = None
    anchored: int | None = None

    @property
    def is_sound(self) -> bool:
        return self.problem is None


@dataclass(frozen=True, slots=True)
class Link:
    """A row as it was read: its number, what it covers, and the seal it bears."""

    seq: int
    content: Fields
    mac: bytes


@dataclass(frozen=True, slots=True)
class Sealing:
    """How one kind of chain seals: ``station_id`` is within every seal.

    ``tag`` keeps the seals of one kind of chain from standing in another one.
    """

    key: bytes = field(repr=False)
    station_id: str
    tag: bytes = b""
    _keyed: hmac.HMAC = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # copied for each seal: setting the key up takes as long as sealing a part
        object.__setattr__(self, "_keyed", hmac.new(self.key, digestmod=hashlib.sha256))

    def row(self, before: bytes, seq: int, content: Fields) -> bytes:
        return self._seal(self.tag + b"row" + before, [self.station_id, seq, *content])

    def head(self, seq: int, mac: bytes) -> ChainHead:
        """Of a chain whose last row bears ``mac``."""
        return ChainHead(seq, self._seal(self.tag + b"head" + mac, [self.station_id, seq]))

    def check(
        self, links: Iterable[Link], head: ChainHead | None, expected: Iterable[ChainHead] = ()
    ) -> ChainCheck:
        """Walks the chain once. ``expected``: heads seen earlier, which must lie in it."""
        walk = _Walk(self, _by_seq(expected))
        for link in links:
            problem = walk.step(link)
            if problem is not None:
                return ChainCheck(walk.rows, problem, walk.rows + 1, walk.anchored)
        return self._end(walk, head)

    def _end(self, walk: _Walk, head: ChainHead | None) -> ChainCheck:
        end = self.head(walk.rows, walk.mac) if walk.rows else None
        beyond = max((seq for seq in walk.expected if seq > walk.rows), default=None)
        if head != end or beyond is not None:
            upto = max(beyond or 0, head.seq if head else 0)
            problem = "rows at the end are missing"
            if upto > walk.rows:
                problem = f"rows {walk.rows + 1} to {upto} at the end are missing"
            return ChainCheck(walk.rows, problem, walk.rows + 1, walk.anchored)
        return ChainCheck(walk.rows, anchored=walk.anchored)

    def _seal(self, prefix: bytes, fields: Fields) -> bytes:
        # JSON keeps the fields apart: ("ab", "c") and ("a", "bc") must not seal alike
        sealing = self._keyed.copy()
        sealing.update(prefix + _encode(fields).encode())
        return sealing.digest()


@dataclass(slots=True)
class _Walk:
    """How far a chain was found sound."""

    sealing: Sealing
    expected: dict[int, set[bytes]]
    rows: int = 0
    mac: bytes = FIRST
    anchored: int | None = None

    def step(self, link: Link) -> str | None:
        """Takes the next row, or says what is wrong with it."""
        number = self.rows + 1
        if link.seq != number:
            return f"row {number} is missing"
        mac = self.sealing.row(self.mac, number, link.content)
        if not hmac.compare_digest(mac, link.mac):
            return f"row {number} is not what was written"
        if number in self.expected:
            if self.expected[number] != {self.sealing.head(number, mac).mac}:
                return f"row {number} is not the one that was anchored"
            self.anchored = number
        self.rows, self.mac = number, mac
        return None


def _by_seq(heads: Iterable[ChainHead]) -> dict[int, set[bytes]]:
    found: dict[int, set[bytes]] = {}
    for head in heads:
        found.setdefault(head.seq, set()).add(head.mac)
    return found
