"""A chart of stage times as a small SVG file: median and 99th percentile of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from inspector.errors import ConfigError

_ROW, _BAR, _LEFT, _WIDTH = 34, 12, 130, 640
_COLOURS = ("#2f6fb2", "#c4762b")


def write_chart(path: Path, runs: Sequence[tuple[str, Mapping[str, object]]]) -> None:
    """One or two runs (name, document) side by side; raises ConfigError where it cannot."""
    try:
        path.write_text(svg(runs), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from None


def svg(runs: Sequence[tuple[str, Mapping[str, object]]]) -> str:
    """Bars to the median, a thin line on to the 99th percentile, milliseconds beside them."""
    stages = [(name, _stages(document)) for name, document in runs]
    names = list(stages[0][1])
    longest = max((v["p99"] for _, s in stages for v in s.values()), default=0.0) or 1.0
    row = _ROW if len(runs) == 1 else 2 * _BAR + 18
    height = 64 + row * len(names)
    body = [_legend(place, name) for place, (name, _) in enumerate(stages)]
    for line, stage in enumerate(names):
        y = 56 + line * row
        body.append(_text(_LEFT - 10, y + _BAR, stage, anchor="end"))
        for place, (_, found) in enumerate(stages):
            body.append(_bar(y + place * (_BAR + 3), found[stage], longest, _COLOURS[place]))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 130} {height}"'
        ' font-family="sans-serif" font-size="12" fill="#222">'
        '<rect width="100%" height="100%" fill="#fff"/>' + "".join(body) + "</svg>\n"
    )


def _stages(document: Mapping[str, object]) -> dict[str, Mapping[str, float]]:
    stages, age = document["stages_ms"], document["age_at_verdict_ms"]
    assert isinstance(stages, Mapping)
    assert isinstance(age, Mapping)
    return {**stages, "age at verdict": age}


def _legend(place: int, name: str) -> str:
    x = _LEFT + place * 320
    return f'<rect x="{x}" y="18" width="12" height="12" fill="{_COLOURS[place]}"/>' + _text(
        x + 18, 28, f"{name}: bar p50, line p99, ms"
    )


def _bar(y: int, times: Mapping[str, float], longest: float, colour: str) -> str:
    scale = _WIDTH / longest
    p50, p99 = times["p50"] * scale, times["p99"] * scale
    middle = y + _BAR / 2
    return (
        f'<rect x="{_LEFT}" y="{y}" width="{max(p50, 1):.1f}" height="{_BAR}" fill="{colour}"/>'
        f'<line x1="{_LEFT}" x2="{_LEFT + max(p99, 1):.1f}" y1="{middle}" y2="{middle}"'
        f' stroke="{colour}"/>'
        + _text(_LEFT + p99 + 6, y + 10, f"{times['p50']:.2f} / {times['p99']:.2f}")
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
