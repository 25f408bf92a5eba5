"""What has to be there for the bookings of a file: venues, products and sessions, as a map names them. Pure."""

from wenyue import catalogue
from wenyue.application.booking_trades import product_of, slot_of
from wenyue.application.import_request import DrawKey, PrepareImport
from wenyue.core.clock import at_local
from wenyue.imports.bookings import ImportMap, MappedVenue, Sold, Survey, Used


class Plan:
    """Of one map."""

    def __init__(self, chosen: ImportMap) -> None:
        self._map = chosen

    def request(self, survey: Survey) -> PrepareImport:
        """What the file of the survey needs."""
        capacities = survey.capacities(self._map)
        products: dict[str, list[catalogue.Product]] = {}
        for sold in sorted(capacities):
            venue, mapped = self._map.venues[sold.venue], self._map.products[sold.product]
            made = product_of(venue, mapped, self._price(sold, survey), is_day_use=sold.is_day_use)
            products.setdefault(venue.code, []).append(made)
        return PrepareImport(
            self._map.source,
            tuple((self._as_venue(one), one.currency) for one in self._map.venues.values()),
            {code: tuple(some) for code, some in products.items()},
            {
                self.key(used): slot_of(
                    self._map.venues[used.sold.venue],
                    used,
                    capacities[used.sold],
                    self._price(used.sold, survey),
                    self._map.source if self._is_fitted(used.sold) else None,
                )
                for used in survey.used
            },
        )

    def capacities(self, survey: Survey) -> dict[str, int]:
        """Of each product, by code (of several venues: venue/code), the places of a session that is opened."""
        has_several = len(self._map.venues) > 1
        return {
            f"{self._map.venues[sold.venue].code}/{self.code(sold)}"
            if has_several
            else self.code(sold): count
            for sold, count in survey.capacities(self._map).items()
        }

    def key(self, used: Used) -> DrawKey:
        """The session that these places are of."""
        venue, starts_at = self._map.venues[used.sold.venue], None
        if used.session is not None:
            starts_at = at_local(used.on_date, used.session.starts, venue.timezone)
        return DrawKey(venue.code, self.code(used.sold), used.on_date, starts_at)

    def code(self, sold: Sold) -> str:
        """The product's code here."""
        mapped = self._map.products[sold.product]
        return f"{mapped.code}-day" if sold.is_day_use else mapped.code

    def _as_venue(self, one: MappedVenue) -> catalogue.Venue:
        return catalogue.Venue(
            code=one.code,
            kind=one.kind,
            name=one.name,
            timezone=one.timezone,
            source=f"import:{self._map.source}",
        )

    def _is_fitted(self, sold: Sold) -> bool:
        """It gets as many places as its bookings need; nobody said how many it has."""
        return self._map.products[sold.product].capacity is None

    def _price(self, sold: Sold, survey: Survey) -> int:
        """What a place costs from now on: what the map says, else what it mostly cost."""
        stated = self._map.products[sold.product].price_minor
        return stated if stated is not None else self._map.replay.slot_price_minor or survey.price_of(sold)
