"""Scenes of great buildings: palaces, the long wall, gates, museums, a city of today."""

from wenyue.web.shared.scenes.parts import birds, columns, hills, mist, pine, ripples, roof, tree
from wenyue.web.shared.scenes.pen import Dice, disc, number, path, polygon, rect, rects


def palace(dice: Dice) -> str:
    """A hall of red walls and gilt roofs on a terrace of white stone; alone, or between corner towers."""
    drawn = hills("k2", dice, 116, 30, 4)
    for x, y, size in ((26, 146, 1.5), (296, 146, 1.6), (62, 148, 1.1), (262, 148, 1.1)):
        drawn += tree(x, y, size, ("k3", "k4"))
    drawn += rects("ks", [(0, 130, 320, 26)]) + rects("kg", [(0, 126, 320, 5)])
    if dice.of(2):
        for x in (44, 276):
            drawn += rects("ks", [(x - 15, 104, 30, 26)]) + rects(
                "kl", [(x - 9, 110, 5, 12), (x + 4, 110, 5, 12)]
            )
            drawn += roof("kg", (x, 106), 50, 12, 0.5, 5) + roof("kg", (x, 95), 34, 13, 0.2, 4)
    drawn += (
        roof("kg", (160, 72), 116, 22, 0.62, 6)
        + rects("k6", [(112, 72, 96, 5)])
        + rects("ks", [(116, 76, 88, 12)])
    )
    drawn += (
        roof("kg", (160, 98), 154, 17, 0.72, 7)
        + rects("k6", [(94, 98, 132, 5)])
        + rects("ks", [(98, 102, 124, 34)])
    )
    drawn += path("kg", "M112 50l-4-7 9 5zM208 50l4-7-9 5z") + columns(
        "kd", [102 + at * 16.6 for at in range(8)], 102, 4, 34
    )
    drawn += columns("kl", [109 + at * 16.6 for at in range(7) if at != 3], 110, 7, 26) + rects(
        "k6", [(154, 108, 13, 28)]
    )
    for at, (x, wide) in enumerate(((86, 148), (70, 180), (50, 220))):
        y = 136 + at * 11
        drawn += rects("kw", [(x, y, wide, 11)]) + rects(
            "kz", [(x, y, wide, 2), *((x + 4 + j * 9, y + 3, 1.6, 5) for j in range(wide // 9))]
        )
    drawn += path("kz", "M146 136h28l8 33h-44z") + rects(
        "kw", [(146 - at * 1.6, 139 + at * 5, 28 + at * 3.2, 2) for at in range(6)]
    )
    return (
        drawn + path("k2", "M0 169h320v31H0z") + path("kw", "M138 169h44l22 31h-88z") + birds(dice, 30, 34, 4)
    )


def wall(dice: Dice) -> str:
    """The long wall over the ridges with its towers."""
    drawn = hills("k2", dice, 92, 44, 4) + mist(20, 76, 120, 8) + hills("k3", dice, 124, 50, 4)
    bend = dice.between(-10, 10)
    line = [
        (-6, 96),
        (36, 74 + bend),
        (76, 92),
        (112, 118 + bend),
        (160, 112),
        (206, 132 + bend),
        (262, 172),
        (330, 206),
    ]
    drawn += polygon(
        "k4",
        [
            (-6, 100),
            (36, 78 + bend),
            (76, 96),
            (112, 122 + bend),
            (160, 116),
            (206, 136 + bend),
            (262, 176),
            (330, 210),
            (-6, 210),
        ],
    )

    def thick(at: int) -> float:
        return 7 + at * 2.6

    top = [(x, y - thick(at)) for at, (x, y) in enumerate(line)]
    drawn += polygon("kz", [*top, *line[::-1]])
    teeth = list[tuple[float, float, float, float]]()
    for at in range(len(line) - 1):
        (x0, y0), (x1, y1) = top[at], top[at + 1]
        size, steps = 2.4 + at * 0.7, max(3, int((x1 - x0) / (6 + at * 1.6)))
        teeth += [
            (x0 + (x1 - x0) * j / steps, y0 + (y1 - y0) * j / steps - size, size, size + 1.5)
            for j in range(steps)
        ]
    drawn += rects("kz", teeth) + polygon(
        "k3", [(x, y - thick(at) * 0.42) for at, (x, y) in enumerate(line)] + line[::-1]
    )
    for at, size in ((1, 0.8), (4, 1.35), (6, 2.0)):
        x, y = line[at]
        wide, high = 20 * size, 24 * size
        drawn += rects(
            "kz",
            [
                (x - wide / 2, y - high, wide, high),
                *((x - wide / 2 + j * wide / 4.4, y - high - 4 * size, wide / 8, 4 * size) for j in range(5)),
            ],
        )
        drawn += rects("k5", [(x - wide / 2, y - high + 6 * size, wide, 1.6 * size)]) + rects(
            "k6",
            [(x - wide * 0.3 + j * wide * 0.24, y - high * 0.62, wide * 0.12, 5 * size) for j in range(3)],
        )
    drawn += (
        path("k5", "M0 200v-58q44 4 84 20t90 38z")
        + tree(32, 176, 1.2, ("k6", "k6"))
        + tree(72, 188, 1.1, ("k6", "k6"))
    )
    return drawn + pine(14, 160, 1) + birds(dice, 200, 50, 3)


def citygate(dice: Dice) -> str:
    """A gate tower on the wall of a city or of a pass."""
    drawn = hills("k2", dice, 96, 50, 4) + mist(16, 80, 120, 8) + hills("k3", dice, 116, 30, 5)
    drawn += polygon("kz", [(-4, 122), (324, 122), (324, 176), (-4, 176)]) + polygon(
        "kz", [(86, 100), (234, 100), (244, 176), (76, 176)]
    )
    drawn += rects(
        "kz",
        [(x, 117, 6, 7) for x in (*range(0, 84, 12), *range(240, 320, 12))]
        + [(x, 94, 7, 8) for x in range(88, 232, 13)],
    )
    drawn += (
        rects("k5", [(0, 134, 78, 2), (242, 134, 78, 2), (84, 116, 152, 2)])
        + path("k6", "M140 176v-32q0-20 20-20t20 20v32z")
        + path("kl", "M148 176v-30q0-12 12-12t12 12v30z")
    )
    drawn += (
        rects("ks", [(112, 64, 96, 32)])
        + columns("kd", [114 + at * 15 for at in range(7)], 66, 3, 30)
        + columns("kl", [120 + at * 15 for at in range(6)], 72, 6, 18)
    )
    drawn += (
        roof("k6", (160, 66), 130, 16, 0.7, 6)
        + rects("ks", [(122, 42, 76, 12)])
        + roof("k6", (160, 46), 104, 18, 0.6, 6)
    )
    flags = "".join(f"M{x} 92v-22l14 5-14 6z" for x in (92, 222))
    return (
        drawn
        + path("ks", flags)
        + path("k4", "M0 174h320v26H0z")
        + path("kz", "M142 176h36l30 24h-96z")
        + tree(34, 188, 1.3, ("k5", "k6"))
        + tree(288, 190, 1.4, ("k5", "k6"))
    )


def museum(dice: Dice) -> str:
    """A house of today for old things: under a spreading roof, or a vault of glass; a bronze vessel before it."""
    drawn = (
        hills("k2", dice, 112, 24, 5) + tree(34, 150, 1.5, ("k3", "k4")) + tree(288, 150, 1.6, ("k3", "k4"))
    )
    if dice.of(2):
        drawn += polygon("k6", [(52, 62), (268, 62), (232, 96), (88, 96)]) + rects(
            "k4", [(60, 66, 200, 3), (70, 75, 180, 3), (80, 84, 160, 3)]
        )
        drawn += (
            rects("kw", [(92, 96, 136, 54)])
            + columns("kx", [98 + at * 16 for at in range(8)], 102, 10, 48)
            + rects("kl", [(146, 116, 28, 34)])
        )
    else:
        drawn += path("kw", "M56 150V108q10-46 104-50 94 4 104 50v42z") + path(
            "kx", "M70 150v-38q10-36 90-40 80 4 90 40v38z"
        )
        drawn += path(
            "lw",
            "M70 112h180M84 92h152M160 72v78M126 150q-2-54 34-78M194 150q2-54-34-78M94 150v-50M226 150v-50",
        ) + rects("kl", [(146, 122, 28, 28)])
    drawn += rects("ks", [(76, 104, 10, 40), (234, 104, 10, 40)]) + rects(
        "kg", [(79, 108, 4, 14), (237, 108, 4, 14)]
    )
    drawn += (
        rects("kz", [(40, 150, 240, 6), (28, 156, 264, 7)])
        + path("k3", "M0 163h320v37H0z")
        + path("kw", "M132 163h56l28 37H104z")
    )
    drawn += rects("kz", [(138, 184, 44, 16)])
    drawn += path(
        "k5",
        "M140 148h40v4h-2q2 16-6 19l2 15h-5l-3-13h-12l-3 13h-5l2-15q-8-3-6-19h-2zM144 148v-9h4v9zM172 148v-9h4v9z",
    ) + rects("kg", [(143, 156, 34, 2.4)])
    return (
        drawn + tree(52, 190, 1, ("k5", "k6")) + tree(270, 192, 1.1, ("k5", "k6")) + birds(dice, 210, 30, 2)
    )


def city(dice: Dice) -> str:
    """A skyline at the river with a tower of spheres."""
    drawn = rects("k2", [(x, dice.between(62, 98), 22, 70) for x in range(0, 320, 24)])
    for x in range(6, 310, 30):
        if 122 < x < 196:
            continue
        high = dice.between(34, 84)
        drawn += rects("k3" if x % 4 else "k4", [(x, 140 - high, 24, high)])
        lit = [
            (x + 4 + j % 3 * 6, 146 - high + j // 3 * 9, 3.4, 4.6)
            for j in range(int(high // 9 - 1) * 3)
            if dice.random() < 0.6
        ]
        drawn += rects("kl", lit)
    drawn += (
        polygon("k5", [(152, 140), (157, 60), (163, 60), (168, 140), (162, 140), (160, 112), (158, 140)])
        + polygon("k5", [(136, 140), (154, 100), (158, 104), (143, 140)])
        + polygon("k5", [(184, 140), (166, 100), (162, 104), (177, 140)])
    )
    drawn += (
        rects("k5", [(159, 18, 2, 44)])
        + disc("ks", 160, 104, 13)
        + disc("ks", 160, 62, 9)
        + disc("ks", 160, 42, 4.4)
        + rects("kg", [(147, 102, 26, 3), (151, 61, 18, 2.4)])
    )
    drawn += (
        rects("kz", [(0, 140, 320, 5)])
        + path("kq", "M0 145h320v55H0z")
        + ripples(dice, 150, 196, 9)
        + rects("kl", [(x, dice.between(148, 168), 2, 12) for x in range(18, 310, 26)])
    )
    x = dice.between(180, 230)
    drawn += (
        path("kw", f"M{number(x - 44)} 174h88q-4 14-16 14h-56q-12 0-16-14z")
        + rect("kz", x - 30, 162, 58, 12, 3)
        + rects("kl", [(x - 24 + at * 11, 165, 7, 5) for at in range(5)])
        + rects("ks", [(x - 42, 176, 82, 2.4)])
    )
    return (
        drawn
        + tree(26, 150, 0.9, ("k5", "k6"))
        + tree(52, 150, 0.8, ("k5", "k6"))
        + tree(296, 150, 0.9, ("k5", "k6"))
    )
