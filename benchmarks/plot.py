"""Horizontal bars as SVG, written by hand: no dependency for one picture."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from math import log10

LEFT, WIDTH, BAR, GAP, TITLE = 250, 760, 16, 6, 34
OURS, OTHERS, FLOOR = "#2f6f4f", "#9aa5b1", "#d8c58a"


def bars(groups: Mapping[str, Mapping[str, float]]) -> str:
    """A group of bars for each mapping of label to milliseconds, least first, on one logarithmic scale."""
    values = [value for group in groups.values() for value in group.values()]
    if not values:
        return _svg(40, '<text x="10" y="24">Nothing was measured.</text>')
    low, high = log10(min(values)) - 0.15, log10(max(values))
    scale = (WIDTH - LEFT - 90) / max(high - low, 0.01)
    drawn, y = [], 10
    for title, group in groups.items():
        y += TITLE
        drawn.append(f'<text x="10" y="{y - 10}" class="t">{escape(title)}: ms of CPU per request</text>')
        for label, value in sorted(group.items(), key=lambda pair: pair[1]):
            drawn.append(_bar(label, value, y, max(2.0, (log10(value) - low) * scale)))
            y += BAR + GAP
    drawn.append(f'<text x="10" y="{y + 18}" class="n">Logarithmic scale; shorter is better.</text>')
    return _svg(y + 30, "\n".join(drawn))


def _bar(label: str, value: float, y: int, length: float) -> str:
    colour = OURS if label.startswith("this") else FLOOR if label.startswith("floor") else OTHERS
    return (
        f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(label.replace("`", ""))}</text>'
        f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{colour}"/>'
        f'<text x="{LEFT + length + 6:.1f}" y="{y + 12}">{value:.3f}</text>'
    )


def _svg(height: int, inside: str) -> str:
    style = "text{font:12px sans-serif;fill:#222}.t{font-weight:bold;font-size:13px}.n{fill:#666}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">\n'
        f'<style>{style}</style>\n<rect width="100%" height="100%" fill="#fff"/>\n{inside}\n</svg>\n'
    )
