"""What a row of a list changes of a venue and of its opening hours. Pure."""

from collections.abc import Sequence
from typing import Final

from msgspec import structs

from wenyue.application.list_outcomes import Difference, differences
from wenyue.catalogue import OpeningHours, Venue
from wenyue.imports.venues import FACTS, VenueRow

_FIELDS: Final = (
    "name", "kind", "province", "city", "latitude", "longitude", "level", "timezone", "tags", "aliases", "summary",
)  # fmt: skip
_EVERY_DAY: Final = range(7)


def changes_of(
    before: Venue, after: Venue, week: Sequence[OpeningHours], row: VenueRow
) -> tuple[Difference, ...]:
    """What the row changes of a venue and of its `week`."""
    changes = (
        *differences(before, after, _FIELDS),
        *differences(before.facts, after.facts, (*FACTS, "phone")),
    )
    if not row.says_hours:
        return changes
    was, now = list(week), week_of(before.id, row, week)
    return changes if was == now else (*changes, Difference("opening hours", say_hours(was), say_hours(now)))


def say_hours(week: Sequence[OpeningHours]) -> str:
    """A week in figures: `1: 08:30-17:00 (16:00)`."""
    return "; ".join(
        f"{one.weekday + 1}: {one.opens:%H:%M}-{one.closes:%H:%M} ({one.last_entry:%H:%M})" for one in week
    )


def week_of(venue_id: int, row: VenueRow, before: Sequence[OpeningHours]) -> list[OpeningHours]:
    """The venue's week by the row; what the row does not say is as it was."""
    if row.days:
        return [OpeningHours(venue_id, day, own.opens, own.closes, own.last_entry) for day, own in row.days]
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
