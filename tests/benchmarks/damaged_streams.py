#!/usr/bin/env python
"""How much of a stream's damage the station sees: pictures that look different, and are marked.

    python tests/benchmarks/damaged_streams.py CLIP.ts [CLIP.ts …] > found.md

Each clip is damaged in three ways, eight times each, decoded as the station decodes streams and
held against the sound one, picture by picture: packets of an MPEG transport stream are taken
out (seven in a row, as many as a network packet holds), whole pictures are (four in a row, as
a sender sheds them that is short of time), or single bytes are altered, which on TCP happens to
nobody but inside a camera. Clips as cameras send them are made by FFmpeg's own
program, say ``ffmpeg -i assets/footage/metal_nut.mp4 -t 12 -c:v libx264 -tune zerolatency -g 30
-b:v 3M h264.ts``. A picture is *spoilt* where more than thirty pixels differ by more than 24
grey levels; *marked in vain* are sound ones between the damage and the next key frame.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from inspector.sources.decoder_log import Said, decoder_says, take_over_stdout  # noqa: E402
from inspector.sources.native_env import prepare_device_process  # noqa: E402
from tests.support.transport_stream import (  # noqa: E402
    PACKET,
    picture_of_packets,
    without_packets,
    without_pictures,
)

TOGETHER, TIMES = 7, 8
HEAD = 200 * PACKET
"""Left alone: a stream that cannot be opened is another matter."""
VISIBLE, FEW = 24, 30


def packets_lost(data: bytes, chance: random.Random) -> bytes:
    """Twelve times seven packets."""
    for _ in range(12):
        first = chance.randrange(HEAD // PACKET, len(data) // PACKET - TOGETHER)
        data = without_packets(data, first, TOGETHER)
    return data


def pictures_lost(data: bytes, chance: random.Random) -> bytes:
    """Six times four of them."""
    count = max(number or 0 for number in picture_of_packets(data))
    starts = [chance.randrange(12, count - 4) for _ in range(6)]
    return without_pictures(data, {start + i for start in starts for i in range(4)})


def bytes_altered(data: bytes, chance: random.Random) -> bytes:
    """Twenty of them."""
    altered = bytearray(data)
    for _ in range(20):
        altered[chance.randrange(HEAD, len(altered))] = chance.randrange(256)
    return bytes(altered)


def pictures(path: Path, said: Said) -> Iterator[tuple[int, np.ndarray, bool]]:
    """(time in the stream's own ticks, picture, whether it is marked)."""
    import cv2

    from inspector.sources.damage import DamageWatch

    one_thread = [cv2.CAP_PROP_N_THREADS, 1]
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, one_thread)
    watch = DamageWatch(said)
    while capture.grab():
        marked = watch.fault(capture) is not None
        ok, image = capture.retrieve()
        if ok:
            yield round(capture.get(cv2.CAP_PROP_PTS)), image, marked


def is_spoilt(image: np.ndarray, sound: np.ndarray) -> bool:
    differs = np.abs(image.astype(np.int16) - sound) > VISIBLE
    return int(differs.any(axis=2).sum()) > FEW


Damage = Callable[[bytes, random.Random], bytes]


def row(clip: Path, damage: Damage, said: Said, folder: Path) -> str:
    reference = {time: image for time, image, _ in pictures(clip, said)}
    chance, count = random.Random(1), {(a, b): 0 for a in (True, False) for b in (True, False)}
    for _ in range(TIMES):
        path = folder / clip.name
        path.write_bytes(damage(clip.read_bytes(), chance))
        for time, image, marked in pictures(path, said):
            if time in reference:
                count[is_spoilt(image, reference[time]), marked] += 1
    spoilt = count[True, True] + count[True, False]
    share = count[True, True] / max(1, spoilt)
    return (
        f"| {clip.stem} | {damage.__name__.replace('_', ' ')} | {sum(count.values())} | {spoilt} |"
        f" {count[True, True]} ({share:.1%}) | {count[False, True]} |\n"
    )


def main() -> None:
    table = os.dup(1)
    # what is printed there from now on is FFmpeg's alone
    take_over_stdout()
    prepare_device_process(None)
    said = decoder_says()
    assert said is not None
    with os.fdopen(table, "w") as out, tempfile.TemporaryDirectory() as folder:
        out.write("| stream | damage | pictures | spoilt | of these marked | marked in vain |\n")
        out.write("|---|---|---|---|---|---|\n")
        for clip in map(Path, sys.argv[1:]):
            for damage in (packets_lost, pictures_lost, bytes_altered):
                out.write(row(clip, damage, said, Path(folder)))
                out.flush()


if __name__ == "__main__":
    main()
