"""What restoring one venue speaks of: what is wanted, what is missing, what cannot come back."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

BOOKINGS_PER_BATCH: Final = 10_000  # one transaction; larger venues are brought back in several
CONFLICTS_KEPT: Final = 10_000


class Reason(StrEnum):
    """Why a booking of the past cannot come back."""

    NO_PLACE = "no_place"  # its place was sold to somebody else, or the capacity is smaller now
    PERSON_HAS_ANOTHER = "person_has_another"  # one of its persons booked again
    CARD_USED_UP = "card_used_up"  # what it drew from the card was used elsewhere
    CARD_GONE = "card_gone"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Which venue, until when, and whether its settings go back too."""

    code: str
    until: datetime
    backup: str
    settings_too: bool = (
        False  # capacities, prices, hours, templates: as they were; else what changed since is kept
    )


class Draw(msgspec.Struct, frozen=True):
    """One line that would count again. `is_new`: the line itself is missing, so its card pays again."""

    pool_ids: tuple[int, ...]
    quantity: int
    card_id: int | None
    entitlement_no: int | None
    is_new: bool


class Candidate(msgspec.Struct, frozen=True):
    """One booking of which something is missing. `persons` are the missing live places: (key, date, scope)."""

    id: UUID
    draws: tuple[Draw, ...]
    persons: tuple[tuple[bytes, date, int], ...]


class Conflict(msgspec.Struct, frozen=True):
    """A booking that stays away. `at` is the pool, card or scope that decided."""

    booking_id: UUID
    reason: Reason
    at: int


class Column(msgspec.Struct, frozen=True):
    """One column of the settings that differs now: how often, and the first difference."""

    table: str
    column: str
    rows: int
    where: str
    was: str
    now: str


class Counted(msgspec.Struct, frozen=True):
    """One table: rows of the past that are missing, that differ now, and rows that are newer."""

    missing: int
    changed: int
    newer: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What `--yes` would do."""

    wish: Wish
    tables: dict[str, Counted]
    settings: list[Column]
    bookings: int  # of which something is missing
    returning: int  # of them come back
    conflicts: list[Conflict]  # at most CONFLICTS_KEPT
    conflicts_in_all: int
    counters: int  # pools and entitlements that differ from their bookings now
    oversold: list[int]  # pools whose bookings exceed their capacity now: left alone
    orphans: int  # live lines whose booking neither the database nor the backup has
    elsewhere: list[str]  # venues at which returning bookings miss lines too

    @property
    def is_empty(self) -> bool:
        """Nothing would be written."""
        added = sum(self.tables[name].missing for name in self.tables if name.startswith("catalogue."))
        added += sum(
            self.tables[name].missing for name in ("booking.pool", "booking.slot", "gate.scan", "gate.undo")
        )
        put_back = self.wish.settings_too and bool(self.settings)
        return not (self.returning or self.counters or added or put_back)
