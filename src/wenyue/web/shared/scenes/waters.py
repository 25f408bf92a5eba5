"""Scenes of water: lakes, wetlands, islands, hot springs, life under water."""

from wenyue.web.shared.scenes.parts import (
    bamboo,
    birds,
    boat,
    hills,
    lantern,
    pine,
    ripples,
    roof,
    tree,
    willow,
)
from wenyue.web.shared.scenes.pen import Dice, disc, number, oval, ovals, path, rect, rects


def lake(dice: Dice) -> str:
    """A lake: with an arched bridge, with a pavilion on the water, or wide with sails."""
    return (_bridge, _pavilion, _sails)[dice.of(3)](dice)


def _bridge(dice: Dice) -> str:
    drawn = hills("k2", dice, 92, 34, 4) + hills("k3", dice, 104, 20, 6)
    drawn += path("k5", "M52 84h12l-1-5h-10zM54 78h8l-1-5h-6zM55 72h6l-3-9zM54 84h8v14h-8z")
    drawn += path("kx", "M0 104h320v96H0z") + rects(
        "kr", [(205, 110, 46, 2), (212, 117, 32, 2), (218, 124, 20, 2)]
    )
    drawn += ripples(dice, 116, 196)
    drawn += path(
        "kw",
        "M64 128Q112 100 152 100T240 128v4h-16a12 12 0 0 0-24 0h-30a18 18 0 0 0-36 0h-30a12 12 0 0 0-24 0H64z",
    )
    drawn += path("lz", "M66 126Q112 99 152 99T238 126")
    drawn += boat(150 + dice.between(-24, 24), 160) + willow(dice, 20, -4)
    return drawn + path("k5", "M0 200q34-16 70-6t60 6zM320 200q-40-14-86 0z")


def _pavilion(dice: Dice) -> str:
    drawn = (
        hills("k2", dice, 96, 46, 4)
        + hills("k3", dice, 112, 26, 5)
        + path("kx", "M0 112h320v88H0z")
        + ripples(dice, 116, 196)
    )
    x = dice.between(150, 186)
    drawn += rects("kz", [(x - 34, 136, 68, 5)]) + rects(
        "kd", [(x + at, 106, 3, 30) for at in (-26, -10, 8, 23)]
    )
    drawn += rects("kl", [(x - 20, 112, 8, 18), (x - 4, 112, 10, 18), (x + 13, 112, 8, 18)])
    drawn += (
        roof("k6", (x, 108), 88, 16, 0.5, 6) + roof("k6", (x, 94), 56, 16, 0.14, 5) + disc("kg", x, 76, 2.6)
    )
    drawn += rects("kz", [(x - 30, 141, 3, 8), (x - 1, 141, 3, 8), (x + 27, 141, 3, 8)])
    zigzag = f"M{number(x - 34)} 139L{number(x - 66)} 144 {number(x - 58)} 158 {number(x - 108)} 166 -4 184"
    drawn += path("lz", zigzag) + rects(
        "k3", [(x - 26, 152, 52, 2), (x - 16, 158, 34, 2), (x - 8, 164, 18, 2)]
    )
    drawn += ovals("k4", [(dice.between(190, 316), dice.between(166, 196), 13, 4) for _ in range(6)])
    drawn += "".join(disc("kp", at, dice.between(160, 176), 4) for at in (224, 262, 292))
    return drawn + willow(dice, 300, -6, 8) + path("k5", "M320 200q-30-16-64 0z")


def _sails(dice: Dice) -> str:
    drawn = hills("k2", dice, 84, 46, 4) + hills("k3", dice, 100, 24, 6) + path("kx", "M0 98h320v102H0z")
    drawn += path("kq", "M0 150q80-8 160 0t160-2v52H0z") + ripples(dice, 104, 196, 12)
    drawn += (
        path("k4", "M206 112q10-20 40-24 34 2 54 24z")
        + tree(238, 92, 0.8, ("k5", "k6"))
        + tree(262, 92, 1, ("k5", "k6"))
    )
    drawn += path("kz", "M246 88h8v-16h-8z") + roof("k6", (250, 73), 22, 9, 0.2, 3)
    drawn += boat(128 + dice.between(-16, 16), 146, sail=True)
    far = dice.between(60, 90)
    drawn += path("kw", f"M{number(far)} 116v-20q12 8 11 20z") + path(
        "k6", f"M{number(far - 8)} 117h22l-4 4h-14z"
    )
    return drawn + birds(dice, 150, 46) + path("k5", "M0 200v-16q40-14 96 16z") + willow(dice, 14, -6, 7)


def wetland(dice: Dice) -> str:
    """Reeds, shallow water and cranes."""
    drawn = hills("k2", dice, 92, 14, 7) + path("kx", "M0 92h320v108H0z") + ripples(dice, 98, 150, 6)
    drawn += ovals("k3", [(60, 108, 70, 5), (262, 116, 80, 6), (150, 104, 40, 3)])
    drawn += path("k4", "M0 134q60-12 120 0t90 2 110-6v12q-60-6-120 2t-200-2z")

    def crane(x: float, y: float, size: float, turn: int) -> str:
        def at(dx: float, dy: float) -> str:
            return f"{number(x + dx * size * turn)} {number(y + dy * size)}"

        legs = path(
            "lb", f"M{at(-2, 14)}L{at(-3, 36)}M{at(3, 14)}L{at(4, 36)}M{at(14, 0)}Q{at(20, -8)} {at(18, -22)}"
        )
        body = path(
            "kw",
            f"M{at(-22, 12)}Q{at(-10, -6)} {at(10, -2)}Q{at(20, 2)} {at(12, 12)}Q{at(0, 20)} {at(-22, 12)}z",
        )
        neck = path("lw", f"M{at(10, 2)}Q{at(19, -6)} {at(16, -22)}")
        tail = path("kn", f"M{at(-24, 13)}L{at(-8, 8)} {at(-12, 16)}z")
        return (
            legs
            + neck
            + body
            + tail
            + disc("ks", x + 16 * size * turn, y - 24 * size, 2.4 * size)
            + path("lb", f"M{at(18, -22)}L{at(27, -20)}")
        )

    drawn += crane(dice.between(150, 176), 122, 1, 1) + crane(dice.between(202, 222), 134, 0.72, -1)

    def reeds(x: float, count: int, ground: float) -> str:
        stems, heads = "", list[tuple[float, float, float, float]]()
        for _ in range(count):
            left, high, bend = x + dice.between(-30, 30), dice.between(44, 92), dice.between(-8, 10)
            stems += f"M{number(left)} {number(ground)}q{number(bend * 0.3)} {number(-high * 0.6)} {number(bend)} {number(-high)}"
            heads.append((left + bend, ground - high - 4, 2.6, 9))
        return path("lv", stems) + ovals("kd", heads)

    drawn += reeds(60, 11, 200) + reeds(276, 10, 200) + reeds(112, 4, 204)
    return drawn + path("k5", "M0 200q50-18 120-6t200 6z") + birds(dice, 70, 34)


def island(dice: Dice) -> str:
    """The sea, an island, a beach with palms."""
    drawn = rects("km", [(24, 58, 70, 7), (40, 51, 34, 7), (226, 74, 60, 6)]) + hills("k2", dice, 104, 10, 6)
    drawn += (
        path("kx", "M0 98h320v102H0z")
        + path("kq", "M0 98h320v14q-80 8-160 2T0 116z")
        + ripples(dice, 116, 160, 8)
    )
    top = dice.between(54, 68)
    drawn += path("k4", f"M92 116Q112 {number(top + 26)} 146 {number(top)}q28-8 50 24 12 6 38 26z")
    drawn += path("k5", f"M150 {number(top - 1)}q24-6 46 25 12 6 38 26h-66q8-24-18-51z")
    drawn += path("kz", "M84 116q76-7 158 0-78 8-158 0z")
    if dice.of(2):
        drawn += (
            path("kw", f"M142 {number(top)}l2-24h7l2 24z")
            + rects("ks", [(143, top - 16, 9, 5), (142, top - 29, 11, 5)])
            + disc("kl", 147.5, top - 31, 3)
        )
    else:
        drawn += rects("ks", [(140, top - 8, 18, 9)]) + roof("kg", (149, top - 7), 34, 11, 0.4, 4)
    drawn += boat(dice.between(206, 236), 142, sail=True)
    drawn += path("ky", "M0 200v-26q70-22 150-6t170 14v18z") + path("lw", "M-4 178q74-24 154-8t174 15")

    def palm(x: float, y: float, lean: float) -> str:
        crown = (x + lean, y - 84)
        drawn = path("ld", f"M{number(x)} {number(y)}q{number(lean * 0.1)}-50 {number(lean)}-84")
        leaves = ""
        for dx, dy in ((-34, 8), (-24, -14), (4, -22), (28, -10), (34, 12)):
            leaves += f"M{number(crown[0])} {number(crown[1])}q{number(dx * 0.5)} {number(dy - 14)} {dx} {dy}q{number(-dx * 0.6)} -6 {-dx} {-dy}z"
        return drawn + path("k6", leaves) + disc("kd", crown[0], crown[1] + 3, 3)

    return (
        drawn
        + palm(46, 188, dice.between(4, 18))
        + palm(18, 196, dice.between(-12, 6))
        + path("ks", "M252 178q20-22 44 2z")
        + path("kw", "M262 171q5-6 10-8l2 13-13-1zM281 165q8 4 12 12l-11 1z")
        + path("lb", "M274 164l4 28")
    )


def spring(dice: Dice) -> str:
    """A warm pool among stones, steam above it."""
    drawn = hills("k2", dice, 84, 40, 4) + hills("k3", dice, 104, 26, 5)
    drawn += (
        rect("kd", 176, 84, 92, 46)
        + rects("kl", [(184 + at * 21, 92, 16, 30) for at in range(4)])
        + rects("kd", [(191 + at * 21, 92, 1.6, 30) for at in range(4)])
    )
    drawn += roof("k6", (222, 88), 124, 26, 0.56, 6) + lantern(170, 104, 1.2) + lantern(274, 104, 1.2)
    drawn += bamboo(dice, 34, 46, 132, 7) + path("k4", "M0 126q80-8 160 0t160-2v76H0z")
    drawn += oval("k5", 156, 162, 128, 34) + oval("kx", 156, 160, 114, 27) + oval("kq", 150, 164, 84, 17)
    stones = [
        (x, y, dice.between(11, 18), dice.between(7, 11))
        for x, y in (
            (42, 168),
            (62, 184),
            (98, 194),
            (140, 197),
            (190, 195),
            (232, 188),
            (262, 176),
            (276, 160),
            (44, 150),
            (66, 138),
        )
    ]
    drawn += ovals("k5", stones[::2]) + ovals("k6", stones[1::2])
    steam = ""
    for x in (96, 134, 172, 208):
        y = dice.between(140, 154)
        steam += f"M{number(x + dice.between(-6, 6))} {number(y)}q-11-12 0-24t0-24" + (
            "t2-18" if dice.of(2) else ""
        )
    drawn += path("lt", steam) + ripples(dice, 152, 176, 4)
    drawn += (
        path("kd", "M222 158h22l-3 17h-16z")
        + rects("kg", [(222, 163, 21, 2)])
        + path("ld", "M226 160l-12-10")
    )
    return drawn + pine(300, 186, 1.5) + pine(18, 190, 1.2)


def aquarium(dice: Dice) -> str:
    """Under water: a school, a large fish, corals. No sky."""
    drawn = (
        path("kx", "M0 0h320v200H0z")
        + path("k2", "M0 40q80-16 160 0t160-4v164H0z")
        + path("k3", "M0 104q80-16 160 0t160-6v102H0z")
    )
    drawn += path("km", "M60 0h34L54 200H-14zM150 0h22l10 200h-66zM236 0h30l70 180h-60z")
    x, y = dice.between(140, 172), dice.between(80, 98)
    drawn += path(
        "k5",
        f"M{number(x - 78)} {number(y)}q40-34 96-22 34 6 52 22-18 18-54 22-56 6-94-22zM{number(x - 70)} {number(y + 1)}l-34-22q4 20 0 26 4 8-2 24z",
    )
    drawn += path("kw", f"M{number(x - 46)} {number(y + 9)}q50 14 112-6-18 16-52 19-34 2-60-13z") + path(
        "k6",
        f"M{number(x - 4)} {number(y - 24)}q6-20 24-24-6 14 0 26zM{number(x)} {number(y + 18)}q-14 12-18 26 22-6 34-24z",
    )
    drawn += disc("kw", x + 52, y - 4, 3) + disc("kn", x + 53, y - 4, 1.6)

    def fish(fx: float, fy: float, size: float, tone: str) -> str:
        return path(
            tone,
            f"M{number(fx)} {number(fy)}q{number(9 * size)} {number(-9 * size)} {number(20 * size)} 0l{number(8 * size)} {number(-6 * size)}v{number(12 * size)}l{number(-8 * size)} {number(-6 * size)}q{number(-11 * size)} {number(9 * size)} {number(-20 * size)} 0z",
        )

    for at in range(6):
        drawn += fish(
            196 + at % 3 * 30 + dice.between(-6, 6), 34 + at // 3 * 16 + dice.between(-4, 4), 0.7, "kg"
        )
    drawn += fish(58 + dice.between(-10, 10), 142, 1.2, "ks") + fish(
        206 + dice.between(-10, 20), 140, 1, "kw"
    )
    drawn += path("ky", "M0 200v-16q80-14 160-4t160-4v24z")
    weed = "".join(
        f"M{number(px)} 192q-9-16 0-30t{number(dice.between(-4, 6))}-{number(dice.between(20, 44))}"
        for px in (22, 34, 292, 302, 268)
    )
    drawn += path("lv", weed)
    for px, tone in ((72, "ks"), (250, "kp"), (128, "kp")):
        drawn += path(tone, f"M{px} 192v-20q-12-2-12-16 7 0 8 9h4v-22q7 0 8 8v8h5q1-10 8-10 1 17-12 20v23z")
    bubbles = [(dice.between(30, 290), dice.between(20, 150), r, r) for r in (2, 3, 2.4, 4, 2, 3.2, 2.6)]
    return drawn + ovals("kr", bubbles) + path("k6", "M0 200q30-16 62 0zM320 200q-22-14-50 0z")
