"""Scenes of staying and eating: hotels, restaurants."""

from wenyue.web.shared.scenes.parts import columns, hills, lantern, pine, roof, tree
from wenyue.web.shared.scenes.pen import Dice, disc, number, oval, ovals, path, rect, rects


def hotel(dice: Dice) -> str:
    """A house with lit windows: three wings under tiles, or a tall one of today with a pool."""
    return (_wings, _tall)[dice.of(2)](dice)


def _wings(dice: Dice) -> str:
    drawn = hills("k2", dice, 110, 44, 4) + hills("k3", dice, 126, 26, 6)
    drawn += tree(28, 158, 1.7, ("k4", "k5")) + tree(292, 158, 1.9, ("k4", "k5"))

    def block(x: float, y: float, wide: float, floors: int) -> str:
        lit, dark = list[tuple[float, float, float, float]](), list[tuple[float, float, float, float]]()
        cell = (wide - 10) / 4
        for floor in range(floors):
            for at in range(4):
                (lit if dice.random() < 0.72 else dark).append(
                    (x + 6 + at * cell, y + 9 + floor * 22, cell - 4, 13)
                )
        ledges = [(x, y + 25 + floor * 22, wide, 2.0) for floor in range(floors)]
        return (
            rects("kw", [(x, y, wide, 156 - y)])
            + rects("kl", lit)
            + rects("k4", dark)
            + rects("kd", ledges)
            + roof("k6", (x + wide / 2, y + 2), wide + 26, 17, 0.7, 6)
        )

    drawn += block(56, 106, 92, 2) + block(172, 106, 92, 2) + block(110, 76, 100, 3)
    drawn += (
        rects("k6", [(147, 134, 26, 22)])
        + rects("kl", [(149, 136, 22, 20)])
        + roof("ks", (160, 134), 44, 9, 0.7, 3)
        + lantern(140, 140, 1.1)
        + lantern(180, 140, 1.1)
    )
    drawn += (
        path("k4", "M0 154h320v46H0z")
        + path("kz", "M148 156h24l14 16h-52z")
        + rect("kx", 60, 170, 200, 20, 10)
    )
    drawn += rects("kl", [(x, 174 + x % 3 * 4, 12, 1.6) for x in (84, 112, 146, 172, 206, 232)])
    drawn += ovals("k5", [(48, 160, 8, 8), (272, 160, 8, 8), (62, 162, 6, 6), (258, 162, 6, 6)])
    return drawn + pine(22, 192, 1.2) + pine(302, 192, 1.0)


def _tall(dice: Dice) -> str:
    drawn = hills("k2", dice, 118, 40, 4) + rects(
        "k2", [(x, dice.between(76, 104), 24, 60) for x in (14, 44, 258, 288)]
    )
    x, top = dice.between(104, 122), dice.between(26, 36)
    drawn += rects("k3", [(x + 70, top + 34, 44, 122 - top)]) + rects("kw", [(x, top, 80, 156 - top)])
    lit, dark = list[tuple[float, float, float, float]](), list[tuple[float, float, float, float]]()
    for floor in range(int((118 - top) // 15)):
        for at in range(5):
            (lit if dice.random() < 0.66 else dark).append((x + 6 + at * 14.4, top + 10 + floor * 15, 10, 9))
    drawn += (
        rects("kl", lit)
        + rects("k4", dark)
        + columns("k5", [x + 76 + at * 10 for at in range(4)], top + 44, 4, 100 - top + 10)
    )
    drawn += rects("k6", [(x - 4, top - 4, 88, 5), (x + 28, top - 12, 24, 8)]) + rects(
        "ks", [(x + 33, top - 10, 14, 4)]
    )
    drawn += (
        rects("kd", [(x - 24, 132, 128, 5)])
        + rects("k6", [(x + 22, 137, 36, 20)])
        + rects(
            "kl", [(x + 25, 139, 14, 18), (x + 41, 139, 14, 18), (x - 16, 140, 22, 14), (x + 72, 140, 22, 14)]
        )
    )
    drawn += (
        path("k4", "M0 154h320v46H0z") + rect("kz", 44, 166, 232, 26, 13) + rect("kx", 50, 169, 220, 20, 10)
    )
    drawn += rects("kl", [(70 + at * 30 + dice.between(-6, 6), 173 + at % 3 * 5, 14, 1.6) for at in range(6)])
    for px in (62, 254):
        drawn += (
            path("ld", f"M{px} 166v-34")
            + path("ks", f"M{px - 22} 138q22-22 44 0z")
            + rects("kw", [(px - 16, 160, 14, 3), (px + 4, 160, 14, 3)])
        )
    return (
        drawn
        + tree(22, 160, 1.5, ("k5", "k6"))
        + tree(300, 160, 1.6, ("k5", "k6"))
        + path("k6", f"M0 200v-8q40-8 70 8zM320 200v-{number(8)}q-40-8-70 8z")
    )


def restaurant(dice: Dice) -> str:
    """A table at a round window: a bowl that steams, a fish, or bamboo steamers."""
    drawn = path("k2", "M0 0h320v200H0z") + disc("kd", 160, 84, 72) + disc("k0", 160, 84, 67)
    drawn += disc("sun", 196 if dice.of(2) else 124, 56, 12)
    drawn += path("k2", "M93 84q20-22 40-10t36-22 58 28v4a67 67 0 0 1-134 0z") + path(
        "k3", "M96 100q30-18 54-4t74-12a67 67 0 0 1-128 16z"
    )
    drawn += rects("kd", [(0, 150, 320, 50)]) + rects("k6", [(0, 147, 320, 5)])
    drawn += (_bowl, _fish, _steamers)[dice.of(3)](dice)
    drawn += (
        rect("k6", 222, 166, 60, 2.2, 1) + rect("k6", 222, 171, 60, 2.2, 1) + rect("kw", 232, 169, 12, 6, 2)
    )
    drawn += (
        path("kw", "M40 148q0-17 17-17t17 17q0 12-6 14H46q-6-2-6-14zM42 143l-14-8 3-3 13 7z")
        + path("lw", "M74 142q13-4 11 7t-12 5")
        + rect("kw", 52, 126, 10, 6, 3)
    )
    return drawn + lantern(30, 38, 3) + lantern(290, 38, 3)


def _steam(dice: Dice, y: float) -> str:
    drawn = ""
    for x, high in ((146, 30), (160, 38), (174, 30)):
        drawn += f"M{x} {number(y - dice.random() * 4)}q-7-{number(high * 0.25)} 0-{number(high * 0.5)}t0-{number(high * 0.5)}"
    return path("lt", drawn)


def _bowl(dice: Dice) -> str:
    drawn = (
        _steam(dice, 104)
        + oval("k6", 160, 168, 62, 7)
        + path("kw", "M112 114h96q-2 40-32 48h-32q-30-8-32-48z")
        + rect("kw", 140, 160, 40, 7, 2)
    )
    drawn += (
        oval("kw", 160, 114, 48, 9)
        + oval("kg", 160, 115, 42, 6.4)
        + ovals("kv", [(148, 114, 7, 2), (170, 117, 8, 2)])
    )
    drawn += ovals("ks", [(160, 112, 6, 2), (182, 114, 2.4, 2.4), (139, 117, 2.2, 2.2)])
    return drawn + path(
        "li", "M113 124q47 12 94 0M124 134q6-7 12 0t12 0M148 134q6-7 12 0t12 0M172 134q6-7 12 0t12 0"
    )


def _fish(dice: Dice) -> str:
    drawn = (
        _steam(dice, 130)
        + oval("k6", 160, 170, 92, 8)
        + oval("kw", 160, 158, 92, 17)
        + path("li", "M72 160q88 24 176 0")
        + oval("kg", 160, 156, 74, 11)
    )
    drawn += path("k5", "M104 152q38-24 88-6 14 2 26-10-2 12-2 16 4 8 8 16-16-4-30-4-56 14-90-12z") + disc(
        "kw", 122, 149, 2.6
    )
    return (
        drawn
        + ovals("kv", [(150, 146, 9, 2), (172, 152, 10, 2), (140, 158, 8, 2)])
        + ovals("ks", [(164, 144, 5, 1.8), (184, 158, 5, 1.8)])
    )


def _steamers(dice: Dice) -> str:
    drawn = _steam(dice, 88) + oval("k6", 160, 172, 70, 7)
    for level, wide in enumerate((60, 58, 56)):
        y = 150 - level * 22
        drawn += (
            path("ky", f"M{160 - wide} {y}v16q0 8 {wide} 8t{wide}-8v-16z")
            + path("lg", f"M{160 - wide} {y + 9}q{wide} 14 {2 * wide} 0")
            + oval("kg", 160, y, wide, 9)
        )
    buns = [(134, 102, 13, 8), (160, 98, 14, 9), (187, 102, 13, 8), (147, 106, 13, 8), (173, 107, 13, 8)]
    return (
        drawn
        + oval("kd", 160, 106, 51, 7)
        + ovals("kw", [(float(x), float(y), float(a), float(b)) for x, y, a, b in buns])
        + ovals("ks", [(160, 95, 2, 1.4), (147, 103, 2, 1.4), (173, 104, 2, 1.4)])
    )
