"""The sessions of a list beside those that are here: what becomes of each row, and which are to be opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from wenyue import catalogue
from wenyue.application.list_outcomes import ListOutcome, ListVerdict, refused
from wenyue.application.listed_venues import ListedVenues
from wenyue.application.session_checks import Key, why_not_listed
from wenyue.application.session_differences import differing, price_not_taken
from wenyue.application.session_rows import moment, sessions_of
from wenyue.booking import importing
from wenyue.booking.slots.importing import ListedSession, SessionThere
from wenyue.catalogue import OpeningHours, Product, Venue
from wenyue.core.clock import local_date, zone
from wenyue.imports.refusals import Refusal
from wenyue.imports.sessions import SessionRow
from wenyue.platform.database.db import Tx


@dataclass(slots=True)
class KnownSessions:
    """What a list names. `opening`: by venue, what it opens; `seen`: every session that it has."""

    venues: ListedVenues
    weeks: Mapping[int, Sequence[OpeningHours]]
    sold: set[int]
    now: datetime
    there: dict[Key, SessionThere] = field(default_factory=dict[Key, SessionThere])
    opening: dict[int, list[ListedSession]] = field(default_factory=dict[int, list[ListedSession]])
    seen: dict[Key, int] = field(default_factory=dict[Key, int])

    @classmethod
    async def of(cls, tx: Tx, rows: Sequence[SessionRow], now: datetime) -> "KnownSessions":
        """Read once for the whole list."""
        venues = await ListedVenues.of(tx, {row.venue for row in rows})
        weeks = await catalogue.weeks(tx, list(venues.products))
        known = cls(venues, weeks, set(), now)
        meant = {pair[1].id for row in rows if not isinstance(pair := known.find(row), Refusal)}
        if meant:
            known.sold = await importing.sold_products(tx, sorted(meant))
            days = min(row.first for row in rows), max(row.until for row in rows)
            for one in await importing.sessions_there(tx, sorted(known.sold), *days):
                known.there[one.product_id, one.on_date, one.starts_at] = one
        return known

    def find(self, row: SessionRow) -> tuple[Venue, Product] | Refusal:
        """What the row names."""
        venue = self.venues.venue(row.venue)
        if isinstance(venue, Refusal):
            return venue
        product = self.venues.product(venue, row.product)
        return product if isinstance(product, Refusal) else (venue, product)

    def take(self, line: int, row: SessionRow) -> ListOutcome:
        """What becomes of a row; what it opens is noted."""
        found = self.find(row)
        if isinstance(found, Refusal):
            return refused(found)
        venue, product = found
        what, is_sold = f"{venue.code}/{product.code}", product.id in self.sold
        sessions = sessions_of(row, product, self.weeks.get(venue.id, ()), has_own_price=is_sold)
        if isinstance(sessions, Refusal):
            return refused(sessions, what)
        named = {(product.id, one.on_date, moment(one, venue)): one for one in sessions}
        today = local_date(self.now, venue.timezone)
        new = [one for key, one in named.items() if key not in self.there and one.on_date >= today]
        pairs = [(one, self.there[key]) for key, one in named.items() if key in self.there]
        if (refusal := why_not_listed(row, named, self.seen, is_over=not new and not pairs)) is not None:
            return refused(refusal, what)
        self.seen |= dict.fromkeys(named, line)
        self.opening.setdefault(venue.id, []).extend(new)
        changes = differing(row, pairs, venue) + (price_not_taken(row, product) if new and is_sold else ())
        if new:
            verdict = ListVerdict.CHANGED if pairs else ListVerdict.NEW
        else:
            verdict = ListVerdict.KEPT if changes else ListVerdict.SAME
        return ListOutcome(verdict, what, changes)

    def gone(self, source: str) -> list[str]:
        """Sessions to come that an earlier list of the source brought, of products and days of this one, and it has no more."""
        found: list[str] = []
        for key, one in self.there.items():
            if one.source == source and key not in self.seen and one.starts_at >= self.now:
                venue, product = self.venues.owner(one.product_id)
                begins = one.starts_at.astimezone(zone(venue.timezone))
                found.append(f"{venue.code}/{product.code} {begins:%Y-%m-%d %H:%M}")
        return sorted(found)
