"""How each kind of venue sells: the products and sessions that an import of its bookings opens. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, Literal

from wenyue import catalogue
from wenyue.booking import importing
from wenyue.core.clock import at_local
from wenyue.imports.bookings import MappedProduct, MappedVenue, Used
from wenyue.locale import Message, Texts, in_every_language

_DAY_USE_ENDS: Final = time(20)
_RELEASED_BEFORE: Final = timedelta(days=366)
_DAY_USE: Final = Message("{name} (day use)")


@dataclass(frozen=True, slots=True)
class Trade:
    """The kind of a venue's products, and the rules that they follow where the map names none."""

    product_kind: Literal["session", "night", "table", "seat"]
    policy_code: str
    needs_visitors: bool = False
    is_first_gate: bool = False


_TRADES: Final[dict[str, Trade]] = {
    "hotel": Trade("night", "hotel"),
    "attraction": Trade("session", "default", needs_visitors=True, is_first_gate=True),
    "restaurant": Trade("table", "table"),
    "transport": Trade("seat", "shuttle"),
}


def trade_of(venue_kind: str) -> Trade:
    """How venues of this kind sell."""
    return _TRADES[venue_kind]


def product_of(
    venue: MappedVenue, mapped: MappedProduct, price_minor: int, *, is_day_use: bool
) -> catalogue.Product:
    """The product, of a venue whose id is not known yet. A day use is one of its own."""
    trade = _TRADES[venue.kind]
    return catalogue.Product(
        venue_id=0,
        code=f"{mapped.code}-day" if is_day_use else mapped.code,
        kind="session" if is_day_use else mapped.kind or trade.product_kind,
        name=_day_use(mapped.name) if is_day_use else mapped.name,
        price_minor=price_minor,
        currency=venue.currency,
        policy_code=mapped.policy_code or trade.policy_code,
        needs_visitors=trade.needs_visitors,
        person_rule="venue_day" if trade.needs_visitors else "none",
        is_first_gate=trade.is_first_gate,
    )


def _day_use(name: Texts) -> Texts:
    return {tag: in_every_language(_DAY_USE.filled(name=text))[tag] for tag, text in name.items()}


def slot_of(
    venue: MappedVenue, used: Used, capacity: int, price_minor: int, fitted_by: str | None
) -> importing.NewSlot:
    """The night, the day or the session as a slot that can be sold until it begins."""
    starts_at, ends_at = _span(venue, used)
    return importing.NewSlot(
        venue_id=0,
        product_id=0,
        on_date=used.on_date,
        starts_at=starts_at,
        ends_at=ends_at,
        release_at=starts_at - _RELEASED_BEFORE,
        closes_at=starts_at,
        capacity=capacity,
        price_minor=price_minor,
        currency=venue.currency,
        is_only=used.session is None,
        fitted_by=fitted_by,
    )


def _span(venue: MappedVenue, used: Used) -> tuple[datetime, datetime]:
    day, next_day, zone = used.on_date, used.on_date + timedelta(days=1), venue.timezone
    if used.session is not None:
        is_overnight = used.session.ends <= used.session.starts
        ends_at = at_local(next_day if is_overnight else day, used.session.ends, zone)
        return at_local(day, used.session.starts, zone), ends_at
    starts_at = at_local(day, venue.check_in, zone)
    if used.sold.is_day_use:
        return starts_at, max(at_local(day, _DAY_USE_ENDS, zone), starts_at + timedelta(hours=1))
    return starts_at, at_local(next_day, venue.check_out, zone)
