"""Colours of a scene: a ladder of lightness in the hue of its kind, a few fixed accents, and the same place by night.

They are written as sRGB, not as `oklch()`: browsers on older phones do not know that and would draw black.
"""

import math
import re
from typing import Final

_CLASS: Final = re.compile(r'class="([a-z0-9]+)"')

# tone: (lightness, part of the kind's chroma) by day and by night
_LADDER: Final[dict[str, tuple[tuple[float, float], tuple[float, float]]]] = {
    "k0": ((0.93, 0.42), (0.27, 0.7)),
    "k2": ((0.85, 0.7), (0.38, 0.8)),
    "k3": ((0.74, 0.9), (0.44, 0.8)),
    "k4": ((0.6, 1.0), (0.37, 1.0)),
    "k5": ((0.46, 1.0), (0.29, 0.8)),
    "k6": ((0.31, 0.7), (0.2, 0.6)),
}
_FIXED: Final = {  # fills, by day and by night
    "sun": ("#b4472f", "#f1e6c6"),
    "ks": ("#b4472f", "#a34a38"),  # seal red
    "kg": ("#d3a04b", "#a07a3c"),  # gilt
    "ky": ("#e7c987", "#857044"),  # temple yellow, sand in the sun
    "kd": ("#7b4a33", "#553628"),  # wood
    "kl": ("#f4dca0", "#ffd27a"),  # a window with light
    "kp": ("#e79a9a", "#b06f73"),  # blossom
    "kv": ("#7c9a4f", "#4f6845"),  # leaf
    "kw": ("#fdfaf1", "#8b8d88"),  # white wall
    "kz": ("#d9d3c4", "#5f625e"),  # stone
    "kn": ("#2c3a38", "#0e1516"),  # ink
    "ki": ("#2d5372", "#20394e"),  # blue-and-white
    "kx": ("#b9dbe2", "#203f4d"),  # water
    "kq": ("#8fc0cd", "#1a3440"),  # deep water
}
_VEILS: Final = {"km": ("#fffdf6", 0.72, "#c9d6d6", 0.16), "kr": ("#ffffff", 0.6, "#dfe9ee", 0.22)}
_LINES: Final = {  # strokes: by day, by night, width
    "lb": ("#2c3a38", "#0e1516", 1.4),
    "lw": ("#fdfaf1", "#8b8d88", 4.0),
    "lz": ("#cfc8b6", "#a3a59f", 3.0),
    "li": ("#2d5372", "#20394e", 2.0),
    "lv": ("#7f9f63", "#4f6845", 2.0),
    "ld": ("#7b4a33", "#553628", 3.0),
    "lg": ("#d3a04b", "#a07a3c", 2.0),
    "ls": ("#b4472f", "#a34a38", 2.4),
    "lt": ("#ffffff", "#ffffff", 4.0),
}
_CLEAR: Final = {"lt": (0.75, 0.4)}


def colour(lightness: float, chroma: float, hue: float) -> str:
    """OKLCH (hue in degrees) as sRGB, `#rrggbb`; what lies outside sRGB is cut off."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _gamma(min(1.0, max(0.0, one)))):02x}" for one in linear)


def style_of(body: str, hue: float, chroma: float) -> str:
    """The rules for the tones that `body` uses, by day and, after the reader's choice of dark, by night."""
    tones = sorted(set(_CLASS.findall(body)))
    day, night = list[str](), list[str]()
    for tone in tones:
        light, dark = _rules(tone, hue, chroma)
        day.append(f".{tone}{{{light}}}")
        night.append(f".{tone}{{{dark}}}")
    return f"{''.join(day)}@media(prefers-color-scheme:dark){{{''.join(night)}}}"


def _rules(tone: str, hue: float, chroma: float) -> tuple[str, str]:
    if tone == "k1":  # the horizon is warm paper by day
        return f"fill:{colour(0.965, 0.02, 82)}", f"fill:{colour(0.32, chroma * 0.7, hue)}"
    if tone in _LADDER:
        (day, day_part), (night, night_part) = _LADDER[tone]
        return (
            f"fill:{colour(day, chroma * day_part, hue)}",
            f"fill:{colour(night, chroma * night_part, hue)}",
        )
    if tone in _FIXED:
        light, dark = _FIXED[tone]
        return f"fill:{light}", f"fill:{dark}"
    if tone in _VEILS:
        light, seen, dark, seen_dark = _VEILS[tone]
        return f"fill:{light};opacity:{seen}", f"fill:{dark};opacity:{seen_dark}"
    light, dark, width = _LINES[tone]
    clear, clear_dark = _CLEAR.get(tone, (0, 0))
    common = f"fill:none;stroke-linecap:round;stroke-width:{width:g};stroke:{light}"
    return (
        common + (f";opacity:{clear}" if clear else ""),
        f"stroke:{dark}" + (f";opacity:{clear_dark}" if clear_dark else ""),
    )


def _gamma(linear: float) -> float:
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
