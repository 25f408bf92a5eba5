"""Scenes of worship and memory: temples, grottoes, towers, tombs, memorials. Sacred figures sit calm, whole and uncropped."""

from wenyue.web.shared.scenes.parts import birds, columns, hills, lantern, mist, pine, ripples, roof, tree
from wenyue.web.shared.scenes.pen import Dice, disc, number, oval, path, polygon, rects


def temple(dice: Dice) -> str:
    """A hall with a yellow wall among pines; incense before it."""
    drawn = hills("k2", dice, 96, 50, 4) + hills("k3", dice, 116, 30, 5) + mist(14, 96, 110, 8)
    if dice.of(2):
        drawn += _stupa(62, 128)
    drawn += rects("ky", [(0, 126, 320, 32)]) + path("k6", "M0 122h320v6H0z")
    drawn += (
        rects("ks", [(112, 92, 96, 46)])
        + rects("kd", [(108, 88, 104, 5)])
        + rects("kl", [(118 + at * 24, 102, 14, 36) for at in range(4) if at not in (1, 2)])
    )
    drawn += (
        rects("k6", [(146, 98, 28, 40)])
        + rects("kg", [(150, 86, 20, 9)])
        + columns("kd", (112, 134, 182, 204), 92, 4, 46)
    )
    drawn += (
        roof("k6", (160, 90), 142, 20, 0.66, 7)
        + rects("ky", [(126, 62, 68, 10)])
        + roof("k6", (160, 66), 108, 24, 0.5, 7)
    )
    drawn += path("kg", "M132 44l-6-8 10 5zM188 44l6-8-10 5z") + disc("kg", 160, 40, 3)
    drawn += (
        path("kz", "M98 138h124v7H98zM90 145h140v8H90z")
        + path("k4", "M0 153h320v47H0z")
        + path("kz", "M140 153h40l28 47h-96z")
    )
    drawn += path(
        "k6", "M146 184h28l-4 10h-20zM142 172h36l-3 12h-30zM140 168h40v4h-40zM148 194h4v6h-4zM168 194h4v6h-4z"
    ) + rects("kg", [(146, 175, 28, 2)])
    smoke = "".join(f"M{x} {number(166 - dice.between(0, 4))}q-7-8 0-16t0-16" for x in (152, 160, 168))
    drawn += (
        path("lt", smoke)
        + pine(40, 188, 1.6)
        + pine(284, 190, 1.8)
        + pine(238, 160, 1)
        + tree(14, 160, 1.3, ("k5", "k6"))
    )
    return drawn


def _stupa(x: float, y: float) -> str:
    return path("kw", f"M{x - 22} {y}v-6h5q-8-22 6-30l3-7 3-22h10l3 22 3 7q14 8 6 30h5v6z") + path(
        "kg", f"M{x - 6} {y - 63}h12l-6-18z"
    )


def lamasery(dice: Dice) -> str:
    """White and red walls on a hill, gilt roofs, flags in the wind."""
    drawn = hills("k2", dice, 96, 50, 4) + path("k3", "M0 178Q60 128 110 120t110 4q60 14 100 50v26H0z")

    def block(tone: str, x: float, y: float, wide: float, foot: float) -> str:
        rows = int((foot - y - 12) // 15)
        out = polygon(tone, [(x, y), (x + wide, y), (x + wide + 5, foot), (x - 5, foot)]) + rects(
            "kd", [(x - 1, y, wide + 2, 5)]
        )
        return out + rects(
            "k6",
            [
                (x + 6 + at * 12, y + 11 + row * 15, 5, 8)
                for row in range(rows)
                for at in range(int((wide - 6) // 12))
            ],
        )

    drawn += block("kw", 52, 106, 66, 160) + block("kw", 206, 100, 62, 160) + block("kw", 100, 88, 124, 156)
    drawn += block("ks", 124, 56, 74, 112)
    drawn += (
        rects("kg", [(138, 46, 20, 9), (168, 44, 20, 11)])
        + roof("kg", (148, 48), 32, 11, 0.5, 4)
        + roof("kg", (178, 46), 32, 12, 0.5, 4)
    )
    drawn += rects("kg", [(122, 48, 3, 9), (197, 48, 3, 9), (206, 92, 3, 9), (263, 92, 3, 9)])
    drawn += path("lz", "M250 176L150 166 232 154 128 150") + path("k4", "M0 172q80-16 160-6t160-4v38H0z")
    left, right = dice.between(20, 36), dice.between(56, 74)
    drawn += path(
        "lb",
        f"M-4 {number(left + 84)}Q80 {number(left + 112)} 150 186M324 {number(right + 70)}Q250 {number(right + 96)} 176 190",
    )
    for at in range(9):
        part = at / 9
        x = -4 + 2 * part * (1 - part) * 84 + part * part * 154
        y = (1 - part) ** 2 * (left + 84) + 2 * part * (1 - part) * (left + 112) + part * part * 186
        drawn += rects(("ki", "kw", "ks", "kv", "kg")[at % 5], [(x, y, 8, 9)])
    return drawn + path("k5", "M0 200q60-22 150-14t170 14z") + birds(dice, 220, 40, 2)


def grotto(dice: Dice) -> str:
    """A cliff with niches, and the one who sits in the great one."""
    drawn = hills("k2", dice, 80, 40, 4)
    top = [
        (0, dice.between(66, 76)),
        (34, 42),
        (78, dice.between(34, 42)),
        (126, 20),
        (176, dice.between(16, 24)),
        (226, 30),
        (272, 38),
        (320, 60),
    ]
    drawn += polygon("k3", [*top, (320, 200), (0, 200)]) + path(
        "k4", "M0 116q46-20 84-6t70-12 78 8 88-10V200H0z"
    )
    drawn += path(
        "lg",
        "".join(
            f"M{x} {number(dice.between(40, 58))}q{number(dice.between(-4, 4))} 16 {number(dice.between(0, 6))} 32"
            for x in range(26, 310, 40)
        ),
    )
    for at in range(9):
        x, y = 18 + at % 5 * 70 + at // 5 * 30, 68 + at // 5 * 26 + dice.between(-4, 4)
        if not 112 < x < 208:
            drawn += path("k6", f"M{x - 8} {number(y + 20)}v-12a8 8 0 0 1 16 0v12z")
            drawn += path(
                "k2",
                f"M{x - 4.5} {number(y + 20)}q0-8 4.5-8t4.5 8zM{x - 2.4} {number(y + 9)}a2.4 2.4 0 0 1 4.8 0a2.4 2.4 0 0 1-4.8 0z",
            )
    drawn += path("k6", "M112 160V92a48 48 0 0 1 96 0v68z") + path("k5", "M120 160V94a40 40 0 0 1 80 0v66z")
    drawn += disc("kg", 160, 88, 22) + disc("k5", 160, 88, 18.5)
    drawn += (
        disc("k2", 160, 86, 10.5)
        + oval("k2", 160, 75, 5, 4)
        + path("k2", "M153 95h14l3 8q14 3 16 22l4 18h-60l4-18q2-19 16-22z")
    )
    drawn += path("k3", "M124 143q36-9 72 0 4 10-6 12h-60q-10-2-6-12zM160 104q-9 12-1 26 10-12 1-26z")
    drawn += rects(
        "kd", [(104, 160, 112, 5), *((108 + at * 13, 152, 2, 9) for at in range(9)), (104, 152, 112, 2)]
    )
    drawn += path("kx", "M0 176q80-8 160-2t160-4v30H0z") + ripples(dice, 180, 198, 5)
    return (
        drawn
        + tree(22, 178, 1.3, ("k5", "k6"))
        + tree(296, 176, 1.5, ("k5", "k6"))
        + pine(262, 44, 0.8)
        + pine(64, 42, 0.7)
    )


def tower(dice: Dice) -> str:
    """A tower of several storeys above the water: broad with eaves, or slender of brick."""
    drawn = hills("k2", dice, 112, 30, 4) + mist(180, 52, 90, 7) + mist(18, 70, 80, 6)
    drawn += path("kx", "M0 126h320v40H0z") + ripples(dice, 130, 146, 5) + hills("k3", dice, 148, 12, 5)
    drawn += path("k4", "M30 200Q96 148 160 146t138 54z") + path("k5", "M0 200q70-34 150-30t170 30z")
    slender = dice.of(2) == 1
    floors, wide, y = (7, 56.0, 146.0) if slender else (4 + dice.of(2), 84.0, 146.0)
    for level in range(floors):
        high = 13.5 - level * 0.7 if slender else 17.5 - level
        if slender:
            drawn += rects("ky", [(160 - wide * 0.38, y - high, wide * 0.76, high)]) + path(
                "k6", f"M157 {number(y)}v-{number(high * 0.5)}q0-3 3-3t3 3v{number(high * 0.5)}z"
            )
            y -= high
            drawn += rects("kd", [(160 - wide * 0.46, y - 2.4, wide * 0.92, 3.4)])
            y -= 2
            wide *= 0.9
            continue
        drawn += rects("kd", [(160 - wide * 0.33, y - high, wide * 0.66, high)]) + rects(
            "ks", [(160 - wide * 0.33, y - 4, wide * 0.66, 2.5)]
        )
        count = 5 if level < 3 else 3
        drawn += columns(
            "kl",
            [160 - wide * 0.27 + at * wide * 0.54 / count + 1 for at in range(count)],
            y - high + 4,
            wide * 0.54 / count - 3,
            high - 8,
        )
        y -= high
        drawn += roof("k6", (160, y + 2), wide, 10, 0.6, 6)
        y -= 7
        wide *= 0.84
    drawn += (
        roof("k6", (160, y + 3), wide * 0.98, 14, 0.12, 4)
        + rects("kg", [(159, y - 22, 2, 14)])
        + disc("kg", 160, y - 23, 2.6)
        + disc("kg", 160, y - 15, 1.8)
    )
    drawn += rects("kz", [(122, 146, 76, 5), (114, 151, 92, 5)])
    for x, foot, size in ((72, 176, 1.1), (101, 168, 0.9), (223, 168, 1.0), (252, 180, 1.3)):
        drawn += tree(x, foot, size, ("k4" if x % 2 else "k5", "k6"))
    return drawn + birds(dice, 206, 70, 3) + pine(34, 196, 1.1)


def tomb(dice: Dice) -> str:
    """The way of spirits: a stone gate, stone beasts, a mound with cypresses."""
    drawn = hills("k2", dice, 92, 46, 4) + path(
        "k3", f"M40 150Q96 {number(dice.between(64, 78))} 160 {number(dice.between(62, 72))}t120 86z"
    )
    drawn += "".join(
        oval("k4", x, y, 8, 17)
        for x, y in ((84, 110), (108, 94), (134, 82), (188, 82), (214, 94), (238, 112))
    )
    drawn += path("k4", "M0 148q160-14 320 0v52H0z") + path("kz", "M132 148h56l52 52H80z")
    gate = [
        (92, 92, 7, 60),
        (130, 78, 8, 74),
        (182, 78, 8, 74),
        (221, 92, 7, 60),
        (86, 96, 58, 7),
        (176, 96, 58, 7),
        (124, 84, 72, 7),
        (126, 98, 68, 10),
    ]
    drawn += rects("kz", gate) + rects(
        "k5", [(92, 103, 45, 2), (184, 103, 45, 2), (132, 91, 56, 2), (146, 100, 28, 6)]
    )
    drawn += (
        roof("k6", (160, 80), 84, 14, 0.66, 6)
        + roof("k6", (108, 94), 58, 11, 0.66, 5)
        + roof("k6", (212, 94), 58, 11, 0.66, 5)
    )
    for x in (56, 264):
        turn = 1 if x < 160 else -1
        drawn += rects("kz", [(x - 16, 168, 32, 8)]) + path(
            "k5",
            f"M{x - 12 * turn} 168v-20q{2 * turn}-8 {12 * turn}-8l{4 * turn}-6 {7 * turn} 1 {4 * turn} 8-{4 * turn} 5-{3 * turn} 1v19h-{5 * turn}v-9h-{8 * turn}v9z",
        )
    return (
        drawn
        + oval("k6", 20, 160, 13, 34)
        + oval("k6", 300, 160, 13, 36)
        + birds(dice, 40, 44, 2)
        + path("k5", "M0 200q34-12 72 0zM320 200q-34-12-72 0z")
    )


def memorial(dice: Dice) -> str:
    """A monument at the head of a stair, pines on both sides."""
    drawn = (
        hills("k2", dice, 100, 56, 4)
        + hills("k3", dice, 124, 34, 5)
        + mist(20, 96, 100, 8)
        + mist(206, 104, 100, 8)
    )
    drawn += path("k4", "M0 152q160-34 320 0v48H0z")
    top = dice.between(34, 46)
    drawn += polygon("kw", [(152, top), (168, top), (174, 126), (146, 126)]) + polygon(
        "kz", [(162, top), (168, top), (174, 126), (164, 126)]
    )
    drawn += polygon("kz", [(149, top), (171, top), (160, top - 10)]) + rects("ks", [(157, top + 16, 5, 44)])
    drawn += rects("kz", [(136, 126, 48, 12), (126, 138, 68, 8)]) + rects("kw", [(132, 124, 56, 3)])
    drawn += "".join(
        disc(tone, x, 142, 5) for x, tone in ((138, "kp"), (149, "ks"), (160, "kg"), (171, "ks"), (182, "kp"))
    )
    drawn += polygon("kz", [(136, 146), (184, 146), (226, 204), (94, 204)]) + rects(
        "kw", [(134 - at * 4.6, 150 + at * 7, 52 + at * 9.2, 2) for at in range(7)]
    )
    for x, foot, size in (
        (98, 158, 1),
        (70, 172, 1.3),
        (36, 188, 1.6),
        (222, 158, 1),
        (252, 172, 1.3),
        (286, 188, 1.6),
    ):
        drawn += polygon(
            "k6" if size > 1 else "k5", [(x, foot - 48 * size), (x + 10 * size, foot), (x - 10 * size, foot)]
        )
    return drawn + lantern(112, 150, 0) + birds(dice, 206, 40, 3)
