"""A stored booking in the clear, with what its venues and products are called, for a list that leaves the house."""

import re
from dataclasses import dataclass, field
from typing import Final

from wenyue import catalogue
from wenyue.application.written_visitors import written_visitor
from wenyue.booking import BookingState, PartyVisitor, open_party
from wenyue.booking.slots.importing import ExportedBooking, ExportedLine
from wenyue.catalogue import Product, Venue
from wenyue.core.clock import zone
from wenyue.core.personal import Vault
from wenyue.imports.booking_lists import WrittenBooking, WrittenLine, WrittenRow
from wenyue.imports.bookings import ImportedStatus
from wenyue.imports.export_maps import ListedProduct, ListedVenue
from wenyue.platform.database.db import Tx

_STATES: Final = {
    BookingState.CONFIRMED: ImportedStatus.CONFIRMED,
    BookingState.CANCELLED: ImportedStatus.CANCELLED,
    BookingState.NO_SHOW: ImportedStatus.NO_SHOW,
}
_NOTE: Final = re.compile(r"adults (\d+), children (\d+), babies (\d+)(?:, country ([A-Z]+))?")


@dataclass(slots=True)
class Sold:
    """The venues and products that the list has so far; each is read once."""

    venues: dict[int, Venue] = field(default_factory=dict[int, Venue])
    products: dict[int, Product] = field(default_factory=dict[int, Product])
    listed_venues: dict[str, ListedVenue] = field(default_factory=dict[str, ListedVenue])
    listed: dict[tuple[str, str], ListedProduct] = field(default_factory=dict[tuple[str, str], ListedProduct])

    async def read(self, tx: Tx, page: list[ExportedBooking]) -> None:
        """What the page sells, as far as it is not known."""
        lines = [line for one in page for line in one.lines]
        if new := {line.venue_id for line in lines} - self.venues.keys():
            self.venues |= await catalogue.venues_by_id(tx, sorted(new))
        for product_id in sorted({line.product_id for line in lines} - self.products.keys()):
            if found := await catalogue.product(tx, product_id):
                self.products[product_id] = found

    async def note(self, tx: Tx, row: WrittenRow) -> bool:
        """The map names what the row is of; whether the row is in another currency than the map says of its venue."""
        line = row.line
        if (line.venue, line.product) not in self.listed:
            await self._list(tx, line)
        return self.listed_venues[line.venue].currency != row.booking.currency

    async def _list(self, tx: Tx, line: WrittenLine) -> None:
        venue = next(one for one in self.venues.values() if one.code == line.venue)
        of_venue = (one for one in self.products.values() if one.venue_id == venue.id)
        product = next(one for one in of_venue if one.code == line.product)
        sells = (await catalogue.currencies(tx, [venue.id])).get(venue.id, ["CNY"])
        known = self.listed_venues.get(venue.code)
        check_in, check_out = (known.check_in, known.check_out) if known else (None, None)
        if line.is_night and check_in is None:
            check_in, check_out = line.starts, line.ends
        self.listed_venues[venue.code] = ListedVenue(
            venue.code, venue.kind, venue.name, venue.timezone, "CNY" if "CNY" in sells else sells[0], check_in, check_out
        )  # fmt: skip
        self.listed[venue.code, product.code] = ListedProduct(
            venue.code, product.code, product.kind, product.name, product.price_minor, product.policy_code
        )

    def written(self, vault: Vault, one: ExportedBooking) -> WrittenBooking:
        """The booking in the clear. Raises SealBroken."""
        party = open_party(vault, one.party)
        said = _NOTE.fullmatch(party.note)
        adults, children, babies, country = said.groups() if said else ("", "", "", None)
        is_known = {adults, children, babies} != {"0"}
        return WrittenBooking(
            one.number,
            _STATES[one.state],
            one.created_at,
            one.changed_at,
            one.total_minor,
            one.currency,
            tuple(self._line(vault, line, party.visitors) for line in one.lines),
            (adults, children, babies) if is_known else ("", "", ""),
            country or "",
            party.contact_name,
            party.contact_phone,
        )

    def _line(self, vault: Vault, line: ExportedLine, visitors: tuple[PartyVisitor, ...]) -> WrittenLine:
        venue, product = self.venues[line.venue_id], self.products[line.product_id]
        local = zone(venue.timezone)
        who = [(no, key, visitors[no]) for no, key in line.places if no < len(visitors)]
        return WrittenLine(
            venue.code, venue.name, product.code, product.name, venue.timezone, product.kind == "night", line.on_date,
            line.starts_at.astimezone(local).time(), line.ends_at.astimezone(local).time(), line.quantity,
            line.price_minor, tuple(written_visitor(vault, no, key, one) for no, key, one in who), line.came, line.is_missed,
        )  # fmt: skip
