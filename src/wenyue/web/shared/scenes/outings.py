"""Scenes of outings: animals, wheels and coasters, a coach on its way."""

from wenyue.web.shared.scenes.parts import birds, columns, firs, hills, roof, tree
from wenyue.web.shared.scenes.pen import Dice, disc, number, oval, ovals, path, polygon, rect, rects


def zoo(dice: Dice) -> str:
    """Deer and a giraffe in a park."""
    drawn = (
        hills("k2", dice, 106, 30, 4)
        + tree(40, 142, 2.1, ("k3", "k4"))
        + tree(284, 140, 2, ("k3", "k4"))
        + tree(240, 136, 1.2, ("k3", "k4"))
    )
    drawn += path("k4", "M0 138q90-12 170-2t150-4v68H0z") + path("kv", "M0 164q80-14 170-2t150-2v40H0z")
    x = dice.between(132, 148)
    drawn += path(
        "ky",
        f"M{number(x)} 134q6-14 26-16l14-2 20-74q1-6 5-7l-2-8 4 6 3-7 1 8q10 4 18 10l-2 6-14 1-14 70q4 6 0 16v53h-6l-2-42-24 0-3 42h-6l-2-44q-14 0-15-12z",
    )
    spots = [(x + 14 + dice.between(0, 34), 122 + dice.between(0, 14), 3.4, 2.8) for _ in range(7)] + [
        (x + 46 + at * 3.2, 106 - at * 12, 3, 3.4) for at in range(5)
    ]
    drawn += ovals("kd", spots) + disc("kn", x + 69, 41, 1.4)

    def deer(px: float, y: float, size: float, turn: int) -> str:
        def at(dx: float, dy: float) -> str:
            return f"{number(px + dx * size * turn)} {number(y + dy * size)}"

        body = f"M{at(-22, 6)}Q{at(-20, -4)} {at(-6, -3)}L{at(12, -4)} {at(20, -22)} {at(26, -26)} {at(34, -20)} {at(32, -16)} {at(26, -15)}Q{at(24, 4)} {at(16, 8)}L{at(16, 30)} {at(12, 30)} {at(10, 10)} {at(-12, 10)} {at(-14, 30)} {at(-18, 30)} {at(-18, 10)}z"
        horns = f"M{at(23, -25)}Q{at(16, -36)} {at(22, -48)}M{at(20, -37)}L{at(12, -44)}M{at(27, -26)}Q{at(28, -40)} {at(36, -46)}M{at(29, -38)}L{at(24, -48)}"
        return (
            path("kd", body)
            + path("ld", horns)
            + ovals(
                "kw",
                [
                    (px + dx * size * turn, y + dy * size, 1.8 * size, 1.6 * size)
                    for dx, dy in ((-12, 0), (-4, 3), (4, 0), (10, 4), (-8, 6))
                ],
            )
        )

    drawn += deer(92, 158, 0.9, 1) + deer(dice.between(240, 256), 162, 0.8, -1)
    drawn += rects(
        "kw", [(at, 178, 3, 22) for at in range(4, 320, 26)] + [(0, 182, 320, 2.6), (0, 191, 320, 2.6)]
    )
    return drawn + birds(dice, 60, 40, 2)


def park(dice: Dice) -> str:
    """A big wheel, tents, a coaster."""
    drawn = hills("k2", dice, 120, 20, 5)
    track = "M-4 150Q18 60 52 96T96 150Q112 160 124 150M196 150Q214 108 236 118T276 92Q300 76 324 128"
    drawn += path("lz", track) + rects(
        "k3",
        [
            (x, y, 1.6, 158 - y)
            for x, y in (
                (14, 112),
                (28, 88),
                (40, 84),
                (56, 100),
                (72, 118),
                (236, 118),
                (256, 112),
                (276, 92),
                (296, 88),
            )
        ],
    )
    x, y, r = 160 + dice.between(-6, 6), 84, 58
    spokes, cabins = "", list[str]()
    for at in range(12):
        dx, dy = _TURN[at]
        spokes += f"M{number(x)} {y}L{number(x + dx * r)} {number(y + dy * r)}"
        cabins.append(
            rect(("ks", "kg", "kv", "kp", "ki", "kl")[at % 6], x + dx * r - 6, y + dy * r - 2, 12, 11, 3.4)
        )
    drawn += polygon(
        "k5",
        [(x - 3, y), (x + 3, y), (x + 34, 160), (x + 26, 160), (x, y + 14), (x - 26, 160), (x - 34, 160)],
    )
    rim = f"M{number(x - r)} {y}a{r} {r} 0 0 1 {2 * r} 0a{r} {r} 0 0 1 {-2 * r} 0M{number(x - r + 9)} {y}a{r - 9} {r - 9} 0 0 1 {2 * r - 18} 0a{r - 9} {r - 9} 0 0 1 {18 - 2 * r} 0"
    drawn += (
        path("lb", spokes) + path("lz", rim) + "".join(cabins) + disc("ks", x, y, 7) + disc("kg", x, y, 3)
    )
    drawn += path("k4", "M0 156q160-10 320 0v44H0z")

    drawn += _tent(74, 168, 1.1) + _tent(250, 172, 1.25) + _tent(206, 164, 0.7)
    drawn += "".join(
        oval(tone, bx + dice.between(-6, 6), by, 6, 7.4)
        for tone, bx, by in (("ks", 286, 46), ("kg", 298, 56), ("kp", 276, 60))
    )
    return (
        drawn
        + path("kz", "M120 200q14-30 40-36 26 6 42 36z")
        + tree(22, 182, 1.2, ("k5", "k6"))
        + tree(304, 184, 1.2, ("k5", "k6"))
    )


def _tent(tx: float, ty: float, size: float) -> str:
    w = 30 * size
    out = polygon("kw", [(tx, ty - 44 * size), (tx + w, ty - 20 * size), (tx - w, ty - 20 * size)]) + rects(
        "kw", [(tx - w * 0.86, ty - 20 * size, w * 1.72, 22 * size)]
    )
    for part in (-0.7, 0.05, 0.75):
        out += polygon(
            "ks",
            [
                (tx, ty - 44 * size),
                (tx + w * (part + 0.25), ty - 20 * size),
                (tx + w * (part - 0.15), ty - 20 * size),
            ],
        )
    out += rects("ks", [(tx + w * part, ty - 20 * size, w * 0.26, 22 * size) for part in (-0.8, -0.28, 0.26)])
    return out + path(
        "kg",
        f"M{number(tx)} {number(ty - 44 * size)}v{number(-12 * size)}l{number(11 * size)} {number(4 * size)}-{number(11 * size)} {number(4 * size)}z",
    )


_TURN = (
    (1, 0),
    (0.866, 0.5),
    (0.5, 0.866),
    (0, 1),
    (-0.5, 0.866),
    (-0.866, 0.5),
    (-1, 0),
    (-0.866, -0.5),
    (-0.5, -0.866),
    (0, -1),
    (0.5, -0.866),
    (0.866, -0.5),
)


def coach(dice: Dice) -> str:
    """A coach on a road through hills; another landscape for each line."""
    drawn = hills("k2", dice, 96, 46, 4) + hills("k3", dice, 118, 34, 5)
    if dice.of(2):
        drawn += firs("k4", dice, 142, (-6, 330), (20, 40))
    else:
        roofs = [(x, dice.between(104, 122)) for x in (20, 62, 232, 276)]
        drawn += (
            rects("kw", [(x, top, 32, 140 - top) for x, top in roofs])
            + "".join(roof("k6", (x + 16, top + 2), 46, 14, 0.6, 4) for x, top in roofs)
            + columns("kl", [x + 6 for x, _ in roofs], 126, 7, 8)
        )
    drawn += (
        path("k4", "M0 136q160-10 320 0v64H0z")
        + path("k5", "M0 158h320v42H0z")
        + rects("kw", [(x, 183, 26, 2.6) for x in range(-6, 320, 52)])
        + rects("kz", [(0, 156, 320, 3)])
    )
    x = dice.between(64, 88)
    drawn += (
        rect("kw", x, 98, 168, 66, 10)
        + path("ks", f"M{number(x)} 140h168v12H{number(x)}z")
        + path("kg", f"M{number(x)} 134h168v3H{number(x)}z")
    )
    drawn += "".join(
        rect("kl" if at != 5 else "kx", x + 10 + at * 24, 108, 20, 20, 3) for at in range(6)
    ) + path("kx", f"M{number(x + 156)} 108h8q4 2 4 8v18h-12z")
    drawn += rect("kn", x + 130, 131, 20, 31, 2) + rects("kx", [(x + 132, 133, 7, 27), (x + 141, 133, 7, 27)])
    for wheel in (34, 112):
        drawn += disc("kn", x + wheel, 164, 13) + disc("kz", x + wheel, 164, 5.5)
    drawn += (
        rects("kl", [(x + 162, 146, 6, 4)])
        + rects("kd", [(286, 110, 3, 50)])
        + rect("ki", 276, 94, 23, 20, 3)
        + rects("kw", [(280, 99, 15, 7), (281, 107, 3, 2), (291, 107, 3, 2)])
    )
    return (
        drawn
        + tree(24, 160, 1.4, ("k5", "k6"))
        + path("k6", "M0 200q50-9 110-2 90-8 210 2z")
        + birds(dice, 120, 44)
    )
