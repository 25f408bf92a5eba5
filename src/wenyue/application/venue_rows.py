"""What a row of a list makes of a venue, new or here already. Pure."""

from collections.abc import Sequence
from typing import Final, cast

from msgspec import structs

from wenyue import catalogue
from wenyue.application.list_outcomes import Difference, differences
from wenyue.catalogue import OpeningHours, Venue, VenueKind
from wenyue.imports.refusals import Reason, Refusal
from wenyue.imports.venues import ATTRACTION, VenueRow
from wenyue.locale import DEFAULT, Message

_FIELDS: Final = (
    "name", "kind", "province", "city", "latitude", "longitude", "level", "timezone", "tags", "summary",
)  # fmt: skip
_EVERY_DAY: Final = range(7)


def made(row: VenueRow, code: str, source: str) -> Venue:
    """The venue that a row makes."""
    return Venue(
        code=code,
        kind=cast(VenueKind, row.kind or ATTRACTION),
        name=row.name,
        province=row.province,
        city=row.city,
        latitude=row.latitude,
        longitude=row.longitude,
        level=row.level,
        timezone=row.timezone or "Asia/Shanghai",
        tags=row.tags,
        summary=row.summary,
        source=source,
    )


def merged(before: Venue, row: VenueRow) -> Venue:
    """The facts of the row over what is there. A name that a list gives is the operator's: no longer made from the Chinese."""
    name, tags = {**before.name, **row.name}, row.tags or before.tags
    if name != before.name:
        tags = tuple(tag for tag in tags if tag != catalogue.ROMANISED_NAME)
    return structs.replace(
        before,
        name=name,
        province=row.province or before.province,
        city=row.city or before.city,
        latitude=before.latitude if row.latitude is None else row.latitude,
        longitude=before.longitude if row.longitude is None else row.longitude,
        level=row.level or before.level,
        tags=tags,
        summary={**before.summary, **row.summary},
    )


def changes_of(
    before: Venue, after: Venue, week: Sequence[OpeningHours], row: VenueRow
) -> tuple[Difference, ...]:
    """What the row changes of a venue and of its `week`."""
    changes = differences(before, after, _FIELDS)
    if row.week is None and row.closed_weekdays is None:
        return changes
    was, now = list(week), week_of(before.id, row, week)
    return changes if was == now else (*changes, Difference("opening hours", say_hours(was), say_hours(now)))


def here(found: Venue, currencies: Sequence[str]) -> Message:
    """That the venue is here already, and what a list could not change of it."""
    return Message(
        "here already: {code}, {timezone}, {currency}",
        code=found.code,
        timezone=found.timezone,
        currency="/".join(currencies) or "–",
    )


def conflict(found: Venue, row: VenueRow) -> Refusal | None:
    """Of a venue that is here a list changes neither the kind nor the time zone."""
    if row.kind not in {"", found.kind}:
        return refusal_of(
            Reason.CONFLICT, row, Message("it is here as another kind: {kind}", kind=found.kind), row.kind
        )
    if row.timezone not in {"", found.timezone}:
        fix = Message("it is here with another time zone: {timezone}", timezone=found.timezone)
        return refusal_of(Reason.CONFLICT, row, fix, row.timezone)
    return None


def refusal_of(reason: Reason, row: VenueRow, fix: Message, value: str = "") -> Refusal:
    """The refusal of a row; `value`: what stands in the way, else its name."""
    return Refusal(reason, "", value or row.name[DEFAULT], fix)


def say_hours(week: Sequence[OpeningHours]) -> str:
    """A week in figures: `1: 08:30-17:00 (16:00)`."""
    return "; ".join(
        f"{one.weekday + 1}: {one.opens:%H:%M}-{one.closes:%H:%M} ({one.last_entry:%H:%M})" for one in week
    )


def week_of(venue_id: int, row: VenueRow, before: Sequence[OpeningHours]) -> list[OpeningHours]:
    """The venue's week by the row; what the row does not say is as it was."""
    was = {one.weekday: one for one in before}
    open_days = set(was or _EVERY_DAY)
    if row.closed_weekdays is not None:
        open_days = {day for day in _EVERY_DAY if not row.closed_weekdays & 1 << day}
    like = next(iter(was.values()), None)
    found: list[OpeningHours] = []
    for day in sorted(open_days):
        if row.week is not None:
            found.append(OpeningHours(venue_id, day, row.week.opens, row.week.closes, row.week.last_entry))
        elif hours := was.get(day, like):
            found.append(structs.replace(hours, weekday=day))
    return found
