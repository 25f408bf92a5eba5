"""What would come back, what changed since, what cannot: read without a lock, for people; `applying` decides again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from psycopg import sql

from wenyue.ops.backup.venue.model import (
    BOOKINGS_PER_BATCH,
    CONFLICTS_KEPT,
    Candidate,
    Column,
    Conflict,
    Counted,
    Draw,
    Plan,
)
from wenyue.ops.backup.venue.past import SQL, Past
from wenyue.ops.backup.venue.rules import Person, Room, decide
from wenyue.ops.backup.venue.tables import SETTINGS, TABLES, Table

_SHOWN: Final = 60  # characters of a value


def compare(past: Past) -> Plan:
    """The plan. Nothing is written."""
    gather(past)
    bookings, returning, conflicts = 0, list[UUID](), list[Conflict]()
    room = room_of(past)
    for ids in pages(past):
        fitting, refused = decide(candidates(past, ids, room), with_cards(past, ids, room))
        bookings += len(ids)
        returning += fitting
        conflicts += refused
    differing = past.pools_that_differ()
    cards = past.living.execute(SQL["cards_that_differ"]).fetchall()
    [(orphans,)] = past.living.execute(SQL["orphans"], {"venue": past.venue_id}).fetchall()
    return Plan(
        wish=past.wish,
        tables={table.full: count(past, table) for table in TABLES},
        settings=[one for table in SETTINGS for one in differences(past, table)],
        bookings=bookings,
        returning=len(returning),
        conflicts=conflicts[:CONFLICTS_KEPT],
        conflicts_in_all=len(conflicts),
        counters=sum(1 for _, fits in differing if fits) + len(cards),
        oversold=[pool_id for pool_id, fits in differing if not fits],
        orphans=orphans,
        elsewhere=[str(row[0]) for row in past.living.execute(SQL["elsewhere"]).fetchall()],
    )


def gather(past: Past) -> None:
    """Find the bookings of which something is missing now, anew."""
    past.living.execute("DROP TABLE IF EXISTS pg_temp.wanted")
    past.living.execute(SQL["wanted"])


def pages(past: Past) -> Iterator[list[UUID]]:
    """Their ids, who booked first comes first, in batches."""
    after = 0
    while rows := past.living.execute(SQL["page"], {"after": after, "limit": BOOKINGS_PER_BATCH}).fetchall():
        yield [row[0] for row in rows]
        after += BOOKINGS_PER_BATCH


def room_of(past: Past) -> Room:
    """What is left at the venue now."""
    facts = {"venue": past.venue_id, "settings_too": past.wish.settings_too}
    rows = past.living.execute(SQL["pools_left"], facts).fetchall()
    return Room(pools={pool_id: int(left) for pool_id, left in rows}, cards={})


def with_cards(past: Past, ids: Sequence[UUID], room: Room) -> Room:
    """The same room, with the entitlements that these bookings' lines drew on."""
    rows = past.living.execute(SQL["cards_left"], {"ids": list(ids)}).fetchall()
    for card_id, no, left in rows:
        room.cards.setdefault((card_id, no), None if left is None else int(left))
    return room


def candidates(past: Past, ids: Sequence[UUID], room: Room) -> list[Candidate]:
    """What each of these bookings would draw again; persons who have another place by now are noted in the room."""
    draws: dict[UUID, list[Draw]] = {}
    wanted = {"ids": list(ids)}
    for id_, pool_ids, quantity, card_id, no, is_new in past.living.execute(SQL["draws"], wanted).fetchall():
        draws.setdefault(id_, []).append(Draw(tuple(pool_ids), quantity, card_id, no, is_new))
    persons: dict[UUID, list[Person]] = {}
    for row in past.living.execute(SQL["persons"], wanted).fetchall():
        person = (bytes(row[1]), row[2], row[3])
        persons.setdefault(row[0], []).append(person)
        if row[4]:
            room.persons.add(person)
    return [Candidate(id_, tuple(draws.get(id_, ())), tuple(persons.get(id_, ()))) for id_ in ids]


def count(past: Past, table: Table) -> Counted:
    """How the table differs."""
    names = {
        "past": sql.Identifier(table.past),
        "living": sql.Identifier(table.schema, table.name),
        "same": _same(table),
        "differs": _differs(past, table),
        "scope": sql.SQL(table.scope),
    }
    question = sql.SQL(
        "SELECT (SELECT count(*) FROM {past} p WHERE NOT EXISTS (SELECT FROM {living} t WHERE {same})), "
        "(SELECT count(*) FROM {past} p JOIN {living} t ON {same} WHERE {differs}), "
        "(SELECT count(*) FROM {living} t WHERE {scope} AND NOT EXISTS (SELECT FROM {past} p WHERE {same}))"
    ).format(**names)
    [row] = past.living.execute(question, {"venue": past.venue_id}).fetchall()
    return Counted(*row)


def differences(past: Past, table: Table) -> Iterator[Column]:
    """Which settings are other now, column by column, with the first as an example."""
    for name in settings_columns(past, table):
        question = sql.SQL(
            "SELECT count(*) OVER (), {where}, left(p.{column}::text, {shown}), left(t.{column}::text, {shown}) "
            "FROM {past} p JOIN {living} t ON {same} WHERE p.{column} IS DISTINCT FROM t.{column} ORDER BY {key} LIMIT 1"
        ).format(
            where=_shown_key(past, table),
            column=sql.Identifier(name),
            shown=sql.Literal(_SHOWN),
            past=sql.Identifier(table.past),
            living=sql.Identifier(table.schema, table.name),
            same=_same(table),
            key=sql.SQL(", ").join(sql.Identifier("p", one) for one in table.key),
        )
        row = past.living.execute(question).fetchone()
        if row is not None:
            yield Column(table.full, name, row[0], row[1] or "", row[2] or "", row[3] or "")


def settings_columns(past: Past, table: Table) -> list[str]:
    """The columns of a settings table that may be put back."""
    return [name for name in past.columns[table.full] if name not in {*table.key, *table.incidental}]


def _same(table: Table) -> sql.Composable:
    pairs = (sql.SQL("p.{0} = t.{0}").format(sql.Identifier(name)) for name in table.key)
    return sql.SQL(" AND ").join(pairs)


def _differs(past: Past, table: Table) -> sql.Composable:
    names = [name for name in past.columns[table.full] if name not in {*table.key, *table.incidental}]
    if not names:
        return sql.SQL("false")
    then, now = (
        sql.SQL("ROW({})").format(sql.SQL(", ").join(sql.Identifier(of, name) for name in names))
        for of in ("p", "t")
    )
    return sql.SQL("{} IS DISTINCT FROM {}").format(then, now)


def _shown_key(past: Past, table: Table) -> sql.Composable:
    """What tells a row to people: its date and hour, its code, else its key."""
    names = [name for name in ("code", "on_date", "kind", "starts_at") if name in past.columns[table.full]]
    parts = [sql.SQL("p.{}::text").format(sql.Identifier(name)) for name in names or table.key]
    return sql.SQL("concat_ws(' ', {})").format(sql.SQL(", ").join(parts))
