"""A small category in MVTec AD layout: bright discs on grey, bad ones with a dark blot."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from inspector.core.frame import Image


def disc(seed: int, *, size: int = 96, grey: bool = False) -> Image:
    """A sound part, slightly off centre, on a noisy ground."""
    rng = np.random.default_rng(seed)
    image = np.full((size, size, 3), 110, np.uint8)
    x, y = (int(v) for v in rng.integers(size // 2 - 3, size // 2 + 4, 2))
    cv2.circle(image, (x, y), size // 3, (150, 190, 220), -1)
    cv2.circle(image, (x, y), size // 8, (60, 60, 60), -1)
    noisy = np.clip(image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8)
    if not grey:
        return noisy
    return np.repeat(noisy[..., :1], 3, axis=2)


def write_image(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(path.suffix, image)
    assert done
    path.write_bytes(data.tobytes())


def write_category(
    root: Path, name: str = "disc", *, good: int = 12, grey: bool = False, masks: bool = True
) -> Path:
    """``root/name`` with train, test (good, blot) and ground truth; returns ``root``."""
    folder = root / name
    for i in range(good):
        write_image(folder / "train" / "good" / f"{i:03}.png", disc(i, grey=grey))
    for i in range(5):
        write_image(folder / "test" / "good" / f"{i:03}.png", disc(100 + i, grey=grey))
        image = disc(200 + i, grey=grey)
        mask = np.zeros(image.shape[:2], np.uint8)
        centre = (image.shape[1] // 2 + 18, image.shape[0] // 2 - 14)
        cv2.circle(mask, centre, 7, 255, -1)
        image[mask > 0] = 20
        write_image(folder / "test" / "blot" / f"{i:03}.jpg", image)
        if masks:
            write_image(folder / "ground_truth" / "blot" / f"{i:03}_mask.png", mask)
    return root
