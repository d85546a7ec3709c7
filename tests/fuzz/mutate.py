"""Damaged, stretched and recombined variants of sound input; the same for the same seed."""

from __future__ import annotations

import copy
import json
import random
import tomllib
from collections.abc import Sequence
from typing import Any

import tomli_w

INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF)
MOST_DOUBLED = 2_000
"""Longer lists are not blown up once more: sizes are bounded where files are read."""
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1e308,
    float("nan"),
    float("inf"),
    2**63,
    10**400,
    "",
    "../../etc/passwd",
    "/etc/passwd",
    "a\x00b",
    "C:\\x",
    "\ud800",
    "💥" * 100,
    "x" * 70_000,
    [],
    {},
    [[[[[]]]]],
    {"": {"": 0}},
    "rtsp://u:p@h/x",
)


def mutate_bytes(rng: random.Random, seeds: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """One to eight changes to one of the seeds."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        _change(rng, data, seeds, tokens)
    return bytes(data)


def _change(
    rng: random.Random, data: bytearray, seeds: Sequence[bytes], tokens: Sequence[bytes]
) -> None:
    at = rng.randrange(len(data) + 1)
    # headers decide more than payload
    at = min(at, rng.randrange(256)) if rng.random() < 0.4 else at
    match rng.randrange(8):
        case 0 | 1 if data:
            data[at % len(data)] ^= rng.choice((1 << rng.randrange(8), rng.randrange(256)))
        case 2:
            size = rng.choice((1, 2, 4, 8))
            value = rng.choice(INTERESTING) % (1 << 8 * size)
            data[at : at + size] = value.to_bytes(size, rng.choice(("big", "little")))
        case 3:
            del data[at:]
        case 4:
            del data[at : at + rng.randrange(1, 64)]
        case 5:
            end = at + rng.randrange(1, 256)
            data[at:at] = data[at:end] * rng.choice((1, 2, 50))
        case 6:
            data[at:at] = rng.randbytes(rng.randrange(1, 64))
        case _:
            other = rng.choice(seeds)
            piece = other[rng.randrange(len(other) + 1) :]
            data[at:at] = rng.choice(tokens) if tokens and rng.random() < 0.5 else piece


def mutate_document(rng: random.Random, document: Any) -> Any:
    """A JSON-like value with one to four places changed, dropped, doubled or renamed."""
    held = json.loads(json.dumps(document))
    for _ in range(rng.choice((1, 1, 2, 4))):
        held = _change_value(rng, held)
    return held


def _change_value(rng: random.Random, held: Any) -> Any:
    if isinstance(held, dict) and held and rng.random() < 0.85:
        key = rng.choice(list(held))
        match rng.randrange(10):
            case 0:
                del held[key]
            case 1:
                held[rng.choice(("", "surprise", key + "x", "__proto__"))] = held.pop(key)
            case _:
                held[key] = _change_value(rng, held[key])
        return held
    if isinstance(held, list) and held and rng.random() < 0.85:
        at = rng.randrange(len(held))
        if rng.random() < 0.2:
            return held * (2 if len(json.dumps(held)) > MOST_DOUBLED else rng.choice((2, 300)))
        held[at] = _change_value(rng, held[at])
        return held
    return _odd(rng, held)


def _odd(rng: random.Random, held: Any) -> Any:
    if isinstance(held, (int, float)) and not isinstance(held, bool) and rng.random() < 0.5:
        return rng.choice(
            (-held, held * 10**6, held // 7 + 0.5 if abs(held) < 1e9 else 0.5, str(held))
        )
    if isinstance(held, str) and held and rng.random() < 0.5:
        at = rng.randrange(len(held))
        return held[:at] + rng.choice(("\0", "..", "/", "é", "\n", "%", '"')) + held[at:]
    # a copy: what comes from here is changed further
    return copy.deepcopy(rng.choice(ODD_VALUES))


def as_json(rng: random.Random, document: Any) -> bytes:
    text = json.dumps(mutate_document(rng, document), allow_nan=True)
    return text.encode("utf-8", "surrogatepass")


def as_toml(rng: random.Random, text: str) -> bytes:
    """A changed document where TOML can say it, else a changed text."""
    try:
        changed = tomli_w.dumps(_without_none(mutate_document(rng, tomllib.loads(text))))
        return changed.encode("utf-8", "surrogatepass")
    except (TypeError, ValueError, AttributeError, RecursionError):
        return mutate_bytes(rng, [text.encode()], [b"[[x]]\n", b'a = """', b"= [" * 50, b"1e999"])


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_none(v) for v in value if v is not None]
    return value
