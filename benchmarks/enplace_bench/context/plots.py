"""Plots as SVG, written by hand so that nothing has to be installed for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

WIDTH, LEAST_HEIGHT = 820, 480
LEFT, RIGHT, TOP, BOTTOM = 70, 290, 40, 60
LABEL = 14
"""Height of a line of text."""
COLOURS = ("#1f6feb", "#6e7781")
"""Ours, and others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A strategy: what it costs, and what it keeps for that."""

    name: str
    cost: float
    kept: float
    low: float
    high: float
    ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Points to be joined, from left to right."""

    name: str
    points: Sequence[tuple[float, float]]
    ours: bool = False


def curves(title: str, across: str, up: str, top: float, lines: Sequence[Curve]) -> str:
    """Curves over one another, from 0 to `top`."""
    height = LEAST_HEIGHT
    most = max((x for line in lines for x, _ in line.points), default=1.0) * 1.05 or 1.0
    parts = _axes(title, across, up, height=height, most=most, top=top, form="{:.0f}")
    ends = [_y(line.points[-1][1] / top, height) for line in lines]
    for line, label_y in zip(lines, _spread(ends, height - BOTTOM), strict=True):
        colour = COLOURS[0] if line.ours else COLOURS[1]
        at = [(_x(x, most), _y(y / top, height)) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in at]
        parts.append(_text(WIDTH - RIGHT + 9, label_y + 4, line.name, colour=colour))
    return "\n".join([*parts, "</svg>", ""])


def frontier(title: str, across: str, up: str, points: Sequence[Point]) -> str:
    """Kept against cost, with the interval of what is kept; up and to the left is better."""
    height = max(LEAST_HEIGHT, TOP + BOTTOM + LABEL * len(points))
    most = max((point.cost for point in points), default=1.0) * 1.05 or 1.0
    parts = _axes(title, across, up, height=height, most=most, top=1.0, form="{:.1f}")
    labels = _spread([_y(point.kept, height) for point in points], height - BOTTOM)
    for point, label_y in zip(points, labels, strict=True):
        colour = COLOURS[0] if point.ours else COLOURS[1]
        x, y = _x(point.cost, most), _y(point.kept, height)
        edge = WIDTH - RIGHT
        parts += [
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_y(point.low, height):.1f}" y2="{_y(point.high, height):.1f}" '
            f'stroke="{colour}"/>',
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{5 if point.ours else 3.5}" fill="{colour}"/>',
            f'<line x1="{x:.1f}" x2="{edge + 6}" y1="{y:.1f}" y2="{label_y:.1f}" '
            'stroke="#d0d7de" stroke-width="0.6"/>',
            _text(edge + 9, label_y + 4, point.name, colour=colour),
        ]
    return "\n".join([*parts, "</svg>", ""])


def _axes(
    title: str, across: str, up: str, *, height: float, most: float, top: float, form: str
) -> list[str]:
    """The head of a drawing: title, names of the axes, and a grid from 0 to `most` and `top`."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        _text(LEFT, 22, title, size=15),
        _text((LEFT + WIDTH - RIGHT) / 2, height - 16, across, anchor="middle"),
        f'<text transform="translate(18 {height / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(up)}</text>",
    ]
    for i in range(6):
        kept, cost = i / 5, most * i / 5
        y, x = _y(kept, height), _x(cost, most)
        parts += [
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d0d7de"/>',
            _text(LEFT - 8, y + 4, form.format(top * kept), anchor="end"),
            _text(x, height - BOTTOM + 18, f"{cost:,.0f}", anchor="middle"),
        ]
    return parts


def write(path: Path, svg: str) -> None:
    """Write a plot; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg, encoding="utf-8")


def _x(cost: float, most: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * cost / most


def _y(kept: float, height: float) -> float:
    return height - BOTTOM - (height - TOP - BOTTOM) * kept


def _spread(wanted: Sequence[float], lowest: float) -> list[float]:
    """Heights of labels near those wanted, none over another and none below the lowest."""
    found = list(wanted)
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    below = TOP - LABEL
    for place in order:
        below = found[place] = max(found[place], below + LABEL)
    above = lowest + LABEL
    for place in reversed(order):
        above = found[place] = min(found[place], above - LABEL)
    return found


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", size: int = 11, colour: str = "#24292f"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="{colour}">{escape(text)}</text>'
    )
