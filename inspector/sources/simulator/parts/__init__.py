"""The categories of simulated parts."""

from __future__ import annotations

from inspector.sources.simulator.parts.bottle_cap import BOTTLE_CAP
from inspector.sources.simulator.parts.category import Category
from inspector.sources.simulator.parts.metal_nut import METAL_NUT

CATEGORIES: dict[str, Category] = {c.name: c for c in (METAL_NUT, BOTTLE_CAP)}
