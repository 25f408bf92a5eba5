"""Writes one venue back: settings first, then bookings in batches, each decided under the locks that the engine takes.

Every batch is one transaction with its entries in the record. A run that is interrupted leaves whole batches; the same command
again goes on where it ended, because it adds what is missing and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import psycopg
from psycopg import sql

from wenyue.audit import RECORD, Entry, entries_json
from wenyue.gate import GO_THROUGH_AGAIN
from wenyue.locale import Message
from wenyue.ops.backup.venue.comparing import (
    candidates,
    gather,
    pages,
    room_of,
    settings_columns,
    with_cards,
)
from wenyue.ops.backup.venue.model import CONFLICTS_KEPT, Conflict
from wenyue.ops.backup.venue.past import SQL, Past
from wenyue.ops.backup.venue.rules import decide
from wenyue.ops.backup.venue.tables import BOOKINGS, SETTINGS, TRAILING, Table
from wenyue.platform.fault import SetupError

ACTOR: Final = "operator:restore"
TRIES: Final = 8
LOCK_WAIT: Final = "SET lock_timeout = '10s'"
_ENTRIES: Final = 5_000
_CARDS: Final = 5_000
_BUMP: Final = 1_000_000  # beyond any revision that a cache may remember
_BUSY: Final = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.UniqueViolation,  # somebody booked the same person's place in this moment: decided again
    psycopg.errors.CheckViolation,  # … or the last place
)


@dataclass
class Done:
    """What was written."""

    settings: dict[str, int] = field(default_factory=dict[str, int])  # rows added or put back, by table
    bookings: int = 0
    rows: dict[str, int] = field(default_factory=dict[str, int])
    counters: int = 0
    conflicts: list[Conflict] = field(default_factory=list[Conflict])
    conflicts_in_all: int = 0
    kept: list[str] = field(default_factory=list[str])  # settings that could not be put back
    longest_s: float = 0.0  # the longest transaction: so long others waited for this venue's pools and cards

    @property
    def is_nothing(self) -> bool:
        """Not a row was written."""
        return not (any(self.settings.values()) or any(self.rows.values()) or self.counters)


def apply(past: Past, progress: Callable[[int], None] = lambda _bookings: None) -> Done:
    """Bring back what is missing and fits. `progress` hears the number of bookings so far. Raises SetupError."""
    done = Done()
    past.living.execute(LOCK_WAIT)
    _try(past, done, lambda: _missing_settings(past, done))
    if past.wish.settings_too:
        _try(past, done, lambda: _changed_settings(past, done))
    gather(past)
    for ids in list(pages(past)):
        _try(past, done, lambda ids=ids: _batch(past, ids, done))
        progress(done.bookings)
    _try(past, done, lambda: _trailing(past, done))
    _try(past, done, lambda: _counters(past, done))
    done.conflicts = done.conflicts[:CONFLICTS_KEPT]
    return done


def _try(past: Past, done: Done, step: Callable[[], None]) -> None:
    """One transaction, tried again when somebody else was in the way."""
    for attempt in range(TRIES):
        began = time.monotonic()
        try:
            with past.living.transaction():
                step()
        except _BUSY as fault:
            if attempt == TRIES - 1:
                raise SetupError(
                    Message(
                        "the venue's bookings were in constant use ({reason}): what was "
                        "restored stays; run the same command again",
                        reason=" ".join(str(fault).split())[:120],
                    ),
                ) from fault
        else:
            done.longest_s = max(done.longest_s, time.monotonic() - began)
            return


def _missing_settings(past: Past, done: Done) -> None:
    """Add missing rows of the catalogue, pools and sessions, and let no sequence give their numbers again."""
    written = {table.full: _add(past, table) for table in SETTINGS}
    if any(written.values()):
        for table in (one for one in SETTINGS if one.key == ("id",)):
            past.living.execute(
                sql.SQL(SQL["move_sequence"]).format(past=sql.Identifier(table.past)), {"table": table.full}
            )
        _record(past, "venue.settings_restored", {name: n for name, n in written.items() if n})
    done.settings = written


def _changed_settings(past: Past, done: Done) -> None:
    """Put back what changed; every process reads the sessions again."""
    kept: list[str] = []
    pools = [row[0] for row in past.living.execute(SQL["own_pools"], {"venue": past.venue_id}).fetchall()]
    written = {table.full: _put_back(past, table, kept) for table in SETTINGS}
    if any(written.values()):
        past.living.execute(SQL["tell_caches"], {"ids": pools})
        _record(past, "venue.settings_restored", {name: n for name, n in written.items() if n})
    done.settings = {name: done.settings.get(name, 0) + number for name, number in written.items()}
    done.kept = kept


def _add(past: Past, table: Table) -> int:
    if table.full == "booking.pool":
        own = {"revision": sql.SQL("p.revision + {}").format(_BUMP)}
        return past.living.execute(_insertion(past, table, "return_pools", own)).rowcount
    keys = [sql.SQL("t.{0} = p.{0}").format(sql.Identifier(name)) for name in table.key]
    has_booking = "booking_id" in past.columns[table.full] and table.name != "scan"
    stands = sql.SQL(
        "EXISTS (SELECT FROM booking.booking b WHERE b.id = p.booking_id)" if has_booking else "true"
    )
    statement = sql.SQL(
        "INSERT INTO {} ({}) SELECT {} FROM {} p "
        "WHERE NOT EXISTS (SELECT FROM {} t WHERE {}) AND {} ON CONFLICT DO NOTHING"
    ).format(
        sql.Identifier(table.schema, table.name),
        past.listed(table),
        past.listed(table, of="p"),
        sql.Identifier(table.past),
        sql.Identifier(table.schema, table.name),
        sql.SQL(" AND ").join(keys),
        stands,
    )
    return past.living.execute(statement).rowcount


def _put_back(past: Past, table: Table, kept: list[str]) -> int:
    """Give rows that changed their old values. A capacity below what is taken by now is kept, and said."""
    names = [sql.Identifier(name) for name in settings_columns(past, table)]
    if not names:
        return 0
    same = sql.SQL(" AND ").join(sql.SQL("p.{0} = t.{0}").format(sql.Identifier(name)) for name in table.key)
    listed = sql.SQL(", ").join(names)
    then, now = (sql.SQL(", ").join(sql.SQL(of + ".{}").format(name) for name in names) for of in ("p", "t"))
    fits = sql.SQL(" AND p.capacity >= t.held + t.sold" if table.full == "booking.pool" else "")
    parts = {
        "living": sql.Identifier(table.schema, table.name),
        "past": sql.Identifier(table.past),
        "same": same,
        "listed": listed,
        "then": then,
        "now": now,
        "fits": fits,
    }
    if table.full == "booking.pool":
        lowered = past.living.execute(SQL["lowered_pools"]).fetchall()
        kept += [
            f"capacity of {kind} {day} stays: it was {was}, {taken} are taken"
            for day, kind, was, taken in lowered
        ]
    statement = sql.SQL(
        "UPDATE {living} t SET ({listed}) = ROW({then}) FROM {past} p "
        "WHERE {same} AND ROW({then}) IS DISTINCT FROM ROW({now}){fits}"
    ).format(**parts)
    return past.living.execute(statement).rowcount


def _batch(past: Past, ids: list[UUID], done: Done) -> None:
    """Lock as the engine does (bookings, cards, pools, each in id order), decide, add, count."""
    living, wanted = past.living, {"ids": ids}
    living.execute(SQL["lock_bookings"], wanted)
    cards = [row[0] for row in living.execute(SQL["lock_cards"], wanted).fetchall()]
    pools = [row[0] for row in living.execute(SQL["lock_pools"], wanted).fetchall()]
    room = with_cards(past, ids, room_of(past))
    returning, conflicts = decide(candidates(past, ids, room), room)
    rows: dict[str, int] = {}
    for table in BOOKINGS:
        rows[table.full] = living.execute(_addition(past, table), {"ids": returning}).rowcount
    counted = past.set_pools(pools, is_exact=False)
    counted += living.execute(SQL["set_cards"], {"ids": cards, "exact": False}).rowcount
    if any(rows.values()):
        detail: dict[str, object] = {"until": past.wish.until.isoformat(), "backup": past.wish.backup}
        _record_all(past, [_entry("booking.restored", str(one), detail) for one in returning])
        _record(past, "venue.bookings_restored", dict(rows))
        sessions = living.execute(SQL["sessions_of"], {"ids": returning}).fetchall()
        living.execute(
            GO_THROUGH_AGAIN, {"slots": [row[0] for row in sessions]}
        )  # no event tells the gates' look-up
    done.bookings += len(returning) if any(rows.values()) else 0
    done.counters += counted
    for name, number in rows.items():
        done.rows[name] = done.rows.get(name, 0) + number
    done.conflicts += conflicts
    done.conflicts_in_all += len(conflicts)


def _addition(past: Past, table: Table) -> sql.Composed:
    """The statement that adds what is missing of these bookings to one of their tables."""
    if table.name == "line":
        return _insertion(
            past, table, "return_lines", {"is_live": sql.SQL("p.is_live AND b.state IN (1, 2, 5)")}
        )
    if table.name == "place":
        return _insertion(past, table, "return_places", {"is_live": sql.SQL("p.is_live AND l.is_live")})
    column = "id" if table.name == "booking" else "booking_id"
    return sql.SQL(
        "INSERT INTO {} ({}) SELECT {} FROM {} p WHERE p.{} = ANY (%(ids)s::uuid[]) ON CONFLICT DO NOTHING"
    ).format(
        sql.Identifier(table.schema, table.name),
        past.listed(table),
        past.listed(table, of="p"),
        sql.Identifier(table.past),
        sql.Identifier(column),
    )


def _insertion(past: Past, table: Table, name: str, own: Mapping[str, sql.Composable]) -> sql.Composed:
    values = sql.SQL(", ").join(own.get(one, sql.Identifier("p", one)) for one in past.columns[table.full])
    return sql.SQL(SQL[name]).format(columns=past.listed(table), values=values)


def _trailing(past: Past, done: Done) -> None:
    """Messages, strikes and scans that are missing: a record of what happened, no decision hangs on them."""
    written = {table.full: _add(past, table) for table in TRAILING}
    if any(written.values()):
        _record(past, "venue.traces_restored", {name: n for name, n in written.items() if n})
    done.rows |= written


def _counters(past: Past, done: Done) -> None:
    """Counters that a deletion left behind, also where no booking came back."""
    cards = [row[0] for row in past.living.execute(SQL["cards_that_differ"]).fetchall()]
    pools = [pool_id for pool_id, _ in past.pools_that_differ()]
    number = 0
    for start in range(0, len(cards), _CARDS):
        part = {"ids": cards[start : start + _CARDS], "exact": True}
        past.living.execute(SQL["lock_those_cards"], part)
        number += past.living.execute(SQL["set_cards"], part).rowcount
    if pools:
        past.living.execute(SQL["lock_those_pools"], {"ids": pools})
        number += past.set_pools(pools, is_exact=True)
    if number:
        _record(past, "venue.counters_restored", {"counters": number})
    done.counters += number


def _entry(action: str, subject: str, detail: dict[str, object]) -> Entry:
    return Entry(at=datetime.now(UTC), actor=ACTOR, action=action, subject=subject, detail=detail)


def _record(past: Past, action: str, counts: dict[str, int]) -> None:
    detail: dict[str, object] = {
        "until": past.wish.until.isoformat(),
        "backup": past.wish.backup,
        "rows": counts,
    }
    _record_all(past, [_entry(action, f"venue:{past.venue_id}", detail)])


def _record_all(past: Past, entries: list[Entry]) -> None:
    for start in range(0, len(entries), _ENTRIES):
        past.living.execute(RECORD, {"entries": entries_json(entries[start : start + _ENTRIES])})
