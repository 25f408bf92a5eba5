"""Sealing again what old data keys sealed: page by page, beside everything that runs, and resumed by running it again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, LiteralString, cast

import psycopg

from wenyue.core.personal import SealBroken, Vault
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.platform.database.db import queries
from wenyue.platform.fault import SetupError

_SQL: Final = queries("wenyue.ops", "resealing.sql")
PAGE_ROWS: Final = 500
_SUBSCRIBERS_MAX: Final = 100_000
_SUBSCRIBER: Final = b"status-subscriber"
_LEAST: Final = "-9223372036854775808"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where sealed values lie: two statements, the purpose that they are sealed for, and what is below every row."""

    name: str
    page: LiteralString
    put: LiteralString
    purpose: bytes
    start: str = "-1"


_PLACES: Final = (
    _Place(
        "booking.booking",
        _SQL["parties"],
        _SQL["seal_parties"],
        b"party",
        "00000000-0000-0000-0000-000000000000",
    ),
    _Place(
        "booking.booking (reasons)",
        _SQL["cancel_reasons"],
        _SQL["seal_cancel_reasons"],
        b"reason",
        "00000000-0000-0000-0000-000000000000",
    ),
    _Place("accounts.traveller", _SQL["travellers"], _SQL["seal_travellers"], b"traveller", _LEAST),
    _Place("accounts.visitor", _SQL["visitors"], _SQL["seal_visitors"], b"visitor", _LEAST),
    _Place("accounts.factor", _SQL["factors"], _SQL["seal_factors"], b"factor", _LEAST),
    _Place("cards.companion", _SQL["companions"], _SQL["seal_companions"], b"companion", f"{_LEAST}/"),
    _Place("notifications.message", _SQL["messages"], _SQL["seal_messages"], b"message", _LEAST),
    _Place("waiting_room.room", _SQL["seeds"], _SQL["seal_seeds"], b"room seed"),
)


@dataclass(slots=True)
class Resealed:
    """How many values were looked at, sealed again, and could not be opened."""

    seen: int = 0
    done: int = 0
    broken: int = 0


def reseal(
    connection: psycopg.Connection,
    vault: Vault,
    current: int,
    say: Callable[[str], None],
    *,
    pages_max: int = 0,
) -> Resealed:
    """Seal under key `current` what is sealed under another; each page is a transaction of its own.

    `connection` is the owner's, in autocommit mode. A value that somebody changes meanwhile is left to them. Ends after
    `pages_max` pages (0: at the end); what is done stays done, and another call goes on.
    """
    total, pages = Resealed(), 0
    for place in _PLACES:
        here, after = Resealed(), place.start
        while True:
            after = _page(connection, place, (vault, current), after, here)
            pages += 1
            if after and pages % 20 == 0:
                say(
                    gettext(
                        "{name}: {seen} checked, {done} resealed",
                        name=place.name,
                        seen=f"{here.seen:,}",
                        done=f"{here.done:,}",
                    )
                )
            if not after or pages == pages_max:
                break
        say(f"{place.name}: {here.seen:,} looked at, {here.done:,} sealed again, {here.broken:,} unreadable")
        total.seen, total.done = total.seen + here.seen, total.done + here.done
        total.broken += here.broken
        if pages == pages_max:
            break
    return total


def _page(
    connection: psycopg.Connection, place: _Place, key: tuple[Vault, int], after: str, count: Resealed
) -> str:
    """Do one page after this row; the last row of the page, '' at the end."""
    vault, current = key
    asked = {"current": current, "after": after, "limit": PAGE_ROWS}
    rows = cast(list[tuple[str, bytes | None]], connection.execute(place.page, asked).fetchall())
    ids: list[str] = []
    olds: list[bytes] = []
    news: list[bytes] = []
    for row_id, sealed in rows:
        if sealed is None:
            continue
        try:
            plain = vault.open_sealed(bytes(sealed), purpose=place.purpose)
        except SealBroken:
            count.broken += 1
            continue
        ids.append(row_id)
        olds.append(bytes(sealed))
        news.append(vault.seal(plain, purpose=place.purpose))
    if ids:
        count.done += connection.execute(place.put, {"ids": ids, "olds": olds, "news": news}).rowcount
    count.seen += len(rows)
    return rows[-1][0] if len(rows) == PAGE_ROWS else ""


def reseal_subscribers(home: Path, vault: Vault, current: int) -> Resealed:
    """The same for who wants mails about incidents: a file of the status page. Raises sqlite3.Error."""
    count, path = Resealed(), home / "status" / "subscribers.db"
    if not path.exists():
        return count
    with closing(sqlite3.connect(path, timeout=3.0)) as file:
        rows = file.execute("SELECT mark, sealed FROM subscriber LIMIT ?", (_SUBSCRIBERS_MAX,)).fetchall()
        for mark, sealed in rows:
            count.seen += 1
            if sealed[0] == current:
                continue
            try:
                fresh = vault.seal(vault.open_sealed(sealed, purpose=_SUBSCRIBER), purpose=_SUBSCRIBER)
            except SealBroken:
                count.broken += 1
                continue
            with file:
                changed = file.execute(
                    "UPDATE subscriber SET sealed = ? WHERE mark = ? AND sealed = ?", (fresh, mark, sealed)
                )
            count.done += changed.rowcount
    return count


def refuse_while_used(
    connection: psycopg.Connection, home: Path, number: int, *, forget_reasons: bool
) -> None:
    """Raise SetupError while something is sealed under this key; reasons in the record only unless they may be forgotten."""
    rows = connection.execute(_SQL["still_sealed"], {"number": number}).fetchall()
    places = [str(row[0]) for row in rows] + (["status/subscribers.db"] if _subscribed(home, number) else [])
    if places:
        raise SetupError(
            Message(
                "{places} still has values sealed with data key {number}: run `wenyue keys reseal` first",
                number=number,
                places=", ".join(places),
            ),
        )
    [[reasons]] = connection.execute(_SQL["sealed_reasons"], {"number": number}).fetchall()
    if reasons and not forget_reasons:
        raise SetupError(
            Message(
                "{reasons} reasons in the audit record are sealed with data key {number}, "
                "and the record is never rewritten: keep the key, or give them up with "
                "--forget-reasons",
                reasons=reasons,
                number=number,
            ),
        )


def _subscribed(home: Path, number: int) -> bool:
    path = home / "status" / "subscribers.db"
    if not path.exists():
        return False
    with closing(sqlite3.connect(path, timeout=3.0)) as file:
        rows = file.execute("SELECT sealed FROM subscriber LIMIT ?", (_SUBSCRIBERS_MAX,)).fetchall()
    return any(sealed[0] == number for (sealed,) in rows)
