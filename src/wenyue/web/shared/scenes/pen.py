"""What a scene is drawn with: dice that always fall the same way, and shapes as SVG. The field is 320 × 200 units."""

import hashlib
from collections.abc import Iterable
from typing import Final

WIDTH: Final = 320
HEIGHT: Final = 200
_MASK: Final = 2**64 - 1


class Dice:
    """Numbers that a text decides (SplitMix64 over its SHA-256): the same on every machine and version."""

    def __init__(self, text: str) -> None:
        self._state = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])

    def random(self) -> float:
        """From 0 to below 1."""
        self._state = self._state + 0x9E3779B97F4A7C15 & _MASK
        mixed = (self._state ^ self._state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _MASK
        return ((mixed ^ mixed >> 31) >> 11) / 2**53

    def between(self, low: float, high: float) -> float:
        """From `low` to below `high`."""
        return low + (high - low) * self.random()

    def of(self, count: int) -> int:
        """One of 0 … count - 1."""
        return int(self.random() * count)


def number(value: float) -> str:
    """A coordinate with one decimal at most."""
    return f"{value:.1f}".rstrip("0").rstrip(".").replace("-0", "0" if -0.05 < value < 0.05 else "-0")


def path(tone: str, d: str) -> str:
    """A shape of a path's own language."""
    return f'<path class="{tone}" d="{d}"/>'


def polygon(tone: str, points: Iterable[tuple[float, float]]) -> str:
    """A shape with straight edges."""
    return path(tone, "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + "z")


def rect(tone: str, x: float, y: float, width: float, height: float, corner: float = 0) -> str:
    """A rectangle; `corner` rounds it."""
    if not corner:
        return path(tone, f"M{number(x)} {number(y)}h{number(width)}v{number(height)}h{number(-width)}z")
    return (
        f'<rect class="{tone}" x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
        f' rx="{number(corner)}"/>'
    )


def rects(tone: str, boxes: Iterable[tuple[float, float, float, float]]) -> str:
    """Many rectangles (x, y, width, height) of one tone as one shape."""
    drawn = "".join(f"M{number(x)} {number(y)}h{number(w)}v{number(h)}h{number(-w)}z" for x, y, w, h in boxes)
    return path(tone, drawn) if drawn else ""


def disc(tone: str, x: float, y: float, radius: float) -> str:
    """A circle."""
    return f'<circle class="{tone}" cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"/>'


def oval(tone: str, x: float, y: float, across: float, up: float) -> str:
    """An ellipse; `across` and `up` are its half axes."""
    return (
        f'<ellipse class="{tone}" cx="{number(x)}" cy="{number(y)}" rx="{number(across)}" ry="{number(up)}"/>'
    )


def ovals(tone: str, shapes: Iterable[tuple[float, float, float, float]]) -> str:
    """Many ellipses (x, y, half axes) of one tone as one shape."""
    drawn = "".join(
        f"M{number(x - a)} {number(y)}a{number(a)} {number(b)} 0 0 1 {number(2 * a)} 0"
        f"a{number(a)} {number(b)} 0 0 1 {number(-2 * a)} 0z"
        for x, y, a, b in shapes
    )
    return path(tone, drawn) if drawn else ""
