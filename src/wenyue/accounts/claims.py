"""Whose a document is: what accounts claim by typing it, and what staff who see it decide."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from wenyue.accounts.claim_rules import Claim, Judged, judge_claims
from wenyue.accounts.names import lock_person
from wenyue.audit import Entry, record
from wenyue.core.limits import CLAIMS_PER_DOCUMENT_MAX
from wenyue.events import append, kinds
from wenyue.platform.database.db import Tx, queries

__all__ = ["Claim", "Judged", "claims_of", "is_seen", "judge_claims", "settle"]
_SQL: Final = queries("wenyue.accounts", "claims.sql")


async def claims_of(tx: Tx, person_key: bytes) -> list[Claim]:
    """The accounts that claim a document, those that staff saw it of first, then the oldest; CLAIMS_PER_DOCUMENT_MAX at most."""
    asked = {"person_key": person_key, "limit": CLAIMS_PER_DOCUMENT_MAX}
    rows = await (await tx.execute(_SQL["claims_of"], asked)).fetchall()
    return [Claim(*row) for row in rows]


async def is_seen(tx: Tx, traveller_id: int) -> bool:
    """Whether staff saw the document of this account's holder."""
    row = await (await tx.execute(_SQL["is_seen"], {"id": traveller_id})).fetchone()
    return row is not None and bool(row[0])


async def settle(
    tx: Tx,
    person_key: bytes,
    *,
    own: Collection[int],
    others: Collection[int],
    now: datetime,
    actor: str,
    confirmed_by: str = "",
) -> None:
    """Staff saw a document: the accounts `own` are its holder's from now on, and `others` have no claim to it any more.

    Those lose themselves as their first visitor, too. Their cards and logins are the caller's, as is telling everybody, and
    keeping what was taken (`losses`). `confirmed_by`: the second person, for the record.
    """
    await lock_person(tx, person_key)
    row = {"own": list(own), "others": list(others), "now": now}
    await tx.execute(_SQL["see"], row)
    await tx.execute(_SQL["lose"], row)
    await tx.execute(_SQL["forget_self"], row)
    entries = [Entry(now, actor, "holder.document_seen", f"traveller:{one}") for one in own]
    detail: dict[str, object] = {"confirmed_by": confirmed_by} if confirmed_by else {}
    entries += [Entry(now, actor, "holder.claim_lost", f"traveller:{one}", detail) for one in others]
    if entries:
        await record(tx, entries)
        happened = [kinds.DocumentSeen(one) for one in own]
        await append(tx, [*happened, *(kinds.ClaimLost(one) for one in others)], now)
