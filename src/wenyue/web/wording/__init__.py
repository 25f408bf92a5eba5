"""What all wording is made of: a sentence in both languages, the words for an outcome, an instant.

Shared by all faces; the siblings `wording_….py` hold the sentences, each for what it words. zh-CN is the first language,
English is complete; a house test holds both to that.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final, NamedTuple

from wenyue.core.clock import zone

TIMEZONE: Final = "Asia/Shanghai"
_MONTHS_EN: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Text(NamedTuple):
    """One sentence in both languages."""

    zh: str
    en: str

    def say(self, locale: str) -> str:
        """The sentence in `locale`: English for "en…", Chinese for everything else."""
        return self.en if locale.startswith("en") else self.zh


class Taken(Enum):
    """Whether the answer cost the person a place, an entitlement or money. Money is never taken online here."""

    NOTHING = Text(
        "没有占用名额，没有扣除卡权益，也没有收取任何费用。",
        "No place was taken, no card entitlement was used and no money was charged.",
    )
    UNCHANGED = Text(
        "原来的预约没有变化，没有扣除卡权益，也没有收取任何费用。",
        "The booking is as it was: no card entitlement was used and no money was charged.",
    )
    BOOKED = Text(
        "名额已经归您。用卡的项目已扣除对应权益；其余项目到店付款，线上没有收取费用。",
        "The places are yours. Items on the card used their entitlement; the rest is paid on site,"
        " nothing was charged online.",
    )
    HELD = Text(
        "名额已为您暂时保留，还没有收取费用。",
        "The places are held for you for now; no money was charged.",
    )
    RETURNED = Text(
        "名额已经释放，用掉的卡权益已退回，没有收取任何费用。",
        "The places were released, the card entitlement was returned and no money was charged.",
    )
    UNCERTAIN = Text(
        "暂时不能确定是否占用了名额或卡权益。用同一编号再查一次，不会重复扣除；线上没有收取费用。",
        "It is not certain yet whether a place or an entitlement was taken. Asking again with the same number"
        " never takes it twice; no money was charged online.",
    )


@dataclass(frozen=True, slots=True)
class OutcomeWords:
    """The words for one outcome. `at_note` is said when the answer names an instant; it holds `{at}`.

    `lines_note` is said when the answer names lines of the booking; it holds `{lines}`.
    """

    title: Text
    explanation: Text
    next_step: Text
    taken: Taken = Taken.NOTHING
    at_note: Text | None = None
    lines_note: Text | None = None


def say_instant(at: datetime, locale: str, timezone: str = TIMEZONE) -> str:
    """`at` on the wall clock of `timezone`: `10月1日 08:00` or `1 Oct, 08:00`."""
    wall = at.astimezone(zone(timezone))
    if locale.startswith("en"):
        return f"{wall.day} {_MONTHS_EN[wall.month - 1]}, {wall:%H:%M}"
    return f"{wall.month}月{wall.day}日 {wall:%H:%M}"


def say_day(day: date, locale: str) -> str:
    """A day of this or the next year: `10月1日` or `1 Oct`."""
    if locale.startswith("en"):
        return f"{day.day} {_MONTHS_EN[day.month - 1]}"
    return f"{day.month}月{day.day}日"


def say_wait(at: datetime, now: datetime, locale: str) -> str:
    """That too many secrets were tried, and when the next may be tried; the same whether the login exists or not."""
    minutes = max(1, -(-int((at - now).total_seconds()) // 60))
    if locale.startswith("en"):
        return f"Too many tries. Try again in {minutes} minute{'' if minutes == 1 else 's'}."
    return f"尝试次数太多，请{minutes}分钟后再试。"
