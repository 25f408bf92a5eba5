"""Scenes of heights: mountains, snow peaks, gorges, waterfalls, karst, striped hills, caves, a cableway."""

from wenyue.web.shared.scenes.parts import birds, firs, hills, mist, peak, pine, ripples, roof, tree
from wenyue.web.shared.scenes.pen import Dice, disc, number, ovals, path, polygon, rect, rects


def mountain(dice: Dice) -> str:
    """Granite peaks in mist: a group, a stair to a pavilion, or peaks above a sea of clouds."""
    return (_group, _stair, _clouds)[dice.of(3)](dice)


def _group(dice: Dice) -> str:
    drawn = mist(dice.between(40, 100), 44, 96, 7)
    drawn += peak(dice, (62, 74), 200, 150, ("k2", "k3")) + peak(dice, (262, 64), 200, 150, ("k2", "k3"))
    drawn += mist(-30, 112, 150) + mist(200, 120, 150)
    drawn += peak(dice, (dice.between(152, 168), dice.between(30, 40)), 210, 118)
    drawn += peak(dice, (112, 78), 210, 78) + peak(dice, (218, 88), 210, 92)
    drawn += pine(124, 96, 0.75) + pine(206, 104, 0.7) + pine(178, 84, 0.55) + mist(84, 136, 168, 10)
    drawn += hills("k5", dice, 182, 22) + hills("k6", dice, 198, 16)
    return drawn + pine(36, 188, 1.1) + pine(286, 190, 1.25)


def _stair(dice: Dice) -> str:
    top = dice.between(148, 172)
    drawn = hills("k2", dice, 112, 52, 4) + mist(-10, 84, 120, 8) + mist(214, 98, 130, 8)
    drawn += peak(dice, (250, 82), 200, 150, ("k3", "k4"))
    drawn += path("k4", f"M-10 200Q60 150 104 104Q128 68 {number(top)} 62Q196 66 216 104Q252 152 330 200z")
    drawn += path(
        "k5", f"M{number(top)} 62Q196 66 216 104Q252 152 330 200H190Q214 140 {number(top + 14)} 100z"
    )
    turns = ((top, 64), (top - 12, 88), (top + 8, 112), (top - 24, 142), (top + 6, 172), (top - 30, 204))
    d = f"M{number(turns[0][0])} {turns[0][1]}" + "".join(f"L{number(x)} {y}" for x, y in turns[1:])
    drawn += path("lz", d)
    drawn += rects(
        "ks", [(top - 14, 50, 3, 13), (top + 11, 50, 3, 13), (top - 5, 50, 2, 13), (top + 4, 50, 2, 13)]
    )
    drawn += roof("k6", (top, 52), 44, 15, 0.16, 5) + disc("kg", top, 36, 2.2)
    drawn += (
        mist(70, 120, 130, 8)
        + pine(110, 124, 0.8)
        + pine(214, 118, 0.8)
        + pine(128, 158, 0.9)
        + pine(232, 168, 1)
    )
    return drawn + hills("k6", dice, 204, 22) + pine(30, 190, 1.2) + pine(292, 192, 1.1)


def _clouds(dice: Dice) -> str:
    drawn = hills("k2", dice, 96, 40, 5) + mist(30, 78, 130, 8)
    tops = ((92, 72), (232, 62), (160, 44)) if dice.of(2) else ((100, 52), (222, 78), (172, 64))
    for at, foot, width in zip(tops, (200, 200, 210), (92, 84, 96), strict=True):
        drawn += peak(
            dice,
            (at[0] + dice.between(-8, 8), at[1]),
            foot,
            width,
            ("k3", "k4") if width < 90 else ("k4", "k5"),
        )
    drawn += (
        pine(tops[2][0] - 6, tops[2][1] + 16, 0.7)
        + pine(tops[0][0] + 8, tops[0][1] + 22, 0.6)
        + birds(dice, 40, 40)
    )
    drawn += ovals(
        "km", [(x, 150 + dice.between(-5, 5), dice.between(36, 56), 17) for x in range(-10, 340, 52)]
    )
    drawn += ovals(
        "kw", [(x, 172 + dice.between(-5, 5), dice.between(40, 58), 20) for x in range(0, 340, 56)]
    )
    drawn += path("kw", "M0 174h320v26H0z")
    drawn += path("k6", "M-6 200q16-46 44-40 30 4 52 40z") + pine(28, 164, 1.5) + pine(52, 176, 1.1)
    return drawn


def snow(dice: Dice) -> str:
    """A white peak over fir woods."""
    x, top = dice.between(146, 174), dice.between(26, 38)
    drawn = hills("k2", dice, 108, 40, 5)
    drawn += peak(dice, (x - 84, 74), 190, 150, ("kw", "k2")) + peak(
        dice, (x + 88, 68), 190, 150, ("kw", "k2")
    )
    drawn += peak(dice, (x, top), 190, 200, ("kw", "k2"))
    for side in (-1, 1):
        edge = [
            (x + side * part * 78, top + 34 + part * 86 + (8 if at % 2 else -6))
            for at, part in enumerate((0.1, 0.25, 0.42, 0.6, 0.8, 1.05))
        ]
        drawn += polygon("k3" if side < 0 else "k4", [*edge, (x + side * 110, 190), (x + side * 6, 190)])
    drawn += mist(20, 108, 150, 9) + mist(170, 118, 150, 8)
    drawn += hills("k4", dice, 152, 14) + firs("k5", dice, 168, (-6, 330), (18, 34))
    drawn += (
        path("k5", "M0 164h320v36H0z")
        + firs("k6", dice, 198, (-6, 90), (26, 46))
        + firs("k6", dice, 198, (236, 326), (26, 46))
    )
    drawn += path("kv", "M70 200q90-28 190 0z")
    return drawn + birds(dice, 60, 54, 2)


def gorge(dice: Dice) -> str:
    """Walls on both sides, a river between them, a boat on it."""
    gap = dice.between(-14, 14)
    drawn = hills("k2", dice, 96, 26, 4) + mist(96, 70, 130, 8)
    for tone, near in (("k3", 0), ("k4", 1), ("k5", 2)):
        out = near * 30
        rough = [dice.between(-7, 7) for _ in range(8)]
        top = 56 - near * 18
        left = [
            (0, top - 8),
            (70 - out, top + rough[0]),
            (104 - out, top + 26 + rough[1]),
            (118 - out * 1.1, 96 + rough[2]),
            (140 + gap - out, 140),
            (130 + gap - out * 1.3, 200),
            (0, 200),
        ]
        right = [
            (320, top - 14),
            (252 + out, top + rough[4]),
            (222 + out, top + 30 + rough[5]),
            (204 + out * 1.1, 100 + rough[6]),
            (182 + gap + out, 140),
            (192 + gap + out * 1.3, 200),
            (320, 200),
        ]
        drawn += polygon(tone, left) + polygon(tone, right)
        if near < 2:
            drawn += mist(56 - out, 104 + near * 22, 100, 7) + mist(176 + out, 92 + near * 22, 100, 7)
    drawn += path("kx", f"M{number(140 + gap)} 136q20-6 42 0L{number(262 + gap)} 200H{number(66 + gap)}z")
    drawn += rects(
        "kr", [(132 + gap + dice.between(-20, 20), y, dice.between(20, 44), 1.5) for y in range(146, 198, 8)]
    )
    x = 164 + gap
    drawn += path("k6", f"M{number(x - 16)} 172q16 5 34-1-3 8-10 8h-14q-7 0-10-7z") + path(
        "ks", f"M{number(x - 5)} 172q1-8 8-8t8 8z"
    )
    drawn += pine(58, 46, 0.9) + pine(268, 42, 1) + pine(30, 44, 0.7) + pine(92, 88, 0.6)
    return drawn + tree(22, 200, 1.3, ("k6", "k6")) + tree(300, 202, 1.5, ("k6", "k6"))


def waterfall(dice: Dice) -> str:
    """Water that falls over a rock face into a pool."""
    drawn = hills("k2", dice, 66, 30, 5) + tree(40, 66, 1.3, ("k3", "k4")) + tree(280, 66, 1.4, ("k3", "k4"))
    drawn += polygon(
        "k4", [(0, 62), (50, 54), (96, 66), (228, 66), (268, 52), (320, 60), (320, 170), (0, 170)]
    )
    drawn += "".join(
        polygon("k5", [(x, 66), (x + dice.between(8, 16), 66), (x + dice.between(-2, 20), 165), (x - 6, 165)])
        for x in (12, 58, 236, 262, 298)
    )
    edge = 92.0
    while edge < 222:
        width = dice.between(12, 30)
        drawn += path(
            "kw" if dice.of(3) else "km",
            f"M{number(edge)} 66q{number(width / 2)}-6 {number(width)} 0l{number(dice.between(0, 6))} 94h{number(-width - 5)}z",
        )
        edge += width + dice.between(1, 5)
    drawn += path("kx", "M0 160q80-8 160-4t160 0v44H0z")
    drawn += ovals("km", [(x, 160 + dice.between(-4, 3), 24, 11) for x in range(84, 246, 24)])
    drawn += ripples(dice, 168, 198, 7) + mist(60, 96, 70, 7) + mist(208, 118, 70, 7)
    drawn += path("k6", "M0 200v-20q30-14 58 0l22 20zM320 200v-24q-34-12-60 4l-20 20z")
    drawn += roof("ks", (278, 158), 42, 14, 0.14, 4) + rects(
        "kd", [(264, 158, 2.4, 18), (290, 158, 2.4, 18), (277, 158, 2, 18)]
    )
    return drawn + pine(30, 184, 1.3) + pine(306, 180, 1)


def karst(dice: Dice) -> str:
    """Steep round hills along a green river, and a raft."""

    def cone(tone: str, x: float, top: float, width: float, foot: float) -> str:
        half = width / 2
        return path(
            tone,
            f"M{number(x - half)} {number(foot)}C{number(x - half * 0.86)} {number(top + 16)} {number(x - half * 0.5)} {number(top)} {number(x)} {number(top)}S{number(x + half * 0.82)} {number(top + 22)} {number(x + half)} {number(foot)}z",
        )

    drawn = "".join(cone("k2", x, 70 + dice.between(-10, 14), 64, 130) for x in range(6, 330, 46))
    drawn += mist(30, 96, 120, 8) + mist(190, 90, 120, 8)
    drawn += "".join(
        cone("k3", x + dice.between(-8, 8), dice.between(58, 84), 74, 134) for x in (44, 112, 208, 282)
    )
    left, right = dice.between(80, 108), dice.between(196, 232)
    drawn += (
        cone("k4", left, dice.between(44, 58), 86, 138)
        + cone("k4", right, dice.between(38, 56), 78, 138)
        + cone("k5", right + 46, 84, 76, 138)
    )
    drawn += mist(118, 120, 90, 7) + path("kx", "M0 134h320v66H0z")
    drawn += rects(
        "k3",
        [
            (left - 24, 138, 50, 3),
            (left - 14, 145, 34, 2),
            (right - 22, 138, 60, 3),
            (right - 12, 146, 34, 2),
        ],
    )
    drawn += ripples(dice, 150, 196, 7)
    x = dice.between(130, 180)
    drawn += path("kd", f"M{number(x - 34)} 172h70q4-3 6-6 1 9-7 10h-66q-5 0-9-5z") + rects(
        "kg", [(x - 30, 172, 62, 1.4)]
    )
    drawn += path("k6", f"M{number(x - 2)} 172l2-19q4-3 8 0l2 19zM{number(x - 5)} 150l9-7 9 7z") + path(
        "lb", f"M{number(x + 10)} 142l10 40"
    )
    drawn += path("k6", f"M{number(x - 26)} 172q-1-8 4-10l4-1-3 3q3 4-1 8z")
    return (
        drawn
        + path("k6", "M0 200v-14q36-12 80 14zM320 200v-22q-40-6-70 22z")
        + path("lv", "M300 182q-4-30 8-52M304 182q-2-24-14-44M308 184q4-26 14-40M296 184q-8-18-20-24")
    )


def danxia(dice: Dice) -> str:
    """Hills in stripes of rust, gold and ash."""
    drawn = hills("k2", dice, 92, 28, 4)
    bands = ("k3", "ky", "k4", "kw", "ks", "kg", "k3", "kd", "k5")
    for layer, (foot, rise) in enumerate(((112, 50), (146, 46), (184, 40))):
        pace = 320 / 5
        heads = [foot - dice.random() * rise for _ in range(6)]
        for at in range(5):
            tone, drop = bands[(at * 2 + layer) % len(bands)], at * (13 - layer)
            d = f"M0 {number(heads[0] + drop)}"
            for step in range(1, 6):
                mid = number((step - 0.5) * pace)
                d += f"C{mid} {number(heads[step - 1] + drop)} {mid} {number(heads[step] + drop)} {number(step * pace)} {number(heads[step] + drop)}"
            drawn += path(tone, d + "V200H0z")
    drawn += path("k6", "M0 200q40-18 92-12t60 12zM320 200q-30-14-76-6z")
    drawn += path("ld", "M196 200q-4-12 14-22t10-20") + birds(dice, 190, 40)
    return drawn


def cave(dice: Dice) -> str:
    """A hall under the ground with its still water. No sky."""
    drawn = path("k5", "M0 0h320v200H0z") + path("k4", "M20 200V104Q40 22 160 20T300 104v96z")
    drawn += path("k3", "M62 200v-84q20-64 98-64t98 64v84z") + path(
        "k2", "M104 200v-74q12-44 56-44t56 44v74z"
    )
    drawn += path("kl", "M126 150v-18q6-30 34-30t34 30v18z")

    def drops(tone: str, count: int, longest: float, y: float) -> str:
        d = ""
        for at in range(count):
            x, long, half = (
                at * 320 / count + dice.between(0, 12),
                dice.between(longest * 0.3, longest),
                dice.between(4, 9),
            )
            if 104 < x < 216:
                long *= 0.5
            d += f"M{number(x - half)} {number(y)}Q{number(x)} {number(y + long * 0.4)} {number(x)} {number(y + long)}Q{number(x + 1)} {number(y + long * 0.4)} {number(x + half)} {number(y)}z"
        return path(tone, d)

    drawn += drops("k5", 11, 78, 18) + drops("k6", 13, 62, -2) + path("k6", "M0 0h320v10q-80 10-160 4T0 14z")
    for x, high, half in ((52, 60, 14), (88, 34, 10), (236, 42, 11), (272, 74, 15)):
        up = high * dice.between(0.8, 1.15)
        drawn += path(
            "k5",
            f"M{x - half} 166Q{x - 3} {number(166 - up * 0.5)} {x} {number(166 - up)}Q{x + 4} {number(166 - up * 0.5)} {x + half} 166z",
        )
    drawn += path("kq", "M0 160q80-8 160-2t160-2v44H0z") + rects(
        "kl", [(130 + dice.between(0, 8), y, 60 - at * 10, 2) for at, y in enumerate((164, 171, 178, 186))]
    )
    drawn += path("ld", "M0 152q60-8 104 6M320 150q-60-8-104 8") + rects(
        "kd", [(x, 146, 2, 16) for x in (20, 48, 76, 244, 272, 300)]
    )
    return drawn + path("k6", "M0 200v-12q50-12 84 12zM320 200v-16q-48-10-90 16z")


def cableway(dice: Dice) -> str:
    """Cabins on a rope up to a ridge."""
    drawn = (
        hills("k2", dice, 96, 44, 4) + peak(dice, (238, 40), 200, 170, ("k3", "k4")) + mist(150, 112, 150, 9)
    )
    drawn += peak(dice, (86, 92), 200, 130, ("k4", "k5")) + mist(-20, 140, 140, 8)
    drawn += (
        rect("kz", 222, 42, 34, 12)
        + roof("k6", (239, 44), 46, 12, 0.5, 4)
        + rects("kl", [(228, 45, 6, 6), (238, 45, 6, 6)])
    )
    drawn += path("lb", "M-6 150Q120 108 238 46M-6 162Q120 118 238 52")
    drawn += polygon(
        "k6", [(96, 200), (104, 108), (112, 108), (120, 200), (114, 200), (108, 130), (102, 200)]
    ) + rects("k6", [(92, 108, 32, 3.4)])
    shift = dice.between(0, 18)
    for x, y, size in (
        (34 + shift, 136 - shift * 0.36, 1.35),
        (142 + shift, 97 - shift * 0.42, 1.05),
        (196 + shift / 2, 70 - shift * 0.26, 0.8),
    ):
        wide, high = 26 * size, 24 * size
        drawn += path("lb", f"M{number(x)} {number(y)}v{number(10 * size)}")
        drawn += rect("ks", x - wide / 2, y + 9 * size, wide, high, 5 * size)
        drawn += rect("kl", x - wide / 2 + 3 * size, y + 13 * size, wide - 6 * size, 9 * size, 2)
    drawn += (
        hills("k5", dice, 190, 20)
        + firs("k6", dice, 202, (-8, 84), (24, 44))
        + firs("k6", dice, 202, (206, 328), (22, 40))
    )
    return drawn
