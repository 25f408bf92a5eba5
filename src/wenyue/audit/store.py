"""Appending entries and sealing them. A link is HMAC-SHA-256 of the previous digest, a header and its entries.

Links from before there was a key are plain SHA-256 of the same, and none of them may follow a keyed one.
"""

import hashlib
import hmac
from collections.abc import Collection
from datetime import datetime
from typing import Final, Protocol, cast

import msgspec

from wenyue.audit.model import CHAIN_START, ENTRIES_PER_SEAL_MAX, Anchor, ChainAhead, Entry, Link
from wenyue.core.personal import SealKeys
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.audit")
_SEALER_LOCK: Final = 0x57_59_41_55_44_49_54  # "WYAUDIT"
_PAGE: Final = 5_000  # entries in memory at once
_SEALS_PAGE: Final = 1_000
_VERIFIED_AT_ONCE: Final = 50_000  # entries that one call of `verify_from` recomputes, about
_encode: Final = msgspec.json.Encoder().encode


class _Mac(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


_Row = tuple[str, int, int, str, str, str, str | None]

RECORD: Final = _SQL["record"]  # one parameter, `entries`: the string that `entries_json` returns


def entries_json(entries: list[Entry]) -> str:
    """The `entries` parameter of RECORD, for callers that pipeline the statement themselves."""
    return _encode(entries).decode()


async def record(tx: Tx, entries: list[Entry]) -> None:
    """Append `entries` in the caller's transaction: one statement, no lock. Nothing to do when empty."""
    if entries:
        await tx.execute(RECORD, {"entries": entries_json(entries)})


async def seal(tx: Tx, now: datetime, keys: SealKeys) -> int:
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
    count, sealed = await digest_entries(tx, begin_link(digest, header, keys, keys.current), from_xid, upto)
    link = {
        "no": no + 1,
        "upto": str(upto),
        "entries": count,
        "digest": sealed,
        "at": now,
        "key_no": keys.current,
    }
    await tx.execute(_SQL["add_seal"], link)
    return count


async def verify(tx: Tx, keys: SealKeys | None) -> int | None:
    """Recompute the whole chain and return the number of the first broken link, or None when it is whole.

    Detects entries that were changed, removed or slipped in below the last link, and links that were changed
    or removed, recomputed digests among them. It cannot see that the newest links were cut off: anchors do (`differing`).
    Without `keys` (a backup is looked at where they are not) keyed links are counted and not recomputed.
    """
    link = Link()
    while True:
        link, broken, is_at_end = await verify_from(tx, link, keys)
        if broken is not None or is_at_end:
            return broken


async def verify_from(
    tx: Tx,
    link: Link,
    keys: SealKeys | None,
    entries_max: int = _VERIFIED_AT_ONCE,
    *,
    accepted: Collection[Anchor] = (),
) -> tuple[Link, int | None, bool]:
    """Recompute what follows `link`, which was found whole: (the last whole link, the broken one or None, at the end).

    Stops after about `entries_max` entries; call again with the link it returns. `Link()` is the beginning. A broken link that a
    person has `accepted`, digest and all, is passed over.
    """
    page = await tx.execute(_SQL["seals"], {"after": link.no, "limit": _SEALS_PAGE})
    seals = cast(list[tuple[int, str, int, bytes, int, int | None]], await page.fetchall())
    passed = {(one.no, one.digest) for one in accepted if one.accepted_by}
    seen = 0
    for no, upto, entries, stored, at_us, key_no in seals:
        is_passed = (no, stored.hex()) in passed
        if no != link.no + 1 and not is_passed:
            return link, link.no + 1, False
        mac = begin_link(link.digest, (no, link.upto_xid, int(upto), at_us), keys, key_no)
        count, digest = await digest_entries(tx, mac, link.upto_xid, int(upto))
        is_whole = count == entries and (digest == stored or (keys is None and key_no is not None))
        if not (is_whole and _may_follow(link, key_no, keys)) and not is_passed:
            return link, no, False
        link = Link(no, int(upto), stored, is_keyed=key_no is not None or link.is_keyed)
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


def _may_follow(link: Link, key_no: int | None, keys: SealKeys | None) -> bool:
    """Whether a link under this key may stand after `link`: with a key we have, or still by the rule of before."""
    if key_no is None:
        return not link.is_keyed
    return keys is None or key_no in keys.keys


def begin_link(
    previous: bytes, header: tuple[int, int, int, int], keys: SealKeys | None, key_no: int | None
) -> _Mac:
    """The beginning of a link's digest: its predecessor's, then (no, from, upto, at) and, where it is keyed, the key's number."""
    if key_no is None:
        plain = hashlib.sha256(previous)
        plain.update(_encode(header))
        return plain
    keyed = hmac.new((keys.keys if keys else {}).get(key_no, b"unknown"), previous, hashlib.sha256)
    keyed.update(_encode((*header, key_no)))
    return keyed


async def digest_entries(tx: Tx, link: _Mac, from_xid: int, upto: int) -> tuple[int, bytes]:
    """How many entries a link from `from_xid` to `upto` covers, and its digest; entries are read page by page."""
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


async def newest(tx: Tx, now: datetime) -> Anchor | None:
    """The newest link, to be kept outside the database."""
    row = await (await tx.execute(_SQL["last_seal"])).fetchone()
    return None if row is None else Anchor(row[0], bytes(row[1]).hex(), now)


async def broken_link(tx: Tx, after: int, now: datetime) -> Anchor | None:
    """The first link there is after `after`, as it is stored."""
    page = await tx.execute(_SQL["seals"], {"after": after, "limit": 1})
    row = await page.fetchone()
    return None if row is None else Anchor(row[0], bytes(row[3]).hex(), now)


async def differing(tx: Tx, anchors: Collection[Anchor]) -> list[Anchor]:
    """The anchors whose link is gone or another now: the chain was cut off there, or made anew."""
    cursor = await tx.execute(_SQL["anchors"], {"nos": [one.no for one in anchors]})
    there = {no: bytes(digest).hex() for no, digest in await cursor.fetchall()}
    return [one for one in anchors if there.get(one.no) != one.digest]
