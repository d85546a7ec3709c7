"""What a category of simulated parts consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from inspector.sources.simulator.surface import Grid, Surface

Build: TypeAlias = Callable[[Grid, np.random.Generator], Surface]
"""A good part; everything random about its look comes from the generator."""
Damage: TypeAlias = Callable[[Surface, Grid, float, np.random.Generator], None]
"""Changes a surface in place; severity 0..1."""


@dataclass(frozen=True, slots=True)
class BeltStyle:
    """The look of a belt.

    ``colour``: BGR grey levels, 0..255; ``contrast`` of its cloth, ``pitch`` of the weave
    in pixels at 720 lines; ``dirt``: strength of stains and dust, share.
    """

    colour: tuple[float, float, float]
    contrast: float
    pitch: float
    dirt: float


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of part: how a good one looks, and what can be wrong with it.

    ``reach``: half width of the part as a share of half its square.
    """

    name: str
    build: Build
    defects: Mapping[str, Damage]
    belt: BeltStyle
    reach: float
