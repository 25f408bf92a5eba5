"""Provinces by their short names, as the catalogue has them. Data and a pure reading."""

from typing import Final

_NORTH: Final = "北京 天津 河北 山西 内蒙古 辽宁 吉林 黑龙江 陕西 甘肃 青海 宁夏 新疆"
_SOUTH: Final = (
    "上海 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 广西 海南 重庆 四川 贵州 云南 西藏 台湾 香港 澳门"
)
PROVINCES: Final = frozenset(f"{_NORTH} {_SOUTH}".split())
_SUFFIXES: Final = ("壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "特别行政区", "省", "市")


def province_of(text: str) -> str | None:
    """The short name of a province that is written in any usual way; None when it is none."""
    short = text
    for suffix in _SUFFIXES:
        if short not in PROVINCES:
            short = text.removesuffix(suffix)
    return short if short in PROVINCES else None
