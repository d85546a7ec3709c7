"""Named colours of the two themes; every colour on the screen comes from here."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from inspector.core.inspection import Verdict


@dataclass(frozen=True, slots=True)
class VerdictColours:
    """``fill`` with ``ink`` on it (banners, chips); ``tint`` as text or line on a surface."""

    fill: str
    ink: str
    tint: str


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as ``#rrggbb``.

    ``ground`` lies behind everything, ``surface`` are cards on it, ``raised`` what can
    be pressed, ``sunken`` where pictures stand. ``text`` and ``muted`` are readable on
    all of these (WCAG AA, tested), ``line`` only parts.
    """

    name: str
    ground: str
    surface: str
    raised: str
    pressed: str
    sunken: str
    line: str
    strong_line: str
    text: str
    muted: str
    disabled: str
    accent: str
    accent_hover: str
    on_accent: str
    focus: str
    good: str
    warning: str
    danger: str
    danger_fill: str
    on_danger: str
    warning_fill: str
    on_warning: str
    verdicts: MappingProxyType[Verdict, VerdictColours]


DARK = Palette(
    name="dark",
    ground="#0e1217",
    surface="#161c23",
    raised="#212a34",
    pressed="#2b3744",
    sunken="#080b0e",
    line="#27313c",
    strong_line="#5d6e80",
    text="#e9eef3",
    muted="#9fadbb",
    disabled="#5f6c79",
    accent="#2f81d8",
    accent_hover="#4091e6",
    on_accent="#ffffff",
    focus="#7cc0ff",
    good="#4cc38a",
    warning="#f2b33d",
    danger="#ff7b72",
    danger_fill="#b3202a",
    on_danger="#ffffff",
    warning_fill="#f2b33d",
    on_warning="#1c1503",
    verdicts=MappingProxyType(
        {
            Verdict.PASS: VerdictColours("#17733f", "#ffffff", "#4cc38a"),
            Verdict.REVIEW: VerdictColours("#f2b33d", "#1c1503", "#f2b33d"),
            Verdict.FAIL: VerdictColours("#c3232e", "#ffffff", "#ff7b72"),
            Verdict.INVALID: VerdictColours("#6d3fc4", "#ffffff", "#b79bff"),
            Verdict.NO_PART: VerdictColours("#2b3744", "#e9eef3", "#9fadbb"),
        }
    ),
)

LIGHT = Palette(
    name="light",
    ground="#e9edf1",
    surface="#ffffff",
    raised="#eef2f6",
    pressed="#dbe3ea",
    sunken="#d3dae1",
    line="#d0d8e0",
    strong_line="#7c8a98",
    text="#15202b",
    muted="#4b5b6a",
    disabled="#93a0ac",
    accent="#1a66b8",
    accent_hover="#2275cc",
    on_accent="#ffffff",
    focus="#0b5cad",
    good="#0f6b3a",
    warning="#7d5200",
    danger="#b3202a",
    danger_fill="#b3202a",
    on_danger="#ffffff",
    warning_fill="#f2b33d",
    on_warning="#1c1503",
    verdicts=MappingProxyType(
        {
            Verdict.PASS: VerdictColours("#17733f", "#ffffff", "#0f6b3a"),
            Verdict.REVIEW: VerdictColours("#f2b33d", "#1c1503", "#7d5200"),
            Verdict.FAIL: VerdictColours("#c3232e", "#ffffff", "#b3202a"),
            Verdict.INVALID: VerdictColours("#6d3fc4", "#ffffff", "#5b2fb0"),
            Verdict.NO_PART: VerdictColours("#c3ccd5", "#15202b", "#4b5b6a"),
        }
    ),
)

PALETTES = MappingProxyType({p.name: p for p in (DARK, LIGHT)})


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two ``#rrggbb`` colours, 1..21, as WCAG 2.2 defines it."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
