"""The record as people look through it: a page at a time, newest first, each page of bounded work whatever is looked for."""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from wenyue.audit.model import Entry
from wenyue.platform.database.db import Tx, queries

SHOWN_MAX: Final = 50
LOOKED_AT_MAX: Final = 20_000
_SQL: Final = queries("wenyue.audit", "queries.sql")
_LAG: Final = timedelta(hours=1)  # between an entry and its seal, and between clocks
_TOP: Final = (2**63 - 1, 2**63 - 1)


class Wanted(Struct, frozen=True):
    """What is looked for; None: whatever. `action`: one, or its beginning (`staff` is `staff.saved` too).

    `before`: the cursor of the page before. `from_at` is included, `to_at` is not.
    """

    actor: str | None = None
    action: str | None = None
    subjects: tuple[str, ...] | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    before: tuple[int, int] | None = None


class Page(Struct, frozen=True):
    """Entries, the newest first. `before`: where the next page goes on; None: there is nothing older to look at.

    A page may be empty and yet go on: so many entries were looked at, and none was wanted.
    """

    entries: list[Entry]
    details: list[str]  # JSON, as it stands; empty: none
    before: tuple[int, int] | None


async def page(tx: Tx, wanted: Wanted) -> Page:
    """At most SHOWN_MAX entries out of LOOKED_AT_MAX."""
    xid, id_ = wanted.before or await _start(tx, wanted)
    given = {
        "xid": str(xid),
        "id": id_,
        "looked_at": LOOKED_AT_MAX,
        "actor": wanted.actor,
        "action": wanted.action,
        "subjects": None if wanted.subjects is None else list(wanted.subjects),
        "from_at": wanted.from_at,
        "to_at": wanted.to_at,
        "limit": SHOWN_MAX,
    }
    rows = await (await tx.execute(_SQL["page"], given)).fetchall()
    entries = [Entry(row[2], row[3], row[4], row[5]) for row in rows]
    before: tuple[int, int] | None = None
    if len(rows) == SHOWN_MAX:
        before = (int(rows[-1][0]), rows[-1][1])
    else:
        ended = await (await tx.execute(_SQL["last_looked_at"], given)).fetchone()
        if ended is not None and not (wanted.from_at is not None and ended[2] < wanted.from_at - _LAG):
            before = (int(ended[0]), ended[1])
    return Page(entries, [row[6] or "" for row in rows], before)


async def _start(tx: Tx, wanted: Wanted) -> tuple[int, int]:
    """The newest that may be wanted: of an older day, from the seal that followed it."""
    if wanted.to_at is None:
        return _TOP
    row = await (await tx.execute(_SQL["sealed_after"], {"at": wanted.to_at + _LAG})).fetchone()
    return _TOP if row is None else (int(row[0]), 0)
