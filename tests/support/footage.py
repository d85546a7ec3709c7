"""A little line for the tiny model: dark belt, grey parts, a white spot on the bad ones."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

SIDE = 64
PART_FRAMES = 6
GAP_FRAMES = 4


def write_line(path: Path, levels: list[int]) -> Path:
    """FFV1 .mkv of 64×64 at 25 fps and the truth beside it (.csv).

    Each part lies still for PART_FRAMES frames, behind GAP_FRAMES empty ones; ``levels``
    are the grey levels of their spots (0..255), from 200 on the truth says defective.
    """
    code = cv2.VideoWriter.fourcc(*"FFV1")
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, 25, (SIDE, SIDE))
    lines = ["part,first_frame,last_frame,label,defect_type"]
    noise = np.random.default_rng(0)
    for number, level in enumerate(levels):
        first = number * (GAP_FRAMES + PART_FRAMES) + GAP_FRAMES
        for frame in range(GAP_FRAMES + PART_FRAMES):
            image = noise.integers(20, 24, (SIDE, SIDE, 3), np.uint8)
            if frame >= GAP_FRAMES:
                image[12:52, 12:52] = 90
                image[28:36, 28:36] = level
            writer.write(image)
        label = "defective,spot" if level >= 200 else "good,good"
        lines.append(f"{number},{first},{first + PART_FRAMES - 1},{label}")
    writer.release()
    path.with_suffix(".csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
