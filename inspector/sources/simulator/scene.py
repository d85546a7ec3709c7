"""The whole picture: belt, part, light and sensor."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.sources.simulator.parts import CATEGORIES
from inspector.sources.simulator.parts.category import BeltStyle
from inspector.sources.simulator.spec import SimulatorSpec
from inspector.sources.simulator.surface import Sprite
from inspector.sources.simulator.texture import Field, blurred, octaves, smoothstep, white_noise
from inspector.sources.simulator.truth import Stream, generator

_BIAS = 24  # added to the noise bank, so that it fits unsigned pixels
_BEAT = 53.0  # frames of one swing of the light
_SPARE = (64, 96)  # rows and columns the bank is larger than a frame


class Scene:
    """Everything that is prepared once; composing a frame then takes milliseconds."""

    def __init__(self, spec: SimulatorSpec) -> None:
        self._spec = spec
        self._bank = _noise_bank(spec)
        self._belt = _belt(spec)

    def compose(self, sprite: Sprite | None, offset: int) -> Image:
        """The scene before light and sensor: uint8 (height, width, 3) BGR.

        ``offset``: pixels that the sprite lies right of its resting place.
        """
        if sprite is None:
            return self._belt
        image = self._belt.copy()
        roi = self._spec.roi
        left = max(0, roi.x + offset)
        right = min(self._spec.width, roi.x + offset + roi.width)
        if left < right:
            window = image[roi.y : roi.y + roi.height, left:right]
            columns = slice(left - roi.x - offset, right - roi.x - offset)
            kept = cv2.multiply(window, sprite.through[:, columns], scale=1 / 255)
            cv2.add(kept, sprite.add[:, columns], dst=window)
        return image

    def expose(self, image: Image, frame: int) -> Image:
        """A new picture with the light and the noise of that frame."""
        rng = generator(self._spec, Stream.FRAME, frame)
        # mains and shutter beat slowly; a little of it is random from frame to frame
        beat = 0.9 * math.sin(2 * math.pi * frame / _BEAT) + 0.1 * float(rng.uniform(-1.0, 1.0))
        gain = 1.0 + self._spec.flicker * beat
        y, x = (int(rng.integers(0, n + 1)) for n in _SPARE)
        noise = self._bank[y : y + self._spec.height, x : x + self._spec.width]
        return np.asarray(cv2.addWeighted(image, gain, noise, 1.0, -_BIAS), np.uint8)


def _noise_bank(spec: SimulatorSpec) -> NDArray[np.uint8]:
    """Sensor noise plus ``_BIAS``; the colours share some of it, as after demosaicing."""
    rng = generator(spec, Stream.NOISE)
    shape = (spec.height + _SPARE[0], spec.width + _SPARE[1])
    shared = blurred(white_noise(rng, *shape), 0.45)
    planes = [
        0.8 * shared / shared.std() + 0.6 * white / white.std()
        for white in (blurred(white_noise(rng, *shape), 0.7) for _ in range(3))
    ]
    noise = spec.noise * np.stack(planes, axis=2) + _BIAS
    return np.clip(np.rint(noise), 0, 2 * _BIAS).astype(np.uint8)


def _belt(spec: SimulatorSpec) -> Image:
    """The empty belt under its lamp, uint8 (height, width, 3) BGR."""
    style = CATEGORIES[spec.category].belt
    rng = generator(spec, Stream.BELT)
    tone = 1.0 + _weave(spec, style, rng) + _dirt(spec, style, rng)
    lit = tone * _vignette(spec)
    colour = np.array(style.colour, np.float32)
    belt = blurred(np.asarray(lit[:, :, None] * colour, np.float32), 0.8 * spec.roi.width / 640)
    return np.asarray(np.clip(belt + 0.5, 0, 255), np.uint8)


def _weave(spec: SimulatorSpec, style: BeltStyle, rng: np.random.Generator) -> Field:
    """Cloth pressed into rubber: crossed threads, each a little different."""
    h, w = spec.height, spec.width
    pitch = style.pitch * min(h, w) / 720
    rows, columns = (np.arange(n, dtype=np.float32)[:, None] for n in (h, w))
    wander = 0.35 * octaves(rng, h, w, 60 * pitch / 5, 3)
    a = np.sin(2 * np.pi / pitch * (rows + columns.T) * np.float32(0.7071) + wander)
    b = np.sin(2 * np.pi / pitch * (rows - columns.T) * np.float32(0.7071) + wander)
    grain = blurred(white_noise(rng, h, w), 0.8)
    uneven = 0.7 + 0.3 * octaves(rng, h, w, 25 * pitch, 3)
    return np.asarray(style.contrast * (0.55 * a * b * uneven + 0.9 * grain), np.float32)


def _dirt(spec: SimulatorSpec, style: BeltStyle, rng: np.random.Generator) -> Field:
    """Wear along the direction of travel, clouds and specks."""
    h, w = spec.height, spec.width
    clouds = octaves(rng, h, w, h / 3, 4)
    lanes = np.repeat(octaves(rng, h, 2, h / 40, 3)[:, :1], w, axis=1)
    specks = smoothstep(2.6, 3.3, octaves(rng, h, w, 5.0 * h / 720, 1))
    return np.asarray(style.dirt * (0.35 * clouds + 0.10 * lanes + 1.2 * specks), np.float32)


def _vignette(spec: SimulatorSpec) -> Field:
    """Light falls off to the corners, and a little away from the lamp."""
    x = np.linspace(-1.0, 1.0, spec.width, dtype=np.float32)[None, :]
    y = np.linspace(-1.0, 1.0, spec.height, dtype=np.float32)[:, None]
    return np.asarray(1.03 - 0.08 * (x * x + 0.6 * y * y) - 0.03 * x - 0.05 * y, np.float32)
