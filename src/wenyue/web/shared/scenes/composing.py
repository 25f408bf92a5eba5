"""The picture of a place as an SVG file: kind, name and seed decide all of it."""

import hashlib
from collections.abc import Callable
from typing import Final

from wenyue.web.shared.scenes import halls, heights, lodging, open_country, outings, sacred, towns, waters
from wenyue.web.shared.scenes.kinds import KINDS
from wenyue.web.shared.scenes.palette import style_of
from wenyue.web.shared.scenes.pen import HEIGHT, WIDTH, Dice, disc, number, path

VARIANTS: Final = 1 << 16  # so many pictures a kind has at most
_SHIFT: Final = 8  # degrees that the hue of one place may differ from its kind's
_MODULES: Final = (heights, waters, open_country, sacred, halls, towns, outings, lodging)
_DRAW: Final[dict[str, Callable[[Dice], str]]] = {
    name: vars(module)[name] for module in _MODULES for name in KINDS if name in vars(module)
}


def variant_of(name: str, seed: str = "") -> int:
    """Which of its kind's pictures a place has."""
    return int.from_bytes(hashlib.sha256(f"{name}|{seed}".encode()).digest()[:2])


def draw(kind: str, variant: int) -> str:
    """The SVG document, 2–6 kB. Raises KeyError for a kind that there is not."""
    look, dice = KINDS[kind], Dice(f"{kind}|{variant}")
    hue = look.hue + (dice.of(3) - 1) * _SHIFT
    turned, body = dice.of(2) == 1, ""
    if look.has_sky:
        body += path("k0", f"M0 0h{WIDTH}v{HEIGHT}H0z") + path("k1", f"M0 {92 + dice.of(16)}h{WIDTH}v120H0z")
        side = dice.between(214, 256) if dice.of(3) else dice.between(64, 96)
        body += disc("sun", side, dice.between(34, 56), dice.between(12, 17))
    body += _DRAW[kind](dice)
    if turned:
        body = f'<g transform="matrix(-1 0 0 1 {number(WIDTH)} 0)">{body}</g>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"<style>{style_of(body, hue, look.chroma)}</style>{body}</svg>"
    )
