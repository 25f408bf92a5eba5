"""The map beside a list of bookings that was written here: with it the list is read as it stands. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Final

from wenyue.imports.booking_lists import STATUS_WORDS, column, word_of
from wenyue.imports.map_parts import quoted
from wenyue.locale import DEFAULT, SOURCE, Locale, Message, Texts, text_in

EXPORT_SOURCE: Final = "wenyue"
_SAME: Final = (
    "adults", "children", "babies", "country", "venue", "starts", "ends", "name", "document_type", "document_country",
    "document", "phone", "currency", "quantity", "product", "status",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListedVenue:
    """A venue of a list. `check_in`, `check_out`: of its nights, where it has any."""

    code: str
    kind: str
    name: Texts
    timezone: str
    currency: str
    check_in: time | None = None
    check_out: time | None = None


@dataclass(frozen=True, slots=True)
class ListedProduct:
    """A product of a list. `price_minor`: what a place costs from now on."""

    venue: str
    code: str
    kind: str
    name: Texts
    price_minor: int
    policy: str


def booking_map(
    venues: Mapping[str, ListedVenue], products: Mapping[tuple[str, str], ListedProduct], locale: Locale
) -> str:
    """The map of a list in this language. Venues by code, products by venue and code."""
    return "\n".join(_lines(venues, products, locale)) + "\n"


def _lines(
    venues: Mapping[str, ListedVenue], products: Mapping[tuple[str, str], ListedProduct], locale: Locale
) -> Iterator[str]:
    said = Message(
        "Read with this, the list comes in as it stands. Bring venues, products and sessions in first: what is missing is "
        "made with as many places as the list needs."
    )
    yield f"# {said.say(locale)}"
    yield f"source = {quoted(EXPORT_SOURCE)}"
    yield from ("", "[key]", f"columns = [{quoted(column('booking_no', locale))}]", 'rows = "several"')
    yield from ("", "[columns]")
    for name, field in (("arrival", "date"), ("nights", "departure"), ("status_date",) * 2, ("booked",) * 2):
        yield f'{name} = {{ column = {quoted(column(field, locale))}, formats = ["%Y-%m-%d"] }}'
    yield f'price = {{ column = {quoted(column("total", locale))}, per = "stay" }}'
    yield from (f"{name} = {quoted(column(name, locale))}" for name in _SAME)
    yield from (
        "",
        "[rules]",
        'no_guests = "import"',
        'no_adults = "import"',
        'no_country = "import"',
        "",
        "[status]",
    )
    yield from (f"{quoted(word_of(status, locale))} = {quoted(status.value)}" for status in STATUS_WORDS)
    for code, venue in sorted(venues.items()):
        yield from ("", f"[venues.{quoted(code)}]", f"code = {quoted(code)}", f"kind = {quoted(venue.kind)}")
        yield from _names(venue.name, code)
        yield f"timezone = {quoted(venue.timezone)}"
        yield f"currency = {quoted(venue.currency)}"
        if venue.check_in is not None and venue.check_out is not None:
            yield f'check_in = "{venue.check_in:%H:%M}"'
            yield f'check_out = "{venue.check_out:%H:%M}"'
    for (venue_code, code), product in sorted(products.items()):
        yield from ("", f"[products.{quoted(f'{venue_code}/{code}')}]", f"venue = {quoted(venue_code)}")
        yield from (f"code = {quoted(code)}", f"kind = {quoted(product.kind)}", *_names(product.name, code))
        yield f"price = {product.price_minor // 100}.{product.price_minor % 100:02}"
        yield f"policy = {quoted(product.policy)}"


def _names(names: Texts, code: str) -> Iterator[str]:
    yield f"name_zh = {quoted(text_in(names, DEFAULT) or code)}"
    if english := names.get(SOURCE):
        yield f"name_en = {quoted(english)}"
