"""What every act of an operator asks first: whether the place is theirs, the dates can be, travellers can be told so."""

from datetime import date
from typing import Final

from wenyue.application.operating import Act
from wenyue.catalogue import Product, Venue, product, venues_by_id
from wenyue.core.documents.text import has_controls
from wenyue.core.duties import Right

DAYS_MAX: Final = 400  # of one act
REASON_LENGTH_MAX: Final = 200
CLOSURES_OF_VENUE_MAX: Final = 200  # that stand and are not over


async def find_venue(act: Act, right: Right, venue_id: int) -> Venue | None:
    """The venue, if they who act may do it there."""
    if not act.operator.may(right, venue_id):
        return None
    return (await venues_by_id(act.tx, [venue_id])).get(venue_id)


async def find_product(act: Act, right: Right, product_id: int) -> Product | None:
    """The product, if they who act may do it at its venue."""
    found = await product(act.tx, product_id)
    return found if found is not None and act.operator.may(right, found.venue_id) else None


def are_dates(first: date, last: date) -> bool:
    """Whether an act may be about these dates, both included."""
    return 0 <= (last - first).days < DAYS_MAX


def is_reason(text: str, *, may_be_empty: bool = False) -> bool:
    """Whether travellers can be told this."""
    return (bool(text.strip()) or may_be_empty) and len(text) <= REASON_LENGTH_MAX and not has_controls(text)


def span_detail(from_day: date, to_day: date, product_id: int | None) -> dict[str, object]:
    """Days of a venue or a product, as the record keeps them."""
    of_product: dict[str, object] = {} if product_id is None else {"product": product_id}
    return {"from": from_day.isoformat(), "to": to_day.isoformat()} | of_product
