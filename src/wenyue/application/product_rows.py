"""What a row of a list makes of a product, new or here already. Pure."""

from typing import Final, Literal, cast

from msgspec import structs

from wenyue.application.booking_trades import trade_of
from wenyue.application.list_outcomes import Difference, differences
from wenyue.catalogue import Product, Venue
from wenyue.imports.products import ProductRow, price_text

ProductKind = Literal["session", "night", "table", "seat"]
PersonRule = Literal["venue_day", "slot", "none"]
_NAMED: Final = ("name",)
# What people who book go by: once a product is sold, a second person has to agree to another one of each.
_GUARDED: Final = ("price_minor", "policy_code", "needs_visitors", "person_rule", "is_first_gate")
_BY_KIND: Final = {"night": "hotel", "table": "restaurant", "seat": "transport", "session": "attraction"}


def made_product(row: ProductRow, venue: Venue, source: str) -> Product:
    """The product that a row makes, whose code, currency and preset are known; as its kind is usually sold where it is silent."""
    kind = row.kind or trade_of(venue.kind).product_kind
    trade = trade_of(_BY_KIND[kind])
    needs_visitors = trade.needs_visitors if row.needs_visitors is None else row.needs_visitors
    return Product(
        venue_id=venue.id,
        code=row.code,
        kind=cast(ProductKind, kind),
        name=row.name,
        price_minor=row.price_minor or 0,
        currency=row.currency,
        policy_code=row.policy or trade.policy_code,
        needs_visitors=needs_visitors,
        person_rule=cast(PersonRule, row.person_rule or ("venue_day" if needs_visitors else "none")),
        is_first_gate=trade.is_first_gate if row.is_first_gate is None else row.is_first_gate,
        source=source,
    )


def merged_product(before: Product, row: ProductRow, policy: str) -> Product:
    """The facts of the row over what is there."""
    return structs.replace(
        before,
        name={**before.name, **row.name},
        price_minor=before.price_minor if row.price_minor is None else row.price_minor,
        policy_code=policy or before.policy_code,
        needs_visitors=before.needs_visitors if row.needs_visitors is None else row.needs_visitors,
        person_rule=cast(PersonRule, row.person_rule or before.person_rule),
        is_first_gate=before.is_first_gate if row.is_first_gate is None else row.is_first_gate,
    )


def approved(before: Product, after: Product, *, is_sold: bool) -> tuple[Product, tuple[Difference, ...]]:
    """The product as a list may leave it, and what differs: of one that is sold only its name changes."""
    free = differences(before, after, (*_NAMED, *(() if is_sold else _GUARDED)))
    left = differences(before, after, _GUARDED) if is_sold else ()
    kept = {name: getattr(before, name) for name in _GUARDED} if is_sold else {}
    shown = [_shown(one) for one in free] + [_shown(structs.replace(one, is_applied=False)) for one in left]
    return structs.replace(after, **kept), tuple(shown)


def _shown(one: Difference) -> Difference:
    """Amounts as people write them."""
    if one.field != "price_minor":
        return one
    return Difference("price", price_text(int(one.before)), price_text(int(one.after)), one.is_applied)
