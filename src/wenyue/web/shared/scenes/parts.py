"""What many scenes have: ridges, peaks, mist, trees, roofs, ripples, birds, lanterns."""

from collections.abc import Sequence

from wenyue.web.shared.scenes.pen import Dice, disc, number, oval, ovals, path, polygon, rect, rects


def hills(tone: str, dice: Dice, foot: float, rise: float, steps: int = 5) -> str:
    """A soft ridge from edge to edge, filled to the ground. `foot`: its lowest line, `rise`: how far it may stand above."""
    pace = 320 / steps
    ys = [foot - dice.random() * rise for _ in range(steps + 1)]
    d = f"M0 {number(ys[0])}"
    for at in range(1, steps + 1):
        mid = number((at - 0.5) * pace)
        d += f"C{mid} {number(ys[at - 1])} {mid} {number(ys[at])} {number(at * pace)} {number(ys[at])}"
    return path(tone, d + "V200H0z")


def peak(
    dice: Dice, at: tuple[float, float], foot: float, width: float, tones: tuple[str, str] = ("k4", "k5")
) -> str:
    """A granite peak with its top `at`: a jagged outline, and a shaded face on the side away from the sun."""
    x, top = at
    left, right, spine = list[tuple[float, float]](), list[tuple[float, float]](), list[tuple[float, float]]()
    for step in range(1, 8):
        part = step / 7
        y, spread = top + (foot - top) * part, width / 2 * part**0.72
        left.append((x - spread + (dice.random() - 0.5) * 7 * (1 - part), y))
        right.append((x + spread + (dice.random() - 0.5) * 7 * (1 - part), y))
        spine.append((x + (dice.random() - 0.45) * width * 0.16 * (1 + part), y))
    return polygon(tones[0], [at, *right, *left[::-1]]) + polygon(tones[1], [at, *right, *spine[::-1]])


def mist(x: float, y: float, width: float, height: float = 9) -> str:
    """A band of mist: three rolls, one above the other."""
    half, tall = number(height / 2), number(height)
    return path(
        "km",
        f"M{number(x)} {number(y)}h{number(width)}a{half} {half} 0 0 1 0 {tall}h{number(-width * 0.22)}"
        f"a{half} {half} 0 0 0 0 {tall}h{number(-width * 0.56)}a{half} {half} 0 0 0 0 {number(-height)}"
        f"h{number(-width * 0.22)}a{half} {half} 0 0 1 0 {number(-height)}z",
    )


def roof(
    tone: str, at: tuple[float, float], width: float, height: float, ridge: float = 0.5, lift: float = 5
) -> str:
    """A hipped roof whose eaves' middle is `at`: eaves that turn up by `lift`, a level ridge (its part of the width)."""
    x, y = at
    half, top = width / 2, width * ridge / 2
    knee = top + (half - top) * 0.38
    return path(
        tone,
        f"M{number(x - half)} {number(y - lift)}Q{number(x - half * 0.72)} {number(y + 1)} {number(x - half * 0.4)} {number(y)}"
        f"H{number(x + half * 0.4)}Q{number(x + half * 0.72)} {number(y + 1)} {number(x + half)} {number(y - lift)}"
        f"Q{number(x + knee)} {number(y - height * 0.34)} {number(x + top)} {number(y - height)}H{number(x - top)}"
        f"Q{number(x - knee)} {number(y - height * 0.34)} {number(x - half)} {number(y - lift)}z",
    )


def pine(x: float, y: float, size: float, tone: str = "k6") -> str:
    """A pine of the mountains: level pads on a thin trunk. (x, y): its foot."""
    pads = [
        (x + a * size, y - b * size, c * size, 2.6 * size) for a, b, c in ((0, 20, 7), (-4, 14, 9), (5, 9, 9))
    ]
    trunk = f"M{number(x - 1.1 * size)} {number(y)}l{number(1.1 * size)} {number(-20 * size)} {number(1.4 * size)} {number(20 * size)}z"
    return path(tone, trunk) + ovals(tone, pads)


def tree(x: float, y: float, size: float, tones: tuple[str, str] = ("k4", "k6")) -> str:
    """A round tree: crown and trunk. (x, y): its foot."""
    crown = ((0, 20, 9), (-7, 14, 7), (7, 14, 7))
    return rect(tones[1], x - size, y - 12 * size, 2 * size, 12 * size) + ovals(
        tones[0], [(x + a * size, y - b * size, c * size, c * size) for a, b, c in crown]
    )


def firs(
    tone: str, dice: Dice, ground: float, span: tuple[float, float], sizes: tuple[float, float] = (18, 32)
) -> str:
    """A row of firs from x to x, one shape."""
    d, x = "", span[0]
    while x < span[1]:
        high = dice.between(*sizes)
        wide, y = high * 0.42, ground + dice.random() * 4
        d += (
            f"M{x - wide / 2:.0f} {y:.0f}l{wide * 0.3:.1f}-{high * 0.45:.0f}h-{wide * 0.14:.0f}"
            f"l{wide * 0.34:.1f}-{high * 0.55:.0f} {wide * 0.34:.1f} {high * 0.55:.0f}h-{wide * 0.14:.0f}"
            f"l{wide * 0.3:.1f} {high * 0.45:.0f}z"
        )
        x += wide * dice.between(0.75, 1.2)
    return path(tone, d)


def ripples(dice: Dice, top: float, bottom: float, count: int = 9, tone: str = "kr") -> str:
    """Light on water."""
    lines = list[tuple[float, float, float, float]]()
    for at in range(count):
        width = dice.between(18, 64)
        lines.append((dice.between(-20, 300), top + (bottom - top) * (at + 0.6) / count, width, 1.5))
    return rects(tone, lines)


def birds(dice: Dice, x: float, y: float, count: int = 3) -> str:
    """Birds far away."""
    d = ""
    for _ in range(count):
        left, top, size = x + dice.random() * 46, y + dice.random() * 18, dice.between(3, 5)
        d += (
            f"M{number(left - size)} {number(top - size * 0.4)}q{number(size * 0.6)} {number(-size * 0.3)} {number(size)}"
            f" {number(size * 0.6)}q{number(size * 0.4)} {number(-size * 0.9)} {number(size)} {number(-size * 0.6)}"
        )
    return path("lb", d)


def lantern(x: float, y: float, size: float = 1) -> str:
    """A red lantern. (x, y): its middle."""
    gilt = [
        (x - 0.4 * size, y - 6 * size, 0.8 * size, 4 * size),
        (x - 2 * size, y - 4 * size, 4 * size, size),
        (x - 2 * size, y + 3 * size, 4 * size, size),
    ]
    return oval("ks", x, y, 4 * size, 3.6 * size) + rects("kg", gilt)


def willow(dice: Dice, x: float, top: float, count: int = 9) -> str:
    """Twigs of a willow that hang into the picture."""
    d = ""
    for at in range(count):
        left, length = x + (at - count / 2) * 7 + dice.random() * 4, dice.between(34, 86)
        bend = dice.between(-3, 7)
        d += f"M{number(left)} {number(top)}q{number(bend * 0.2)} {number(length * 0.5)} {number(bend)} {number(length)}"
    return path("lv", d)


def bamboo(dice: Dice, x: float, top: float, foot: float, count: int = 6) -> str:
    """Bamboo stems side by side, from `x` to the right."""
    stems = list[tuple[float, float, float, float]]()
    dark, light = list[tuple[float, float, float, float]](), list[tuple[float, float, float, float]]()
    for at in range(count):
        left, start = x + at * 5 + dice.random() * 3, top + dice.random() * 18
        stems.append((left, start, 1.8, foot - start))
        for leaf in range(5):
            side = 7 if leaf % 2 else -5
            spot = (left + side, start + 6 + leaf * (foot - start) / 6 + dice.random() * 6, 7.0, 1.9)
            (dark if leaf % 2 else light).append(spot)
    return rects("k4", stems) + ovals("k5", dark) + ovals("k4", light)


def columns(tone: str, xs: Sequence[float], y: float, width: float, height: float) -> str:
    """Equal upright boxes at these places."""
    return rects(tone, [(x, y, width, height) for x in xs])


def boat(x: float, y: float, *, sail: bool = False) -> str:
    """A small boat with an awning, or with a sail. (x, y): the middle of its deck."""
    hull = path("k6", f"M{number(x - 30)} {number(y)}q30 10 62-2q-6 13-18 13h-26q-12 0-18-11z")
    if sail:
        return (
            hull
            + path("kw", f"M{number(x - 2)} {number(y - 2)}v-44q26 14 24 42z")
            + path("kz", f"M{number(x - 5)} {number(y - 2)}v-36q-14 16-14 34z")
        )
    awning = path("kd", f"M{number(x - 12)} {number(y)}q2-15 14-15t16 14z")
    man = disc("k6", x + 23, y - 12, 2.6) + path("k6", f"M{number(x + 20)} {number(y)}l1-9h5l1 9z")
    return hull + awning + man + path("lb", f"M{number(x + 26)} {number(y - 10)}l14 24")
