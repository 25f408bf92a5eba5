"""How kinds of days and holidays are said."""

from typing import Final

from wenyue.web.console.speaking import Speaks

HOLIDAYS_EN: Final = {
    "元旦": "New Year",
    "春节": "Spring Festival",
    "清明节": "Qingming",
    "劳动节": "Labour Day",
    "端午节": "Dragon Boat",
    "中秋节": "Mid-Autumn",
    "国庆节": "National Day",
}
KINDS: Final = {
    "holiday": ("节假日", "Holiday"),
    "workday": ("工作日", "Working day"),
    "weekend": ("休息日", "Day off"),
}


def say_holidays(speaks: Speaks, names: str) -> str:
    """Official names joined by 、, as the reader knows them."""
    if speaks.locale != "en":
        return names
    return " + ".join(HOLIDAYS_EN.get(name, name) for name in names.split("、") if name)


def say_kind(speaks: Speaks, kind: str, names: str = "") -> str:
    """A kind of day, with the names of its holiday where it has some."""
    said, named = speaks.t(*KINDS[kind]), say_holidays(speaks, names)
    return speaks.t("{kind}（{names}）", "{kind} ({names})", kind=said, names=named) if named else said
