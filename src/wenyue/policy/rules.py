"""The policy slice's rules: pure functions of a preset, facts and `now`. Cheap enough to run for every booking."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import Final, Literal

from wenyue.core.clock import at_local, local_date
from wenyue.policy.model import CancelLimits, CancelStage, Preset, StrikeKind, StrikeRules

_MIDNIGHT: Final = time(0)


class PartyProblem(IntEnum):
    """Why a party may not book together."""

    TOO_MANY = 1
    MINOR_ALONE = 2  # more minors than the adults of the party may accompany
    TOO_MANY_MINORS = 3


@dataclass(frozen=True, slots=True)
class CancelTerms:
    """What cancelling now means. `until`: when these terms end, or, when refused, ended."""

    is_allowed: bool
    strike: StrikeKind | None  # what it costs; when refused, what not coming will cost
    until: datetime


def release_at(preset: Preset, on_date: date, timezone: str) -> datetime:
    """When places of a visit on `on_date` go on sale (aware UTC)."""
    return at_local(on_date - timedelta(days=preset.release_days), preset.release_time, timezone)


def sales_end_at(preset: Preset, starts_at: datetime, ends_at: datetime, timezone: str) -> datetime:
    """When places of a session stop being sold (aware UTC); without same-day booking, midnight before the visit."""
    edge = starts_at if preset.sales_end_from == "start" else ends_at
    end = edge - timedelta(seconds=preset.sales_end_before_s)
    if preset.same_day_booking:
        return end
    midnight = at_local(local_date(starts_at, timezone), _MIDNIGHT, timezone)
    return min(end, midnight)


def cancel_terms(
    preset: Preset, on_date: date, starts_at: datetime, timezone: str, now: datetime
) -> CancelTerms:
    """The first stage of the preset that has not passed; refused when all have (or there is none)."""
    until = starts_at
    for stage in preset.cancel:
        until = _stage_end(stage, on_date, starts_at, timezone)
        if now < until:
            return CancelTerms(is_allowed=True, strike=stage.strike, until=until)
    return CancelTerms(is_allowed=False, strike=preset.missed_strike, until=until)


def check_party(preset: Preset, births: Sequence[date | None], on_date: date) -> PartyProblem | None:
    """Whether these people may visit together on `on_date`; ages are those of that day.

    An unknown birth (None) counts as an adult: documents without a birth date are checked at the gate. People exempt
    by age do not count towards the party's size, and may accompany minors.
    """
    minor_after = None if preset.minor_age_max is None else _birthday_limit(on_date, preset.minor_age_max + 1)
    minors = 0
    if len(births) - exempt_of(preset, births, on_date) > preset.party_max:
        return PartyProblem.TOO_MANY
    if minor_after is None:
        return None
    for birth in births:
        if birth is not None and birth > minor_after:
            minors += 1
    if not minors:
        return None
    if preset.minors_per_adult is not None and minors > preset.minors_per_adult * (len(births) - minors):
        return PartyProblem.MINOR_ALONE
    if preset.minors_max is not None and minors > preset.minors_max:
        return PartyProblem.TOO_MANY_MINORS
    return None


def exempt_of(preset: Preset, births: Sequence[date | None], on_date: date) -> int:
    """How many of these people the preset does not count, by their age on `on_date`."""
    if preset.exempt_from_age is None:
        return 0
    exempt_from = _birthday_limit(on_date, preset.exempt_from_age)
    return sum(1 for birth in births if birth is not None and birth <= exempt_from)


def ban_after(preset: Preset, strikes: Sequence[tuple[str, date]], today: date) -> timedelta | None:
    """The ban that the strikes so far (the one just added included) earn; None for none."""
    rules = preset.strikes
    if rules is None:
        return None
    count = _counted(rules, strikes, today)
    last = rules.ladder[-1].strikes
    if rules.repeat == "cycle" and count > last:
        count = (count - 1) % last + 1
    reached = [step for step in rules.ladder if step.strikes <= count]
    return timedelta(days=reached[-1].ban_days) if reached else None


@dataclass(frozen=True, slots=True)
class CancelLimitReached:
    """So many cancellations of the period were made as it allows; the next is possible on `until`."""

    period: Literal["day", "week", "month", "year"]
    most: int
    used: int
    until: date


def cancel_limit(
    limits: CancelLimits | None, cancels: Sequence[date], today: date
) -> CancelLimitReached | None:
    """Why no further cancellation is allowed today: of the limits that are reached, the one that lasts longest.

    Periods are the calendar's (natural day, ISO week, month, year).
    """
    if limits is None or not cancels:
        return None
    same_day = sum(1 for day in cancels if day == today)
    week = today.isocalendar()[:2]
    same_week = sum(1 for day in cancels if day.isocalendar()[:2] == week)
    same_month = sum(1 for day in cancels if (day.year, day.month) == (today.year, today.month))
    same_year = sum(1 for day in cancels if day.year == today.year)
    month = (today.replace(day=1) + timedelta(days=31)).replace(day=1)
    counted: tuple[tuple[Literal["day", "week", "month", "year"], int | None, int, date], ...] = (
        ("day", limits.day, same_day, today + timedelta(days=1)),
        ("week", limits.week, same_week, today + timedelta(days=7 - today.weekday())),
        ("month", limits.month, same_month, month),
        ("year", limits.year, same_year, date(today.year + 1, 1, 1)),
    )
    reached = [
        CancelLimitReached(period, most, used, until)
        for period, most, used, until in counted
        if most is not None and used >= most
    ]
    return max(reached, key=lambda one: one.until, default=None)


def _counted(rules: StrikeRules, strikes: Sequence[tuple[str, date]], today: date) -> int:
    oldest = date.min if rules.window_days is None else today - timedelta(days=rules.window_days - 1)
    per_day = Counter(day for kind, day in strikes if kind in rules.kinds and day >= oldest)
    if rules.per_day_max is None:
        return per_day.total()
    return sum(min(count, rules.per_day_max) for count in per_day.values())


def _stage_end(stage: CancelStage, on_date: date, starts_at: datetime, timezone: str) -> datetime:
    if stage.days_before is None or stage.at is None:
        return starts_at - timedelta(seconds=stage.before_start_s or 0)
    return at_local(on_date - timedelta(days=stage.days_before), stage.at, timezone)


@lru_cache(maxsize=1024)
def _birthday_limit(on_date: date, age: int) -> date:
    """The latest birth date of a person who has reached `age` on `on_date`; agrees with kernel.documents.age_on."""
    year = on_date.year - age
    if (on_date.month, on_date.day) == (2, 29) and not _is_leap(year):
        return date(year, 2, 28)
    if (on_date.month, on_date.day) == (2, 28) and _is_leap(year) and not _is_leap(on_date.year):
        return date(year, 2, 29)
    return date(year, on_date.month, on_date.day)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
