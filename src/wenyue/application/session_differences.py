"""How sessions that are there differ from what a row of a list says of them: they stay as they are. Pure."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from wenyue.application.list_outcomes import Difference
from wenyue.booking.slots.importing import ListedSession, SessionThere
from wenyue.catalogue import Product, Venue
from wenyue.core.clock import at_local, zone
from wenyue.imports.products import price_text
from wenyue.imports.sessions import SessionRow

_SHOWN_MAX: Final = 5


def differing(
    row: SessionRow, pairs: Sequence[tuple[ListedSession, SessionThere]], venue: Venue
) -> tuple[Difference, ...]:
    """How sessions that are there differ from the row: they stay as they are. The first of them."""
    found = [each for one, there in pairs for each in _differences(row, one, there, venue)]
    return tuple(found[:_SHOWN_MAX])


def _differences(
    row: SessionRow, one: ListedSession, there: SessionThere, venue: Venue
) -> Iterator[Difference]:
    def differs(field: str, before: str, after: str) -> Difference:
        return Difference(f"{one.on_date} {one.starts:%H:%M} {field}", before, after, is_applied=False)

    next_day = one.on_date + timedelta(days=1)
    ends_at = at_local(next_day if one.ends <= one.starts else one.on_date, one.ends, venue.timezone)
    if there.ends_at != ends_at:
        here = there.ends_at.astimezone(zone(venue.timezone))
        yield differs("ends", f"{here:%H:%M}", f"{one.ends:%H:%M}")
    if there.capacity != one.capacity:
        yield differs("capacity", str(there.capacity), str(one.capacity))
    if row.price_minor is not None and there.price_minor != row.price_minor:
        yield differs("price", price_text(there.price_minor), price_text(row.price_minor))
    for tag, text in row.label.items():
        if there.label.get(tag, "") != text:
            yield differs(f"label {tag}", there.label.get(tag, ""), text)


def price_not_taken(row: SessionRow, product: Product) -> tuple[Difference, ...]:
    """That new sessions of a product that is sold already cost what it costs, not what the row says."""
    if row.price_minor in {None, product.price_minor}:
        return ()
    here, said = price_text(product.price_minor), price_text(row.price_minor)
    return (Difference("price", here, said, is_applied=False),)
