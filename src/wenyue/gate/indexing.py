"""Writing what near bookings are looked up by. The worker does it, after the booking: a booking pays nothing for it.

Only the days around today are kept. What is booked for them arrives with the booking's event; what was booked long before
is gone through, session by session, when its day comes near. Both may happen twice.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from wenyue.accounts import traveller
from wenyue.booking import findable, open_party
from wenyue.core.clock import local_date
from wenyue.core.personal import SealBroken, Vault
from wenyue.gate.model import LookupKind
from wenyue.gate.terms import term_of
from wenyue.platform.database.advisory_lock import try_lock
from wenyue.platform.database.db import Tx, fetch_dicts, queries

_SQL: Final = queries("wenyue.gate", "lookup.sql")
GO_THROUGH_AGAIN: Final = _SQL[
    "go_through_again"
]  # for who writes bookings without this driver's way: `slots`, their ids
_TIMEZONE: Final = "Asia/Shanghai"
_STEP: Final = 200  # bookings in one transaction
_SESSIONS: Final = 50  # looked at in one transaction
_DROPPED_MAX: Final = 5_000
_MARGIN_DAYS: Final = 1  # venues of another time zone
_EVENT_MARGIN_DAYS: Final = 2  # wider, so that nothing falls between the two ways, whatever the clocks say


async def index_bookings(
    tx: Tx, vault: Vault, booking_ids: Sequence[UUID], now: datetime, *, days: int
) -> int:
    """Write the terms of those of the bookings that visit within `days` of today; returns how many there were."""
    from_day, to_day = _near(now, days + _EVENT_MARGIN_DAYS)
    found = await findable.findable(tx, list(booking_ids), from_day, to_day)
    if found:
        await _write(tx, vault, found)
    return len(found)


async def go_through(tx: Tx, vault: Vault, now: datetime, *, days: int) -> bool:
    """The next bookings of near sessions that were made before their day came near; True when more may wait."""
    if not await try_lock(tx, "gate terms"):
        return False
    from_day, to_day = _near(now, days + _MARGIN_DAYS)
    today = local_date(now, _TIMEZONE)
    near: dict[str, object] = {
        "from_day": from_day,
        "to_day": to_day,
        "today": today,
        "now": now,
        "limit": _SESSIONS,
    }
    gone: dict[str, object] = {"before": from_day - timedelta(days=_EVENT_MARGIN_DAYS), "limit": _DROPPED_MAX}
    dropped = await tx.execute(_SQL["drop_terms"], gone)
    await tx.execute(_SQL["drop_gone_through"], gone)
    await tx.execute(_SQL["nothing_to_go_through"], near)
    sessions = await fetch_dicts(tx, _SQL["next_sessions"], near)
    left = _STEP
    for session in sessions:
        wanted: dict[str, object] = {"slot_id": session["id"], "after": session["after"], "limit": left}
        rows = await (await tx.execute(_SQL["bookings_of_session"], wanted)).fetchall()
        ids: list[UUID] = [row[0] for row in rows]
        if ids:
            await _write(tx, vault, await findable.findable(tx, ids, from_day, to_day))
        done: dict[str, object] = {
            "slot_id": session["id"],
            "on_date": session["on_date"],
            "after": ids[-1] if ids else session["after"],
            "done_at": now if len(ids) < left else None,
        }
        await tx.execute(_SQL["note_gone_through"], done)
        left -= len(ids)
        if left <= 0:
            break
    return bool(sessions) or dropped.rowcount == _DROPPED_MAX


async def go_through_again(tx: Tx, slot_ids: Iterable[int]) -> None:
    """These sessions got bookings without events (an import, a restore): the worker goes through them anew."""
    await tx.execute(GO_THROUGH_AGAIN, {"slots": sorted(set(slot_ids))})


def key_of(vault: Vault, kind: LookupKind, term: str) -> bytes:
    """The keyed hash under which a term is kept; without the installation's index key nobody can try names on it."""
    return vault.fingerprint(f"gate|{kind.value}|{term}".encode())


def key_of_person(vault: Vault, person_key: bytes) -> bytes:
    """The same for a person's document, so that visits which are no more are found as well."""
    return vault.fingerprint(b"gate|person|" + person_key)


def _near(now: datetime, days: int) -> tuple[date, date]:
    today = local_date(now, _TIMEZONE)
    return today - timedelta(days=days), today + timedelta(days=days)


async def _write(tx: Tx, vault: Vault, found: Sequence[findable.Findable]) -> None:
    rows: set[tuple[bytes, int, date, UUID]] = set()
    for one in found:
        keys = await _keys(tx, vault, one)
        rows |= {(key, venue_id, day, one.booking_id) for key in keys for venue_id, day in one.visits}
    ordered = sorted(rows)  # two workers meet in the same order
    await tx.execute(
        _SQL["add_terms"],
        {
            "terms": [row[0] for row in ordered],
            "venues": [row[1] for row in ordered],
            "days": [row[2] for row in ordered],
            "bookings": [row[3] for row in ordered],
        },
    )


async def _keys(tx: Tx, vault: Vault, one: findable.Findable) -> set[bytes]:
    """Everything that leads to the booking. What cannot be opened is left out: it cannot be shown either."""
    said: list[tuple[LookupKind, str]] = [(LookupKind.REFERENCE, number) for number in one.old_numbers]
    try:
        party = open_party(vault, one.party)
        said += [(LookupKind.NAME, name) for name in (party.contact_name, *(v.name for v in party.visitors))]
        said.append((LookupKind.PHONE, party.contact_phone))
        holder = await traveller(tx, vault, one.holder_id) if one.holder_id is not None else None
        if holder is not None:
            said += [(LookupKind.NAME, holder.name.reveal()), (LookupKind.PHONE, holder.phone.reveal())]
    except SealBroken:
        pass
    terms = {(kind, term_of(kind, text)) for kind, text in said}
    keys = {key_of(vault, kind, term) for kind, term in terms if term}
    return keys | {key_of_person(vault, person) for person in one.persons}
