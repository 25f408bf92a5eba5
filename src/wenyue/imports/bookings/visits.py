"""When a visit is, and who comes: what the rows of venues other than hotels say. Pure."""

from datetime import date, datetime, time, timedelta
from typing import Final

from wenyue.imports.bookings.model import ImportMap, MappedVenue, Person, Session
from wenyue.imports.cells import Cells
from wenyue.imports.keys import plain_text
from wenyue.imports.people import said_document
from wenyue.imports.reading import fold_name, shown
from wenyue.imports.refusals import Reason, RowRefused
from wenyue.imports.values import span_of, time_of
from wenyue.locale import Message

_SOME_DAY: Final = date(2000, 1, 1)


class Visits:
    """Sessions and persons of one map's rows."""

    def __init__(self, chosen: ImportMap, today: date) -> None:
        """`today`: a document's birth date lies before it."""
        self._map, self._today = chosen, today
        self._sessions = {fold_name(name): one for name, one in chosen.sessions.items()}

    def session(self, cells: Cells, venue: MappedVenue, product: str) -> Session:
        """When the visit is: by the row's times or its session, the product, or its name; else all of the venue's day.

        Raises RowRefused when the row names a session that neither spells its times nor stands in the map.
        """
        columns = self._map.columns
        if columns.starts is not None and (starts := cells.clock("starts")) is not None:
            ends = cells.clock("ends") if columns.ends is not None else None
            return Session(starts, ends or _later(starts, venue.minutes))
        if columns.session is not None and (raw := cells.raw("session")):
            found = self._named(raw, venue)
            if found is None:
                raise self._unknown(cells, "session", raw)
            return found
        mapped = self._map.products[product].session
        return mapped or self._named(product, venue) or venue.day

    def _named(self, raw: str, venue: MappedVenue) -> Session | None:
        """The session that a name spells, or that stands in the map under it."""
        if (found := self._sessions.get(fold_name(raw))) is not None:
            return found
        if (mapped := self._map.products.get(raw)) is not None and mapped.session is not None:
            return mapped.session
        text = plain_text(raw)
        if (span := span_of(text)) is not None:
            return Session(*span)
        starts = time_of(text)
        return None if starts is None else Session(starts, _later(starts, venue.minutes))

    def _unknown(self, cells: Cells, field: str, raw: str) -> RowRefused:
        fix = Message('say in the map when it is: [sessions."{name}"] with starts and ends', name=shown(raw))
        return cells.refuse(Reason.UNKNOWN_SESSION, field, fix)

    def person(self, cells: Cells) -> Person | None:
        """Who comes by this row; None when it names nobody. Raises RowRefused."""
        columns = self._map.columns
        name = cells.person("name") if columns.name is not None else ""
        document = None
        if columns.document is not None:
            needs_country = not self._map.odd.takes_no_country
            document = said_document(cells, self._today, needs_kind=False, needs_country=needs_country)
        phone = cells.phone("phone") if columns.phone is not None else ""
        if document is not None and not name:
            raise cells.refuse(
                Reason.MISSING, "name" if columns.name else "document", Message("whose document is it?")
            )
        return Person(name, document, phone) if name or phone else None


def _later(starts: time, minutes: int) -> time:
    return (datetime.combine(_SOME_DAY, starts) + timedelta(minutes=minutes)).time()
