"""What is known of the venues that a map names, before anything is imported: whether they are there, their clock and money."""

from collections.abc import Sequence

from msgspec import Struct

from wenyue import catalogue
from wenyue.application.operating import Works
from wenyue.catalogue import Venue
from wenyue.imports.reading import InputError
from wenyue.locale import Message, Texts
from wenyue.platform.database.db import Tx


class VenueFacts(Struct, frozen=True):
    """A venue of a map. `id` None: it is not there yet. `currencies`: of its products."""

    code: str
    id: int | None
    name: Texts
    timezone: str
    currencies: tuple[str, ...]


async def venue_facts(tx: Tx, venues: Sequence[tuple[Venue, str]]) -> list[VenueFacts]:
    """Of each venue with its currency as a map names it: what is there; else what would be."""
    found: list[VenueFacts] = []
    for wanted, currency in venues:
        here = await catalogue.venue(tx, wanted.code)
        sold = await catalogue.products(tx, here.id) if here else []
        one = here or wanted
        currencies = tuple(sorted({product.currency for product in sold})) or (currency,)
        found.append(VenueFacts(one.code, here.id if here else None, one.name, one.timezone, currencies))
    return found


async def venues_of_map(works: Works, venues: Sequence[tuple[Venue, str]]) -> list[VenueFacts]:
    """The same in a transaction of its own. Raises InputError when one is there with another clock or money."""
    async with works.db.connection() as tx:
        return await refuse_other_clock(tx, venues)


async def refuse_other_clock(tx: Tx, venues: Sequence[tuple[Venue, str]]) -> list[VenueFacts]:
    """The same. Raises InputError when a venue is there with another time zone or currency than the map says."""
    found = await venue_facts(tx, venues)
    for (wanted, currency), facts in zip(venues, found, strict=True):
        if facts.timezone != wanted.timezone or currency not in facts.currencies:
            raise InputError(
                Message(
                    "the venue {code} is there with the time zone {timezone} and the currency {currency}, the map says "
                    "{mapped_timezone} and {mapped_currency}: correct the map, or give the venue another code",
                    code=facts.code,
                    timezone=facts.timezone,
                    currency=", ".join(facts.currencies),
                    mapped_timezone=wanted.timezone,
                    mapped_currency=currency,
                )
            )
    return found
