"""Landscapes drawn from a code: every venue has a picture of its own, and none has to be downloaded."""

import hashlib
from functools import lru_cache
from typing import Final

from markupsafe import Markup

_PALETTES: Final = 5
_WIDTH: Final = 320
_HEIGHT: Final = 160
_STEPS: Final = 6
_LAYERS: Final = ((76, 52), (104, 44), (130, 28))  # (height of the ridge's foot line, how far peaks rise)
_HOUSES: Final = {
    "hotel": "M206 108h44v20h-44zM200 108l28-16 28 16zM212 92h32l-16-10z",
    "restaurant": "M210 112h40v16h-40zM203 112l27-15 27 15zM228 118h5v10h-5z",
    "transport": "M200 112q0-6 6-6h40q8 0 8 8v12h-54zM206 111h12v8h-12zM222 111h12v8h-12zM238 111h10v8h-10z",
}


@lru_cache(maxsize=1024)
def landscape(code: str, kind: str = "attraction") -> Markup:
    """An SVG of ridges and a sun, always the same for the same code; decorative, so hidden from screen readers."""
    dice = hashlib.sha256(code.encode()).digest()
    ridges = Markup("").join(
        Markup('<path class="r{}" d="{}"/>').format(
            number + 1, _ridge(dice[number * 8 : number * 8 + 8], foot, rise)
        )
        for number, (foot, rise) in enumerate(_LAYERS)
    )
    house = (
        Markup('<path class="house" transform="translate(-66 0)" d="{}"/>').format(_HOUSES[kind])
        if kind in _HOUSES
        else ""
    )
    sun = Markup('<circle class="sun" cx="{}" cy="{}" r="{}"/>').format(
        120 + dice[30] % 80, 26 + dice[31] % 22, 11 + dice[29] % 6
    )
    return Markup(
        '<svg class="art art--{tone}" viewBox="0 0 {width} {height}"'
        ' preserveAspectRatio="xMidYMid slice" aria-hidden="true" focusable="false">'
        '<path class="sky" d="M0 0h{width}v{height}H0z"/>{sun}{ridges}{house}</svg>'
    ).format(tone=dice[28] % _PALETTES, width=_WIDTH, height=_HEIGHT, sun=sun, ridges=ridges, house=house)


def _ridge(dice: bytes, foot: int, rise: int) -> str:
    """A smooth line of peaks from the left edge to the right, closed along the bottom."""
    pace = _WIDTH // _STEPS
    heights = [foot - dice[step] * rise // 255 + (rise // 2 if step % 2 else 0) for step in range(_STEPS + 1)]
    curve = f"M0 {heights[0]}"
    for step in range(1, _STEPS + 1):
        middle = step * pace - pace // 2
        curve += f"C{middle} {heights[step - 1]} {middle} {heights[step]} {min(step * pace + 2, _WIDTH)} {heights[step]}"
    return f"{curve}V{_HEIGHT}H0z"
