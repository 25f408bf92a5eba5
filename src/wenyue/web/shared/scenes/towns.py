"""Scenes of towns: canals with a bridge, a gate in a lane, a garden behind a round door."""

from wenyue.web.shared.scenes.parts import bamboo, columns, hills, lantern, ripples, roof, tree, willow
from wenyue.web.shared.scenes.pen import Dice, disc, number, ovals, path, rect, rects


def town(dice: Dice) -> str:
    """White houses at a canal with an arched bridge, or a street that leads to a drum tower."""
    return (_canal, _street)[dice.of(2)](dice)


def _house(x: float, wide: float, top: float, *, steps: bool) -> str:
    drawn = rects("kw", [(x, top, wide, 160 - top)])
    if steps:  # stepped fire walls with dark caps
        drawn += rects("kw", [(x, top - 9, 15, 10), (x + wide - 15, top - 9, 15, 10)])
        drawn += path(
            "k6",
            f"M{number(x - 4)} {number(top)}h{number(wide + 8)}v5h-{number(wide + 8)}zM{number(x - 5)} {number(top - 9)}q-2-4 3-4h16v4zM{number(x + wide + 5)} {number(top - 9)}q2-4-3-4h-16v4z",
        )
    else:
        drawn += path(
            "k6",
            f"M{number(x - 6)} {number(top + 1)}L{number(x + wide / 2)} {number(top - 20)}L{number(x + wide + 6)} {number(top + 1)}z",
        )
    windows = [x + 8 + at * 20 for at in range(int(wide // 20))]
    return (
        drawn
        + columns("kl", windows, top + 15, 9, 11)
        + columns("kd", [left + 4 for left in windows], top + 15, 1, 11)
    )


def _canal(dice: Dice) -> str:
    drawn = hills("k2", dice, 84, 34, 4)
    for x, wide, top, steps in (
        (18, 62, 92, True),
        (236, 66, 88, True),
        (72, 58, 78, False),
        (176, 68, 74, False),
        (124, 58, 98, False),
    ):
        drawn += _house(x, wide, top + dice.between(-5, 5), steps=steps)
    drawn += path("k5", "M0 150h320v10H0z") + rects("kz", [(0, 146, 320, 6)]) + path("kx", "M0 160h320v40H0z")
    drawn += rects(
        "k6", [(x, 160 + dice.random() * 3, wide, 2) for x, wide in ((20, 50), (180, 60), (250, 40))]
    )
    drawn += path("kz", "M70 166Q120 118 160 116t90 50h-46a44 40 0 0 0-88 0z") + path(
        "lz", "M66 161Q118 112 160 111t94 50"
    )
    drawn += (
        path("k5", "M116 166a44 40 0 0 1 88 0a44 30 0 0 1-88 0z")
        + path("kx", "M118 168h84q-4 22-42 22t-42-22z")
        + ripples(dice, 172, 198, 6)
    )
    drawn += "".join(lantern(x, y, 1.15) for x, y in ((30, 112), (68, 112), (250, 108), (288, 108)))
    return drawn + path("k6", "M214 178q22 7 46-2-4 10-12 10h-24q-7 0-10-8z") + willow(dice, 302, -6, 6)


def _street(dice: Dice) -> str:
    drawn = hills("k2", dice, 92, 30, 4)
    drawn += (
        rects("kd", [(132, 84, 56, 34)])
        + rects("kz", [(126, 112, 68, 32)])
        + path("k6", "M152 144v-16q0-8 8-8t8 8v16z")
        + columns("kl", [140 + at * 12 for at in range(4)], 90, 6, 18)
    )
    drawn += (
        roof("k6", (160, 86), 92, 14, 0.66, 6)
        + rects("kd", [(140, 66, 40, 10)])
        + roof("k6", (160, 70), 68, 15, 0.4, 5)
    )
    for side in (-1, 1):
        edge = 160 + side * 160
        for near in range(3):
            inner, top = 160 + side * (40 + near * 34), 98 - near * 22 + dice.between(-4, 4)
            wide = abs(edge - inner)
            left = inner if side > 0 else edge
            drawn += rects("kw" if near % 2 else "kz", [(left, top, wide, 200 - top)]) + rects(
                "kd", [(left, top + 22 + near * 6, wide, 4)]
            )
            reach = inner - side * (10 + near * 3)
            drawn += path(
                "k6",
                f"M{number(reach)} {number(top + 3)}L{number(inner + side * 10)} {number(top - 11 - near * 3)}H{number(edge)}v{number(14 + near * 3)}z",
            )
            drawn += path(
                "k5",
                f"M{number(reach)} {number(top + 30 + near * 8)}L{number(inner + side * 12)} {number(top + 20 + near * 7)}H{number(edge)}v{number(10 + near)}z",
            )
            drawn += columns(
                "kl",
                [inner + side * at - 4 for at in range(12, int(wide), 26)][:3],
                top + 8,
                8,
                10 + near * 2,
            )
            drawn += lantern(inner + side * 2, top + 40 + near * 10, 1 + near * 0.35)
    drawn += path("k3", "M120 144h80l76 56H44z") + path("kz", "M146 144h28l22 56h-72z")
    drawn += "".join(rects("k4", [(150 - at * 4.5, 150 + at * 9, 20 + at * 9, 1.4)]) for at in range(6))
    return drawn


def courtyard(dice: Dice) -> str:
    """The gate of an old house: red doors, stone drums, a tree over the wall."""
    drawn = (
        hills("k2", dice, 84, 26, 4)
        + tree(dice.between(52, 84), 108, 2.6, ("k3", "k4"))
        + tree(dice.between(244, 268), 104, 2.2, ("k4", "k5"))
    )
    drawn += (
        rects("kz", [(0, 104, 112, 58), (208, 104, 112, 58)])
        + path("k6", "M0 97h112v9H0zM208 97h112v9H208z")
        + rects("k5", [(0, 146, 112, 2), (208, 146, 112, 2)])
    )
    for x in (54, 266):
        drawn += (
            path("k6", f"M{x - 15} 124a15 15 0 0 1 30 0a15 15 0 0 1-30 0z")
            + path("k3", f"M{x - 11} 124a11 11 0 0 1 22 0a11 11 0 0 1-22 0z")
            + path("k6", f"M{x - 1} 112h2v24h-2zM{x - 12} 123h24v2h-24z")
        )
    drawn += (
        rects("kw", [(106, 84, 108, 78)])
        + rects("kd", [(118, 84, 84, 78)])
        + rects("ks", [(130, 104, 29, 56), (161, 104, 29, 56)])
        + rects("kn", [(124, 88, 72, 11)])
        + rects("kg", [(142, 90, 36, 7), (152, 130, 3, 6), (165, 130, 3, 6)])
    )
    drawn += "".join(disc("kg", x, y, 1.5) for x in (137, 146, 174, 183) for y in (114, 124, 148))
    drawn += (
        roof("k6", (160, 86), 142, 25, 0.7, 5)
        + rects("k5", [(110, 60, 100, 4)])
        + path("k6", "M112 62l-8-7 10 2zM208 62l8-7-10 2z")
    )
    drawn += (
        lantern(112, 104, 1.7) + lantern(208, 104, 1.7) + rects("kz", [(120, 160, 80, 5), (112, 165, 96, 5)])
    )
    drawn += path("k3", "M0 162h112v8h96v-8h112v38H0z") + path("kz", "M128 170h64l24 30h-112z")
    for x in (118, 202):
        drawn += rects("kz", [(x - 9, 166, 18, 9)]) + disc("k4", x, 159, 8) + disc("k5", x, 159, 4.5)
    pots = [(x, 182 + dice.between(-3, 3), 8.0, 8.0) for x in (30, 62, 258, 290)]
    return (
        drawn
        + rects("kd", [(x - 6, y + 4, 12, 9) for x, y, _, _ in pots])
        + ovals("kv", pots)
        + ovals("kp", [(x + dice.between(-4, 4), y - 3, 2, 2) for x, y, _, _ in pots])
    )


def garden(dice: Dice) -> str:
    """A pond behind a round door in a white wall; or a pavilion and a corridor over the water."""
    return (_moon_door, _waterside)[dice.of(2)](dice)


def _moon_door(dice: Dice) -> str:
    drawn = (
        hills("k2", dice, 70, 22, 4)
        + tree(40, 70, 1.6, ("k3", "k4"))
        + tree(282, 70, 1.7, ("k3", "k4"))
        + tree(96, 62, 1.1, ("k3", "k4"))
    )
    drawn += rects("kw", [(0, 58, 320, 100)]) + path("k6", "M0 52q80-9 160-2t160-3v13q-80-5-160 3T0 60z")
    drawn += (
        disc("k6", 160, 110, 45)
        + disc("k2", 160, 110, 41)
        + path("k1", "M121 97a41 41 0 0 1 78 0z")
        + path("kx", "M120 118h80a41 41 0 0 1-80 0z")
    )
    drawn += (
        path("k3", "M119 118q16-22 30-8t22-14 30 22z")
        + columns("kd", (155, 164, 173, 178), 98, 1.8, 19)
        + roof("k6", (166, 98), 32, 11, 0.2, 4)
    )
    drawn += rects("kz", [(150, 116, 34, 3)]) + path("kw", "M0 151h320v8H0z")
    for x in (48, 272):  # leaking windows
        drawn += rect("k6", x - 19, 84, 38, 38, 3) + rect("k2", x - 16, 87, 32, 32, 2)
        drawn += rects(
            "k5",
            [(x - 16 + at * 8, 87, 1.4, 32) for at in range(1, 4)]
            + [(x - 16, 87 + at * 8, 32, 1.4) for at in range(1, 4)],
        )
    drawn += path("kz", "M0 157h320v43H0z") + path("kx", "M0 172q90-12 170-6t150-4v38H0z")
    drawn += (
        path("k5", "M212 164q-4-20 6-26-2-14 8-18 2-8 9-4 8 2 5 12 10 6 5 16 8 8 2 20z")
        + disc("kw", 224, 146, 3.4)
        + disc("kw", 232, 131, 2.6)
        + disc("kw", 235, 152, 2.4)
    )
    drawn += bamboo(dice, 84, 70, 166) + ovals(
        "k4", [(dice.between(20, 300), dice.between(180, 196), 12, 3.6) for _ in range(7)]
    )
    return drawn + path("kp", "M134 180q-6-6-1-11 5 2 4 7 2-8 6-9 4 5 0 10 5-3 8-1-1 7-9 7z")


def _waterside(dice: Dice) -> str:
    drawn = (
        hills("k2", dice, 76, 30, 4)
        + tree(56, 112, 2, ("k3", "k4"))
        + tree(264, 112, 1.8, ("k3", "k4"))
        + tree(120, 104, 1.2, ("k4", "k5"))
    )
    drawn += (
        rects("kw", [(0, 92, 320, 40)])
        + path("k6", "M0 86q80-7 160-1t160-2v11q-80-4-160 2T0 94z")
        + rects("k5", [(20 + at * 40, 102, 16, 14) for at in range(8) if at not in (3, 4)])
    )
    drawn += rects(
        "k1", [(21 + at * 40 + j * 5, 103, 3.4, 12) for at in range(8) if at not in (3, 4) for j in range(3)]
    )
    x = dice.between(146, 174)
    drawn += (
        rects("kz", [(x - 44, 140, 88, 5)])
        + columns("kd", [x - 36, x - 14, x + 11, x + 33], 98, 3, 42)
        + rects("kd", [(x - 38, 126, 76, 2)])
    )
    drawn += (
        roof("k6", (x, 100), 108, 18, 0.3, 9) + roof("k6", (x, 84), 52, 20, 0.1, 7) + disc("kg", x, 62, 2.6)
    )
    drawn += (
        path("kx", "M0 132h320v68H0z")
        + rects("kz", [(x - 40, 145, 3, 8), (x - 2, 145, 3, 8), (x + 36, 145, 3, 8)])
        + rects("kz", [(x - 44, 140, 88, 5)])
    )
    drawn += (
        path(
            "k5",
            "M8 150q-6-26 10-34 0-12 12-12 8-8 14 4 12 4 8 18 10 8 4 24zM274 152q-4-18 8-22 4-12 14-8 12 2 10 14 8 6 4 16z",
        )
        + disc("kw", 24, 128, 4)
        + disc("kw", 36, 114, 3)
    )
    drawn += path("lz", f"M{number(x + 44)} 143L{number(x + 70)} 150 {number(x + 62)} 164 330 176") + ripples(
        dice, 154, 196, 5
    )
    drawn += ovals("k4", [(dice.between(10, 310), dice.between(172, 197), 13, 3.8) for _ in range(9)])
    fish = "".join(
        f"M{number(fx)} {number(fy)}q6-6 15 0l5-3v6l-5-3q-9 6-15 0z"
        for fx, fy in (
            (dice.between(80, 120), 166),
            (dice.between(130, 200), 178),
            (dice.between(200, 240), 170),
        )
    )
    return (
        drawn
        + path("ks", fish)
        + path(
            "kp",
            "M56 182q-6-6-1-11 5 2 4 7 2-8 6-9 4 5 0 10 5-3 8-1-1 7-9 7zM250 190q-6-6-1-11 5 2 4 7 2-8 6-9 4 5 0 10 5-3 8-1-1 7-9 7z",
        )
    )
