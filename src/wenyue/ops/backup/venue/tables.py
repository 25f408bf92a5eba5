"""What belongs to a venue: its tables, in the order in which their rows can be added, and what is left out, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, LiteralString

_OF_PRODUCT: Final = "t.product_id IN (SELECT p.id FROM catalogue.product p WHERE p.venue_id = %(venue)s)"
_OF_BOOKING: Final = "t.booking_id IN (SELECT l.booking_id FROM booking.line l WHERE l.venue_id = %(venue)s)"
_OF_LINE: Final = "(t.booking_id, t.line_no) IN (SELECT l.booking_id, l.line_no FROM booking.line l WHERE l.venue_id = %(venue)s)"


@dataclass(frozen=True)
class Table:
    """One table: `key` names a row, `scope` (of `t`) finds the venue's rows; `incidental` columns are never compared."""

    schema: LiteralString
    name: LiteralString
    key: tuple[str, ...]
    scope: LiteralString
    incidental: frozenset[str] = frozenset()

    @property
    def full(self) -> str:
        """`booking.pool`."""
        return f"{self.schema}.{self.name}"

    @property
    def past(self) -> str:
        """Name of the temporary table with the rows of the past."""
        return f"past_{self.name}"


def _pairs(*texts: str) -> frozenset[str]:
    """Columns in which the release before keeps what stands in `texts`; they follow those (migration 0070)."""
    return frozenset(f"{text}{ending}" for text in texts for ending in ("_zh", "_en"))


SETTINGS: Final = (
    Table("catalogue", "venue", ("id",), "t.id = %(venue)s", _pairs("name", "summary")),
    Table("catalogue", "opening_hours", ("venue_id", "weekday"), "t.venue_id = %(venue)s"),
    Table("catalogue", "picture", ("id",), "t.venue_id = %(venue)s"),
    Table(
        "catalogue",
        "picture_file",
        ("picture_id", "form", "width"),
        "t.picture_id IN (SELECT p.id FROM catalogue.picture p WHERE p.venue_id = %(venue)s)",
        frozenset({"body"}),
    ),
    Table("catalogue", "product", ("id",), "t.venue_id = %(venue)s", _pairs("name")),
    Table("catalogue", "price", ("product_id", "on_date"), _OF_PRODUCT),
    Table("catalogue", "calendar_template", ("id",), _OF_PRODUCT),
    Table("catalogue", "closure", ("id",), "t.venue_id = %(venue)s", _pairs("reason")),
    Table("booking", "pool", ("id",), "t.venue_id = %(venue)s", frozenset({"held", "sold", "revision"})),
    Table(
        "booking",
        "slot",
        ("id",),
        "t.venue_id = %(venue)s",
        _pairs("label", "closed_reason") | {"settled_at"},
    ),
)
BOOKINGS: Final = (
    Table(
        "booking",
        "booking",
        ("id",),
        "t.id IN (SELECT l.booking_id FROM booking.line l WHERE l.venue_id = %(venue)s)",
    ),
    Table("booking", "line", ("booking_id", "line_no"), "t.venue_id = %(venue)s", frozenset({"missed_at"})),
    Table("booking", "place", ("booking_id", "line_no", "visitor_no"), _OF_LINE),
    Table("booking", "redemption", ("id",), _OF_LINE),
)
TRAILING: Final = (
    Table("notifications", "message", ("id",), _OF_BOOKING),
    Table("policy", "strike", ("id",), _OF_BOOKING),
    Table("gate", "scan", ("id",), "t.venue_id = %(venue)s"),
    Table(
        "gate",
        "undo",
        ("scan_id",),
        "t.scan_id IN (SELECT s.id FROM gate.scan s WHERE s.venue_id = %(venue)s)",
    ),
)
TABLES: Final = (*SETTINGS, *BOOKINGS, *TRAILING)

# Tables that name a venue, a product, a slot or a booking and are not brought back. A test finds those missing here.
LEFT_OUT: Final = {
    "accounts.gate_device": "a device is enrolled by people, who have its code typed on it",
    "accounts.clerk_pin": "a clerk's secret is set by the clerk",
    "accounts.duty": "people and their rights are given by people",
    "accounts.staff": "people and their rights are given by people; a list of venues is no venue's row",
    "changes.change": "who proposed and agreed to what: it happened, and is not undone by a restore",
    "booking.outbox": "notes of an earlier version: nobody is told again about a booking that was never cancelled",
    "events.event": "what happened, told when it happened: nobody is told again about a booking that was never cancelled",
    "events.undelivered": "what a subscriber was not told yet is about the bookings as they are",
    "waiting_room.room": "a queue before a release: its order is over, open a new one",
    "gate.lookup": "how often a keeper looked somebody up lately: a limit, and what was done stands in the record",
    "gate.undo_refused": "who asked to take an admission back and was refused: what was done stands in the record",
    "gate.term": "an index for near days, which the worker writes anew from the bookings",
    "gate.gone_through": "how far the worker has come with that index; the restore has its sessions gone through again",
    "audit.entry": "nothing is ever removed from the record, and nothing can be slipped into its chain",
}
