"""Scenes of open country: deserts, grassland, forest, terraces, villages, a glasshouse with flowers."""

from wenyue.web.shared.scenes.parts import birds, firs, hills, mist, roof, tree
from wenyue.web.shared.scenes.pen import Dice, disc, number, oval, ovals, path, rect, rects


def desert(dice: Dice) -> str:
    """Dunes with a sharp crest, a caravan, a spring."""
    crest = dice.between(140, 190)
    drawn = hills("k2", dice, 104, 34, 4)
    drawn += path("k3", f"M0 140Q60 128 {number(crest)} 66q60 48 160 44v90H0z")
    drawn += path("k4", f"M{number(crest)} 66q60 48 160 44v60q-90 10-140-12-38-20-20-92z")
    drawn += path("ky", "M-4 200V146q90-22 170 6t160-8v56z") + path(
        "k3", "M166 152q80 26 160-8v56H120q60-14 46-48z"
    )
    caravan = dice.between(60, 92)
    for at in range(4):
        x, y = caravan + at * 34, 143 + at * 2.6
        drawn += path(
            "k6",
            f"M{number(x)} {number(y + 14)}v-9q-1-5 3-6 1-6 4-6t4 5q1-6 4-6t4 6q2 1 2 5l2-4q1-6 4-7l4 1-1 3-3 1q-1 9-5 10v8h-2v-9h-15v9h-2v-9h-1v9z",
        )
        if at % 2 == 0:
            drawn += path("ks", f"M{number(x + 5)} {number(y)}h12v4h-12z")
    drawn += path("kx", "M64 182q40-16 96-8-46 6-50 20-40 2-46-12z") + path(
        "kr", "M80 181q30-9 60-6-34 4-60 6z"
    )
    drawn += path(
        "lv", "M60 190q-3-14 2-24M66 190q0-12 6-20M54 190q-6-10-8-20M170 178q0-12 5-20M176 178q2-9 9-16"
    )
    return drawn + birds(dice, 34, 52, 2)


def grassland(dice: Dice) -> str:
    """Wide grass, yurts, horses and sheep."""
    drawn = ovals("km", [(60, 44, 40, 9), (86, 37, 26, 9), (246, 60, 44, 8), (226, 54, 24, 8)])
    drawn += (
        hills("k2", dice, 112, 40, 4)
        + hills("k3", dice, 130, 26, 4)
        + path("k4", "M0 136q90-16 170-2t150-6v72H0z")
    )
    drawn += path("kv", "M0 168q100-22 190-6t130 2v36H0z") + path(
        "kx", "M320 132q-60 4-70 18 20 10-40 20-90 10-120 30h36q40-18 100-24 58-8 40-24 10-8 54-10z"
    )

    def yurt(x: float, y: float, size: float) -> str:
        w = 34 * size
        out = path(
            "kz",
            f"M{number(x - w)} {number(y - 18 * size)}Q{number(x)} {number(y - 58 * size)} {number(x + w)} {number(y - 18 * size)}z",
        )
        out += rect("kw", x - w * 0.94, y - 20 * size, w * 1.88, 20 * size, 2)
        out += rects("ks", [(x - w * 0.94, y - 19 * size, w * 1.88, 3 * size)]) + rects(
            "kd", [(x - 6 * size, y - 15 * size, 12 * size, 15 * size)]
        )
        return out + path(
            "ki",
            f"M{number(x - 9 * size)} {number(y - 36 * size)}q{number(9 * size)} {number(-6 * size)} {number(18 * size)} 0z",
        )

    shift = dice.between(-10, 10)
    drawn += yurt(214 + shift, 132, 0.6) + yurt(112 + shift, 150, 1.05) + yurt(178 + shift, 142, 0.74)
    for _ in range(7):
        x, y = dice.between(20, 300), dice.between(166, 192)
        drawn += (
            oval("kw", x, y, 7, 4.6)
            + rects("kn", [(x - 4, y + 3, 1.4, 5), (x + 3, y + 3, 1.4, 5)])
            + disc("kn", x + 7, y - 2, 2.6)
        )
    x = dice.between(226, 260)
    drawn += path(
        "kd", f"M{number(x)} 170v-14q0-6 6-7h20l8-13 6 3-1 4-3 2-4 12v13h-3v-11h-20v11h-3v-11l-3 11z"
    )
    return drawn + path("k5", "M0 200q70-14 150-4t170 4z") + birds(dice, 150, 36)


def forest(dice: Dice) -> str:
    """A wood in layers with a path into it: firs, or white birches in front."""
    drawn = (
        hills("k2", dice, 92, 26, 4)
        + firs("k2", dice, 108, (-6, 330), (26, 46))
        + mist(40, 84, 130, 9)
        + mist(180, 96, 130, 8)
    )
    drawn += firs("k3", dice, 136, (-6, 330), (34, 60)) + path("k3", "M0 132h320v68H0z")
    drawn += firs("k4", dice, 158, (-6, 120), (46, 74)) + firs("k4", dice, 158, (206, 330), (46, 74))
    drawn += path("k4", "M0 154q160-20 320 0v46H0z") + path(
        "kz", "M150 148q8 10-8 18t-24 34h78q4-20-14-32t-18-20z"
    )
    if dice.of(2):
        trunks = [
            (dice.between(4, 20), 12.0),
            (dice.between(46, 62), 9.0),
            (dice.between(88, 98), 6.0),
            (dice.between(222, 234), 7.0),
            (dice.between(260, 272), 9.0),
            (dice.between(296, 306), 12.0),
        ]
        drawn += rects("kw", [(x, 0, w, 200) for x, w in trunks])
        drawn += rects(
            "kn",
            [(x, dice.between(8, 190), w * dice.between(0.4, 0.8), 2) for x, w in trunks for _ in range(6)],
        )
        drawn += ovals(
            "kg",
            [(dice.between(-10, 116), dice.between(-4, 46), 15, 9) for _ in range(8)]
            + [(dice.between(206, 330), dice.between(-4, 46), 15, 9) for _ in range(8)],
        )
    else:
        drawn += firs("k5", dice, 186, (-20, 84), (70, 112)) + firs("k5", dice, 186, (244, 340), (70, 112))
        drawn += (
            path("kd", "M206 152h32v-16h-32z")
            + roof("k6", (222, 138), 50, 18, 0.5, 1)
            + rects("kl", [(212, 141, 7, 7), (225, 141, 7, 7)])
        )
    return drawn + path("k6", "M0 200v-14q50-12 112 14zM320 200v-14q-50-12-122 14z")


def terraces(dice: Dice) -> str:
    """Fields in steps that hold water, houses between them."""
    drawn = (
        hills("k2", dice, 84, 36, 4)
        + hills("k3", dice, 104, 34, 5)
        + mist(30, 84, 110, 8)
        + mist(196, 74, 110, 8)
    )
    waves = [dice.between(-10, 10) for _ in range(5)]
    for step in range(8):
        y = 104 + step * 13
        d = f"M-4 {number(y + waves[0])}C60 {number(y - 18 + waves[1])} 96 {number(y + 18 + waves[2])} 160 {number(y + waves[3] * 0.6)}S270 {number(y - 16 + waves[4])} 324 {number(y + waves[1])}V204H-4z"
        drawn += path(("k4", "k5")[step % 2] if step % 3 else "kv", d)
        shore = f"M-4 {number(y + 3 + waves[0])}C60 {number(y - 15 + waves[1])} 96 {number(y + 21 + waves[2])} 160 {number(y + 3 + waves[3] * 0.6)}S270 {number(y - 13 + waves[4])} 324 {number(y + 3 + waves[1])}"
        back = f"V{number(y + 10 + waves[1])}C270 {number(y - 5 + waves[4])} 224 {number(y + 9 + waves[3] * 0.6)} 160 {number(y + 9 + waves[3] * 0.6)}S60 {number(y - 8 + waves[1])} -4 {number(y + 10 + waves[0])}z"
        drawn += path("kx", shore + back)
    for x, y, size in ((122, 118, 1), (148, 128, 1.15), (196, 112, 0.9)):
        at = x + dice.between(-8, 8)
        drawn += rects("kd", [(at - 11 * size, y - 12 * size, 22 * size, 13 * size)]) + rects(
            "kl", [(at - 5 * size, y - 8 * size, 5 * size, 6 * size)]
        )
        drawn += path(
            "k6",
            f"M{number(at - 17 * size)} {number(y - 10 * size)}L{number(at)} {number(y - 27 * size)} {number(at + 17 * size)} {number(y - 10 * size)}z",
        )
    return drawn + tree(36, 176, 1.4, ("k5", "k6")) + tree(290, 182, 1.5, ("k6", "k6")) + birds(dice, 60, 40)


def village(dice: Dice) -> str:
    """A round earth house among hills, or houses on stilts with a drum tower."""
    return (_round, _stilts)[dice.of(2)](dice)


def _round(dice: Dice) -> str:
    drawn = hills("k2", dice, 88, 42, 4) + hills("k3", dice, 108, 28, 5)
    drawn += roof("k6", (258, 112), 62, 18, 0.7, 3) + rect("ky", 234, 110, 48, 28)
    drawn += path("ky", "M74 92v54q86 26 172 0V92z") + path("kd", "M74 134v12q86 26 172 0v-12q-86 22-172 0z")
    drawn += (
        oval("k6", 160, 88, 98, 25)
        + oval("k4", 160, 84, 66, 13)
        + oval("kd", 160, 87, 62, 11)
        + oval("k6", 160, 86, 36, 7)
        + oval("k5", 160, 85, 22, 4)
    )
    drawn += rects(
        "k6", [(96 + at * 16.4, 118 + (4 if 2 < at < 6 else 2), 6, 8) for at in range(9) if at != 4]
    )
    drawn += (
        path("k6", "M148 160v-24q0-10 12-10t12 10v24q-12 1-24 0z")
        + path("kl", "M152 160v-22q0-8 8-8t8 8v22z")
        + lantern_pair()
    )
    drawn += path("k4", "M0 150q60 2 90 10 70 14 150-2 40-8 80-8v50H0z")
    drawn += "".join(
        path("kv", f"M{number(dice.between(-10, 20))} {y}q80-12 150 0t180-4v6q-100-6-180 2t-160-2z")
        for y in (172, 186)
    )
    return drawn + tree(34, 164, 1.5, ("k5", "k6")) + tree(296, 172, 1.6, ("k5", "k6"))


def lantern_pair() -> str:
    """Two red lanterns beside the gate of the round house."""
    return disc("ks", 140, 132, 4) + disc("ks", 180, 132, 4)


def _stilts(dice: Dice) -> str:
    drawn = hills("k2", dice, 92, 48, 4) + hills("k3", dice, 112, 30, 5) + mist(20, 92, 110, 8)

    def house(x: float, y: float, wide: float, floors: int) -> str:
        high = floors * 22
        out = rects("kd", [(x, y - high, wide, high)]) + rects(
            "k6", [(x + 4 + at * (wide - 10) / 3, y, 2.6, 16) for at in range(4)]
        )
        out += rects(
            "kl",
            [
                (x + 7 + at * 17, y - floor * 22 - 15, 9, 9)
                for floor in range(floors)
                for at in range(int((wide - 8) // 17))
            ],
        )
        out += rects("kg", [(x - 3, y - floor * 22 - 2, wide + 6, 2) for floor in range(floors)])
        return out + roof("k6", (x + wide / 2, y - high + 2), wide + 24, 18, 0.6, 5)

    drawn += house(24, 138, 66, 2) + house(232, 136, 62, 2) + house(96, 142, 46, 1) + house(196, 142, 40, 1)
    x, y, wide = 160, 146, 64.0
    drawn += rects(
        "kd", [(x - 20, 118, 4, 30), (x + 16, 118, 4, 30), (x - 6, 118, 3, 30), (x + 4, 118, 3, 30)]
    )
    for level in range(6):
        drawn += roof("k6", (x, y - 26 - level * 13), wide, 11, 0.66, 4) + rects(
            "kw", [(x - wide * 0.36, y - 25 - level * 13, wide * 0.72, 2)]
        )
        wide *= 0.83
    drawn += roof("k6", (x, y - 26 - 6 * 13), wide, 14, 0.1, 3) + disc("kg", x, y - 120, 2)
    return (
        drawn
        + path("k4", "M0 148q160-10 320 0v52H0z")
        + path("kx", "M0 170q80-10 160-4t160-4v38H0z")
        + path("lz", "M88 176q70-26 144 0")
        + tree(20, 178, 1.2, ("k5", "k6"))
        + tree(300, 176, 1.3, ("k5", "k6"))
    )


def glasshouse(dice: Dice) -> str:
    """Beds of flowers before a house of glass."""
    drawn = (
        hills("k2", dice, 96, 34, 4) + tree(30, 138, 1.7, ("k3", "k4")) + tree(290, 138, 1.8, ("k3", "k4"))
    )
    drawn += path("kx", "M72 140v-30q8-58 88-62 80 4 88 62v30z") + path(
        "km", "M92 132v-24q10-40 50-50-20 34-20 74z"
    )
    ribs = "M72 110h176M78 88h164M98 68h124M160 48v92M128 140q-6-60 32-92M192 140q6-60-32-92M98 140q-6-64 62-92M222 140q6-64-62-92"
    drawn += path("lw", ribs) + path(
        "k4", "M104 140q-2-24 12-34 4 12 0 34zM204 140q8-30-4-44-12 14-6 44zM176 140v-30q10 2 14 12l-4 18z"
    )
    drawn += (
        rects("kd", [(148, 116, 24, 26)])
        + rects("kl", [(151, 119, 8, 23), (161, 119, 8, 23)])
        + path("kz", "M66 140h188v5H66z")
    )
    drawn += path("k4", "M0 144h320v56H0z") + path("kz", "M148 145h24l36 55h-96z")
    for row in range(3):
        y, tone = 156 + row * 15, ("kp", "ks", "kg", "kw")[(row + dice.of(4)) % 4]
        spots = [
            (x + dice.between(-3, 3), y + dice.between(-2, 2), 5.4, 4.4)
            for x in range(6, 320, 16)
            if abs(x - 160) > 24 + row * 11
        ]
        drawn += path("kv", f"M0 {y}h{128 - row * 11}v7H0zM{192 + row * 11} {y}h140v7h-140z") + ovals(
            tone, spots
        )
    return drawn + birds(dice, 34, 44, 2)
