"""Which venue, and which of its products, a row of a list means: by code, else by a name that only one has."""

from collections.abc import Collection, Iterable, Mapping

from wenyue import catalogue
from wenyue.catalogue import Product, Venue, listing
from wenyue.imports.refusals import Reason, Refusal
from wenyue.locale import Message
from wenyue.platform.database.db import Tx


class ListedVenues:
    """The venues that a list names, and what each of them sells."""

    def __init__(self, venues: Iterable[Venue], products: Iterable[Product]) -> None:
        self._by_code = {one.code: one for one in venues}
        self._by_name: dict[str, list[Venue]] = {}
        for one in self._by_code.values():
            for name in set(one.name.values()) if one.is_active else ():
                self._by_name.setdefault(name, []).append(one)
        self.products: Mapping[int, list[Product]] = {one.id: [] for one in self._by_code.values()}
        for product in products:
            self.products[product.venue_id].append(product)

    def owner(self, product_id: int) -> tuple[Venue, Product]:
        """A product of theirs, with its venue."""
        found = {one.id: one for some in self.products.values() for one in some}[product_id]
        return next(one for one in self._by_code.values() if one.id == found.venue_id), found

    @classmethod
    async def of(cls, tx: Tx, named: Collection[str]) -> "ListedVenues":
        """Read once for the whole list. `named`: codes and names of venues."""
        found = await catalogue.venues_by_code(tx, sorted({code_in(one) for one in named}))
        found |= {one.code: one for one in await listing.venues_by_name(tx, sorted(set(named)))}
        return cls(found.values(), await listing.products_at(tx, [one.id for one in found.values()]))

    def venue(self, text: str) -> Venue | Refusal:
        """The venue of this code or name."""
        if found := self._by_code.get(code_in(text)):
            return found
        named = self._by_name.get(text, [])
        if len(named) == 1:
            return named[0]
        if named:
            codes = ", ".join(one.code for one in named)
            fix = Message("several venues here are called so: say which by its code ({codes})", codes=codes)
            return Refusal(Reason.CONFLICT, "", text, fix)
        fix = Message("no venue here has this code or name: import the venues first, or correct it")
        return Refusal(Reason.UNKNOWN_VENUE, "", text, fix)

    def product(self, venue: Venue, text: str) -> Product | Refusal:
        """The active product of this code or name."""
        offered = [one for one in self.products[venue.id] if one.is_active]
        found = [one for one in offered if one.code == code_in(text)]
        found = found or [one for one in offered if text in one.name.values()]
        if len(found) == 1:
            return found[0]
        if found:
            codes = ", ".join(one.code for one in found)
            fix = Message(
                "several products there are called so: say which by its code ({codes})", codes=codes
            )
            return Refusal(Reason.CONFLICT, "", text, fix)
        fix = Message(
            "{venue} sells nothing of this code or name: import its products first, or correct it",
            venue=venue.code,
        )
        return Refusal(Reason.UNKNOWN_PRODUCT, "", text, fix)


def code_in(text: str) -> str:
    """The code that a text may be."""
    return text.strip().lower()
