"""By what a row of a list is known to be a product that is here, and what it makes of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import cast

from wenyue.application.list_outcomes import ListOutcome, ListVerdict, refused
from wenyue.application.listed_venues import ListedVenues
from wenyue.application.product_checks import find_product, made_of, policy_of, refusal_of
from wenyue.application.product_rows import approved, merged_product
from wenyue.booking import importing
from wenyue.catalogue import Product, Venue
from wenyue.catalogue.listing import PRODUCTS_OF_VENUE_MAX
from wenyue.imports.products import ProductRow, new_product_code
from wenyue.imports.refusals import Reason, Refusal
from wenyue.locale import Message
from wenyue.platform.database.db import Tx
from wenyue.policy import read_presets


class KnownProducts:
    """The products of the venues that a list names, and which of them its rows have named so far."""

    def __init__(
        self,
        venues: ListedVenues,
        rows: Sequence[ProductRow],
        sold: Collection[int],
        presets: Mapping[str, Mapping[str, str]],
    ) -> None:
        """`sold`: products that have sessions, or a calendar of them. `presets`: names by code."""
        self._venues, self._sold, self._presets = venues, sold, presets
        self._codes = {row.code for row in rows if row.code}
        self._lines: dict[tuple[int, str], int] = {}
        self.seen: set[tuple[str, str]] = set()
        self._counts = {venue: sum(one.is_active for one in some) for venue, some in venues.products.items()}

    @classmethod
    async def of(cls, tx: Tx, rows: Sequence[ProductRow]) -> "KnownProducts":
        """Read once for the whole list."""
        venues = await ListedVenues.of(tx, {row.venue for row in rows})
        ids = [one.id for some in venues.products.values() for one in some]
        presets, _ = await read_presets(tx, {})
        return cls(
            venues,
            rows,
            await importing.sold_products(tx, ids),
            {code: one.name for code, one in presets.items()},
        )

    def take(self, line: int, row: ProductRow, source: str) -> tuple[ListOutcome, Product | None]:
        """What becomes of a row, and the product as it is to be, where it changes."""
        venue = self._venues.venue(row.venue)
        if isinstance(venue, Refusal):
            return refused(venue), None
        before, known_by, refusal = find_product(self._venues.products[venue.id], row, self._codes)
        code = before.code if before is not None else new_product_code(row)
        what, policy = f"{venue.code}/{code}", policy_of(row, self._presets)
        self.seen.add((venue.code, code))
        if refusal is None and (first := self._lines.setdefault((venue.id, code), line)) != line:
            fix = Message("line {line} is the same product: leave one of them out", line=first)
            refusal = refusal_of(Reason.KEY_TWICE, row, fix)
        if refusal is not None or isinstance(policy, Refusal):
            return refused(refusal or cast(Refusal, policy), what), None
        if before is None:
            made = made_of(
                self._venues.products[venue.id], venue, replace(row, code=code, policy=policy), source
            )
            return self._new(venue, row, what, made)
        after, changes = approved(
            before, merged_product(before, row, policy), is_sold=before.id in self._sold
        )
        is_changed = any(one.is_applied for one in changes)
        verdict = ListVerdict.CHANGED if is_changed else ListVerdict.KEPT if changes else ListVerdict.SAME
        return ListOutcome(verdict, what, changes, known_by=known_by), after if is_changed else None

    def _new(
        self, venue: Venue, row: ProductRow, what: str, made: Product | Refusal
    ) -> tuple[ListOutcome, Product | None]:
        if isinstance(made, Refusal):
            return refused(made, what), None
        self._counts[venue.id] += 1
        if self._counts[venue.id] > PRODUCTS_OF_VENUE_MAX:
            fix = Message("a venue sells at most {most} products", most=PRODUCTS_OF_VENUE_MAX)
            return refused(refusal_of(Reason.TOO_LARGE, row, fix), what), None
        return ListOutcome(ListVerdict.NEW, what), made
