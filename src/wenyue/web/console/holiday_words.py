"""How kinds of days and holidays are said."""

from typing import Final

from wenyue.locale import Locale, Message, translations
from wenyue.web.console.speaking import Speaks

# By the names that the calendar of holidays has.
HOLIDAYS: Final = {
    "元旦": Message("New Year"),
    "春节": Message("Spring Festival"),
    "清明节": Message("Qingming"),
    "劳动节": Message("Labour Day"),
    "端午节": Message("Dragon Boat"),
    "中秋节": Message("Mid-Autumn"),
    "国庆节": Message("National Day"),
}
KINDS: Final = {
    "holiday": Message("Holiday"),
    "workday": Message("Working day"),
    "weekend": Message("Day off"),
}


def say_holiday(name: str, locale: Locale) -> str:
    """An official name, as the reader knows it; what operators named stays theirs."""
    return HOLIDAYS[name].say(locale) if name in HOLIDAYS else name


def say_holidays(speaks: Speaks, names: str) -> str:
    """Official names joined by 、, as the reader knows them."""
    said = [say_holiday(name, speaks.locale) for name in names.split("、") if name]
    return translations(speaks.locale).pgettext("between holidays", " + ").join(said)


def say_kind(speaks: Speaks, kind: str, names: str = "") -> str:
    """A kind of day, with the names of its holiday where it has some."""
    said, named = KINDS[kind].say(speaks.locale), say_holidays(speaks, names)
    return speaks.gettext("{kind} ({names})", kind=said, names=named) if named else said
