"""The policy slice's nouns: the reservation preset, and the calendar that says what kind of day a date is."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import IntEnum
from types import MappingProxyType
from typing import Annotated, Final, Literal, cast

import chinese_calendar
import msgspec
from msgspec import Meta

from wenyue.locale import Texts, unpaired
from wenyue.policy.holidays import statutory_days

DayKind = Literal["workday", "weekend", "holiday"]
StrikeKind = Literal["no_show", "late_cancel", "cancel"]

_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_Count = Annotated[int, Meta(ge=1, le=100_000)]
_Age = Annotated[int, Meta(ge=0, le=120)]
_Days = Annotated[int, Meta(ge=0, le=400)]
_Seconds = Annotated[int, Meta(ge=0, le=7 * 86_400)]
_Text = Annotated[str, Meta(min_length=1, max_length=4_000)]
_Texts = Annotated[Texts, Meta(min_length=1)]

# 《全国年节及纪念日放假办法》(国务院令第795号) names the seven; the library calls three of them by their short names.
_OFFICIAL_NAMES: Final = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}
_YEAR_IS_NAMED_BY: Final = frozenset({"春节", "国庆节"})
_SATURDAY: Final = 5
# The library has no type stubs: is it a day off, and the holiday's name (also set on its 调休 workdays).
_holiday_detail = cast(
    Callable[[date], tuple[bool, str | None]],
    chinese_calendar.get_holiday_detail,  # pyright: ignore[reportUnknownMemberType] - no stubs
)
_REMEMBERED_MAX: Final = 4_096
_PERIOD_DAYS_MAX: Final = 31  # of one period; the longest so far had 9


class PresetError(Exception):
    """A preset is mistyped; the message names the preset, the field and the fix."""


class PresetSlot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One session of the preset's day, wall time at the venue; a grace widens what the gate admits."""

    label: _Texts
    starts: time
    ends: time


class CancelStage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cancelling is allowed until this instant, and then costs `strike` (null: nothing).

    Either `days_before` with `at` (wall time on the day that many days before the visit), or `before_start_s`.
    """

    days_before: _Days | None = None
    at: time | None = None
    before_start_s: _Seconds | None = None
    strike: StrikeKind | None = None


class BanStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many strikes in the window ban for so many days."""

    strikes: _Count
    ban_days: Annotated[int, Meta(ge=1, le=3_660)]


class StrikeRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What counts as a strike, against whom, and the ladder of bans."""

    kinds: tuple[StrikeKind, ...]
    subjects: tuple[Literal["account", "visitor"], ...]
    ladder: tuple[BanStep, ...]
    window_days: Annotated[int, Meta(ge=1, le=3_660)] | None = None  # null: for ever
    per_day_max: _Count | None = None
    # each: every strike beyond the last step bans again; cycle: the count starts over at the last step
    repeat: Literal["each", "cycle"] = "each"


class CancelLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many cancellations one account may make per calendar day, ISO week, month and year."""

    day: _Count | None = None
    week: _Count | None = None
    month: _Count | None = None
    year: _Count | None = None


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """What one account may have and do, whatever the venues' presets say. Settings `WENYUE_ACCOUNT_…`.

    Open places are booked or held for a day that is not over.
    """

    places: int = 300
    unpaid: int = 200  # of these, places that cost money (nothing is paid when they are booked)
    unnamed: int = 120  # of these, places without a named person: tables, rooms, seats
    cancels: CancelLimits = field(default_factory=lambda: CancelLimits(day=10, week=30))
    moves_day: int = 20  # of whatever bookings; a move of several lines at once is one


class LimitKind(IntEnum):
    """Which limit of an account was reached."""

    VISIT = 1  # places of one venue and day
    SESSION = 2  # places of one session
    DAY = 3  # places of one product and day
    PLACES = 4  # open places in all
    UNPAID = 5  # of these, places that cost money
    UNNAMED = 6  # of these, places without a named person
    HOLDS = 7  # bookings that wait to be confirmed
    CANCELS_DAY = 8
    CANCELS_WEEK = 9
    CANCELS_MONTH = 10
    CANCELS_YEAR = 11
    MOVES = 12  # of one booking
    MOVES_DAY = 13  # of one account


class Reached(msgspec.Struct, frozen=True, gc=False):
    """A limit, and how much of it is used already."""

    kind: LimitKind
    most: int
    used: int


class Waitlist(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """候补: served in time order until wall time on the day so many days before the visit."""

    closes_days_before: _Days
    closes_at: time


class Reminder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When visitors are reminded: wall time on the day so many days before the visit."""

    days_before: _Days
    at: time


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named set of reservation rules: data that an operator configures. Fields beyond these are refused."""

    code: str
    name: _Texts
    source: _Text  # the notice that the facts come from
    release_days: _Days  # places go on sale so many days before the visit …
    release_time: time  # … at this wall time at the venue
    same_day_booking: bool
    party_max: _Count  # people of one account: on one day (person_rule venue_day), else in one session
    person_rule: Literal["venue_day", "slot", "none"]
    cancel: tuple[CancelStage, ...]  # in time order; after the last one cancelling is refused
    sales_end_from: Literal["start", "end"] = "end"  # of the session
    sales_end_before_s: _Seconds = 0
    entry_early_s: _Seconds = 0  # the gate admits so long before the session starts …
    entry_late_s: _Seconds = 0  # … and so long after it ends
    minor_age_max: _Age | None = None  # a person of at most this age is a minor (null: no such rule)
    minors_per_adult: _Count | None = None
    minors_max: _Count | None = None  # in one party
    exempt_from_age: _Age | None = None  # from this age on nobody needs a reservation nor counts in the party
    exempt_note: str = ""  # exemptions that only the gate can verify
    missed_strike: StrikeKind | None = None  # what not coming costs
    strikes: StrikeRules | None = None
    cancel_limits: CancelLimits | None = None
    account_day_max: _Count | None = (
        None  # beyond a session: places of one account and product in a day (null: 3 parties)
    )
    day_caps: dict[DayKind, _Count] = {}
    slots: tuple[PresetSlot, ...] = ()
    may_overlap: bool = False  # the slots' entry times overlap on purpose
    closed_weekdays: tuple[Annotated[int, Meta(ge=0, le=6)], ...] = ()  # Monday = 0; open on public holidays
    waitlist: Waitlist | None = None
    reminder: Reminder | None = None
    note: str = ""


def parse_preset(raw: bytes | str, *, where: str = "preset") -> Preset:
    """The preset that a JSON document spells. Raises PresetError naming `where`, the field and the fix."""
    try:
        preset = msgspec.convert(unpaired(msgspec.json.decode(raw), "name", "label"), Preset)
    except msgspec.MsgspecError as error:
        raise PresetError(f"{where}: {error}") from None
    problem = next(iter(_problems(preset)), None)
    if problem:
        raise PresetError(f"{where}: {problem}")
    return preset


def _problems(preset: Preset) -> Iterable[str]:
    if not _CODE.fullmatch(preset.code):
        yield f"`code` is {preset.code!r}: use lower-case letters, digits and hyphens, 64 at most"
    if not preset.source.strip():
        yield "`source` is empty: name the notice that the rules come from"
    for number, stage in enumerate(preset.cancel):
        by_day = stage.days_before is not None and stage.at is not None
        if by_day == (stage.before_start_s is not None) or (stage.days_before is None) != (stage.at is None):
            yield f"`cancel[{number}]`: give `days_before` with `at`, or `before_start_s`, not both"
    if (preset.minors_per_adult or preset.minors_max) and preset.minor_age_max is None:
        yield "`minor_age_max` is missing: `minors_per_adult` and `minors_max` need it"
    if preset.strikes:
        yield from _ladder_problems(preset.strikes)
    yield from _slot_problems(preset)


def _ladder_problems(rules: StrikeRules) -> Iterable[str]:
    steps = [step.strikes for step in rules.ladder]
    if not steps:
        yield "`strikes.ladder` is empty: give at least one step, or leave `strikes` out"
    if steps != sorted(set(steps)):
        yield "`strikes.ladder`: the steps' `strikes` must rise"
    if not rules.kinds:
        yield "`strikes.kinds` is empty: name what counts, or leave `strikes` out"


def _slot_problems(preset: Preset) -> Iterable[str]:
    for number, slot in enumerate(preset.slots):
        if slot.starts >= slot.ends:
            yield f"`slots[{number}]`: `ends` must be later than `starts`"
        previous = preset.slots[number - 1] if number else None
        if previous and slot.starts < previous.starts:
            yield f"`slots[{number}]`: starts before the slot in front of it; put them in time order"
        if previous and slot.starts < previous.ends and not preset.may_overlap:
            yield f"`slots[{number}]` overlaps the slot in front of it: move it, or set `may_overlap`"


@dataclass(frozen=True, slots=True)
class Override:
    """What an operator says a date is, against (or beyond) the published calendar."""

    day_kind: DayKind
    name_zh: str


class HolidayCalendar:
    """What kind of day a date is in China: published holidays and 调休 from the State Council's yearly notice.

    The notices come from `chinesecalendar`; an override wins over it. For a year without a notice (`is_published` is
    false) the statutory days of the law are holidays (`policy.holidays`), weekends are computed, everything else is a
    workday: which days are moved is not known yet, so such a year is provisional and shown as that.
    """

    def __init__(self, overrides: Mapping[date, Override] = MappingProxyType({})) -> None:
        self._overrides = dict(overrides)
        self._remembered: dict[date, tuple[DayKind, tuple[str, ...]]] = {}
        self._periods: dict[date, frozenset[str]] = {}

    def entering(self, day: date, day_kind: DayKind, name_zh: str = "") -> "HolidayCalendar":
        """The calendar as it will be once `day` is entered; this one stays as it is."""
        return HolidayCalendar({**self._overrides, day: Override(day_kind, name_zh)})

    def day_kind(self, day: date) -> DayKind:
        """'workday', 'weekend' or 'holiday'; a working Saturday (调休) is a workday."""
        return self._look_up(day)[0]

    def holiday_name(self, day: date) -> str:
        """The official Chinese name of the holiday that `day` itself is ('国庆节'); '' when it is none.

        Where two fall on one day, the first of the year's order; `holiday_names` knows both.
        """
        names = self._look_up(day)[1]
        return names[0] if names else ""

    def holiday_names(self, day: date) -> frozenset[str]:
        """Every named holiday in whose days off `day` lies; empty when it is a day of none.

        A named holiday is its whole published period: 中秋 2025 falls into 1 to 8 October, which the notice gives as one
        period of both, so each of these days is of 国庆节 and of 中秋节.
        """
        found = self._periods.get(day)
        if found is None:
            if len(self._periods) >= _REMEMBERED_MAX:
                self._periods.clear()
            found = self._periods[day] = self._period_names(day)
        return found

    def is_published(self, year: int) -> bool:
        """The holidays of `year` are known: by the library, or entered by hand (both 春节 and 国庆节 at least)."""
        if _library_says(date(year, 1, 1)) is not None:
            return True
        named = {one.name_zh for day, one in self._overrides.items() if day.year == year}
        return named >= _YEAR_IS_NAMED_BY

    def _period_names(self, day: date) -> frozenset[str]:
        if self.day_kind(day) != "holiday":
            return frozenset()
        names = set(self._look_up(day)[1])
        for step in (timedelta(days=-1), timedelta(days=1)):
            other = day
            for _ in range(_PERIOD_DAYS_MAX):
                other += step
                if self.day_kind(other) != "holiday":
                    break
                names.update(self._look_up(other)[1])
        return frozenset(names)

    def _look_up(self, day: date) -> tuple[DayKind, tuple[str, ...]]:
        found = self._remembered.get(day)
        if found is None:
            if len(self._remembered) >= _REMEMBERED_MAX:
                self._remembered.clear()
            found = self._remembered[day] = self._decide(day)
        return found

    def _decide(self, day: date) -> tuple[DayKind, tuple[str, ...]]:
        override = self._overrides.get(day)
        if override is not None:
            is_named = override.day_kind == "holiday" and override.name_zh
            return override.day_kind, (override.name_zh,) if is_named else ()
        published = _library_says(day)
        if published is not None:
            return published
        statutory = statutory_days(day.year).get(day)
        if statutory is not None:
            return "holiday", statutory
        return ("weekend" if day.weekday() >= _SATURDAY else "workday"), ()


def _library_says(day: date) -> tuple[DayKind, tuple[str, ...]] | None:
    """None for a year that the library does not know."""
    try:
        is_off, name = _holiday_detail(day)
    except NotImplementedError:
        return None
    if is_off and name:
        return "holiday", (_OFFICIAL_NAMES.get(name, name),)
    return ("weekend" if is_off else "workday"), ()
