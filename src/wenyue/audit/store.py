"""Appending entries and sealing them. A link is SHA-256 of the previous digest, a header and its entries."""

import hashlib
from datetime import datetime
from typing import Final, cast

import msgspec

from wenyue.audit.model import CHAIN_START, ENTRIES_PER_SEAL_MAX, ChainAhead, Entry, Link
from wenyue.infra.db import Tx, queries

_SQL: Final = queries("wenyue.audit")
_SEALER_LOCK: Final = 0x57_59_41_55_44_49_54  # "WYAUDIT"
_PAGE: Final = 5_000  # entries in memory at once
_SEALS_PAGE: Final = 1_000
_VERIFIED_AT_ONCE: Final = 50_000  # entries that one call of `verify_from` recomputes, about
_encode: Final = msgspec.json.Encoder().encode
_Row = tuple[str, int, int, str, str, str, str | None]

RECORD: Final = _SQL["record"]  # one parameter, `entries`: the string that `entries_json` returns


def entries_json(entries: list[Entry]) -> str:
    """The `entries` parameter of RECORD, for callers that pipeline the statement themselves."""
    return _encode(entries).decode()


async def record(tx: Tx, entries: list[Entry]) -> None:
    """Append `entries` in the caller's transaction: one statement, no lock. Nothing to do when empty."""
    if entries:
        await tx.execute(RECORD, {"entries": entries_json(entries)})


async def seal(tx: Tx, now: datetime) -> int:
    """Seal settled entries as the next link; returns how many, 0 when none wait or another sealer runs.

    `tx` must be inside a transaction. Settled means that every transaction with a smaller number has ended, so
    an entry that commits late is never overtaken: it belongs to a later link. Covers whole transactions, at most
    ENTRIES_PER_SEAL_MAX entries per call unless a single transaction has more; call again until it returns 0.
    Raises ChainAhead.
    """
    got_lock = await (await tx.execute(_SQL["try_lock"], {"key": _SEALER_LOCK})).fetchone()
    if got_lock is None or not got_lock[0]:
        return 0
    [head] = await (await tx.execute(_SQL["horizon"])).fetchall()
    settled, no, from_xid, digest = int(head[0]), head[1] or 0, int(head[2] or 0), head[3] or CHAIN_START
    if from_xid > settled:
        raise ChainAhead(f"the last seal covers transactions below {from_xid}, this server is at {settled}")
    upto = await _next_boundary(tx, from_xid, settled)
    if upto is None:
        return 0
    header = (no + 1, from_xid, upto, _microseconds(now))
    count, sealed = await _digest(tx, digest, header)
    link = {"no": no + 1, "upto": str(upto), "entries": count, "digest": sealed, "at": now}
    await tx.execute(_SQL["add_seal"], link)
    return count


async def verify(tx: Tx) -> int | None:
    """Recompute the whole chain and return the number of the first broken link, or None when it is whole.

    Detects entries that were changed, removed or slipped in below the last link, and links that were changed
    or removed. It cannot see that the newest links were cut off: keep the last digest elsewhere for that.
    """
    link = Link()
    while True:
        link, broken, is_at_end = await verify_from(tx, link)
        if broken is not None or is_at_end:
            return broken


async def verify_from(
    tx: Tx, link: Link, entries_max: int = _VERIFIED_AT_ONCE
) -> tuple[Link, int | None, bool]:
    """Recompute what follows `link`, which was found whole: (the last whole link, the broken one or None, at the end).

    Stops after about `entries_max` entries; call again with the link it returns. `Link()` is the beginning.
    """
    page = await tx.execute(_SQL["seals"], {"after": link.no, "limit": _SEALS_PAGE})
    seals = cast(list[tuple[int, str, int, bytes, int]], await page.fetchall())
    seen = 0
    for no, upto, entries, stored, at_us in seals:
        if no != link.no + 1:
            return link, link.no + 1, False
        count, digest = await _digest(tx, link.digest, (no, link.upto_xid, int(upto), at_us))
        if (count, digest) != (entries, stored):
            return link, no, False
        link = Link(no, int(upto), digest)
        seen += count
        if seen >= entries_max:
            return link, None, False
    return link, None, len(seals) < _SEALS_PAGE


async def _next_boundary(tx: Tx, from_xid: int, settled: int) -> int | None:
    """The transaction number to seal up to (excluded), or None when nothing is waiting."""
    bounds = {"from_xid": str(from_xid), "below": str(settled), "bound": ENTRIES_PER_SEAL_MAX}
    [(first, beyond)] = await (await tx.execute(_SQL["boundary"], bounds)).fetchall()
    if first is None:
        return None
    if beyond is None:
        return settled
    return max(int(beyond), int(first) + 1)  # a transaction larger than the bound is sealed whole


async def _digest(tx: Tx, previous: bytes, header: tuple[int, int, int, int]) -> tuple[int, bytes]:
    """How many entries the link (no, from, upto, at) covers, and its digest; entries are read page by page."""
    _, from_xid, upto, _ = header
    link = hashlib.sha256(previous)
    link.update(_encode(header))
    count = 0
    after: tuple[str, int] = (str(from_xid), -1)
    while True:
        bounds = {"after_xid": after[0], "after_id": after[1], "below": str(upto), "limit": _PAGE}
        rows = cast(list[_Row], await (await tx.execute(_SQL["entries"], bounds)).fetchall())
        for row in rows:
            link.update(_encode(row))
        count += len(rows)
        if len(rows) < _PAGE:
            return count, link.digest()
        after = rows[-1][0], rows[-1][1]


def _microseconds(at: datetime) -> int:
    whole = int(at.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + at.microsecond
