"""The visits of a booking: what a traveller calls one thing. Nights of one stay are one visit, however many lines. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from wenyue.booking import LineView
from wenyue.core.clock import local_date

_NIGHT = "night"


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit: a session, a table, a seat, or a stay of one or more nights. `lines`: never empty, in time order."""

    lines: tuple[LineView, ...]

    @property
    def first(self) -> LineView:
        """The line with which it begins; the visit goes by its number."""
        return self.lines[0]

    @property
    def number(self) -> int:
        """The visit's number within its booking."""
        return self.first.line_no

    @property
    def line_numbers(self) -> tuple[int, ...]:
        """The lines that it is made of."""
        return tuple(line.line_no for line in self.lines)

    @property
    def is_stay(self) -> bool:
        """A stay has a check-in and a check-out instead of a span of hours."""
        return self.first.product_kind == _NIGHT

    @property
    def starts_at(self) -> datetime:
        """When it begins."""
        return self.first.starts_at

    @property
    def ends_at(self) -> datetime:
        """When it ends: of a stay, the check-out after the last night."""
        return self.lines[-1].ends_at

    @property
    def last_day(self) -> date:
        """The day on which it ends, on the venue's calendar."""
        return max(local_date(self.ends_at, self.first.timezone), self.first.on_date)

    @property
    def is_used(self) -> bool:
        """Somebody was admitted."""
        return any(line.redeemed for line in self.lines)

    @property
    def price_minor(self) -> int:
        """What is paid on site for it, in minor units: lines that the card pays cost nothing."""
        return sum(line.price_minor * line.quantity for line in self.lines if line.card_id is None)


def visits_of(lines: Sequence[LineView]) -> list[Visit]:
    """The visits that these lines make, in time order.

    Nights follow each other into one stay when product, quantity and people are the same and no night lies between.
    """
    chains: list[list[LineView]] = []
    for line in sorted(lines, key=lambda one: (one.starts_at, one.line_no)):
        chain = next((one for one in chains if _goes_on(one[-1], line)), None)
        if chain is None:
            chains.append([line])
        else:
            chain.append(line)
    return [Visit(tuple(chain)) for chain in chains]


def visit_with(visits: Sequence[Visit], line_no: int | None) -> Visit | None:
    """The visit that this line belongs to."""
    return next((one for one in visits if line_no in one.line_numbers), None)


def next_visit(visits: Sequence[Visit], now: datetime) -> Visit | None:
    """The one under way or coming first: not over, and not used yet if there is such a one."""
    coming = [one for one in visits if one.ends_at > now]
    return next((one for one in coming if not one.is_used), coming[0] if coming else None)


def _goes_on(last: LineView, line: LineView) -> bool:
    return (
        line.product_kind == last.product_kind == _NIGHT
        and line.product_id == last.product_id
        and line.on_date - last.on_date == timedelta(days=1)
        and (line.quantity, line.visitors, line.is_live) == (last.quantity, last.visitors, last.is_live)
        and line.is_missed == last.is_missed
    )
