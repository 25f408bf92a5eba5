"""Travellers and their common visitors."""

from datetime import date, datetime, timedelta
from typing import Final

from wenyue.accounts.claims import claims_of
from wenyue.accounts.model import (
    Identity,
    NameKnown,
    Traveller,
    VisitorRecord,
    VisitorRefusal,
)
from wenyue.accounts.names import know_name, lock_person, name_known
from wenyue.accounts.sealing import TRAVELLER, VISITOR, open_identity, reseal_identity, seal_identity
from wenyue.audit import Entry, record
from wenyue.core.limits import VISITOR_ADDS_PER_DAY, VISITORS_PER_TRAVELLER_MAX
from wenyue.core.personal import SealBroken, Vault
from wenyue.events import append, kinds
from wenyue.locale import DEFAULT, LOCALES
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.accounts")
_VISITOR_ACTION: Final = {True: "visitor.added", False: "visitor.changed"}


async def traveller_for(
    tx: Tx,
    vault: Vault,
    identity: Identity,
    now: datetime,
    *,
    locale: str = DEFAULT,
    actor: str = "traveller",
    is_separate: bool = False,
) -> int:
    """The id of this person's account, made if there is none; `is_separate`: a new one, whoever claims the document already.

    Of several that claim it the one that staff saw it of, else the oldest: only for whoever knows that the document is theirs.
    `identity` is kept of a new account only: name and phone on record prove who somebody is when a card is lost, so nothing that
    a login can do changes them. They are their own first common visitor. Audited as `traveller.created` once.
    """
    person_key = vault.person_key(identity.document.key)
    await lock_person(tx, person_key)
    claims = [] if is_separate else await claims_of(tx, person_key)
    if claims:
        return claims[0].traveller_id
    return await _open_account(tx, vault, identity, now, locale=locale, actor=actor)


async def _open_account(
    tx: Tx, vault: Vault, identity: Identity, now: datetime, *, locale: str, actor: str
) -> int:
    person_key = vault.person_key(identity.document.key)
    row = {
        "person_key": person_key,
        "sealed": seal_identity(vault, identity, purpose=TRAVELLER),
        "locale": locale if locale in LOCALES else DEFAULT,
        "now": now,
    }
    [(traveller_id,)] = await (await tx.execute(_SQL["add_traveller"], row)).fetchall()
    await _put_visitor(tx, vault, traveller_id, identity, now, is_self=True)
    await know_name(tx, vault, person_key, identity.name, now)
    await record(tx, [Entry(now, actor, "traveller.created", f"traveller:{traveller_id}")])
    await append(tx, [kinds.AccountOpened(traveller_id)], now)
    return traveller_id


async def traveller(tx: Tx, vault: Vault, traveller_id: int) -> Traveller | None:
    """One account, opened. Raises SealBroken when the keys are not this installation's."""
    row = await (await tx.execute(_SQL["traveller"], {"id": traveller_id})).fetchone()
    if row is None:
        return None
    opened = open_identity(vault, row[2], purpose=TRAVELLER)
    return Traveller(
        id=row[0],
        person_key=row[1],
        label=opened.label,
        name=opened.name,
        document_number=opened.document_number,
        document_kind=opened.document_kind,
        nationality=opened.nationality,
        phone=opened.phone,
        birth=opened.birth,
        locale=row[3] if row[3] in LOCALES else DEFAULT,
    )


async def set_locale(tx: Tx, traveller_id: int, locale: str) -> bool:
    """Remember the language a traveller reads; False when it is none of LOCALES."""
    if locale in LOCALES:
        await tx.execute(_SQL["set_locale"], {"id": traveller_id, "locale": locale})
    return locale in LOCALES


async def visitors(tx: Tx, vault: Vault, traveller_id: int) -> list[VisitorRecord]:
    """A traveller's common visitors, oneself first; at most VISITORS_PER_TRAVELLER_MAX. Raises SealBroken."""
    bounds = {"traveller_id": traveller_id, "limit": VISITORS_PER_TRAVELLER_MAX + 1}
    rows = await (await tx.execute(_SQL["visitors"], bounds)).fetchall()
    return [_visitor(vault, *row) for row in rows]


async def add_visitor(
    tx: Tx, vault: Vault, traveller_id: int, identity: Identity, now: datetime
) -> VisitorRecord | VisitorRefusal:
    """Keep a common visitor (常用游客); the same document again changes the name and phone kept with it.

    Oneself stays as on record. At most VISITORS_PER_TRAVELLER_MAX besides oneself, else TOO_MANY. Every try counts, also one
    that is refused: whether a document is on the list tells whose it is, so TOO_OFTEN after VISITOR_ADDS_PER_DAY. NAME_DIFFERS
    when the document is that of a person whose name was proved, and it is another. Commit it.
    Audited without personal data.
    """
    row = {"id": traveller_id, "now": now, "since": now - timedelta(days=1)}
    counted = await (await tx.execute(_SQL["count_visitor_add"], row)).fetchone()
    if counted is not None and counted[0] > VISITOR_ADDS_PER_DAY:
        return VisitorRefusal.TOO_OFTEN
    known = await visitors(tx, vault, traveller_id)
    person_key = vault.person_key(identity.document.key)
    is_known = any(visitor.person_key == person_key for visitor in known)
    if await name_known(tx, vault, person_key, identity.name, traveller_id) is NameKnown.ANOTHER:
        return VisitorRefusal.NAME_DIFFERS
    if not is_known and sum(not visitor.is_self for visitor in known) >= VISITORS_PER_TRAVELLER_MAX:
        return VisitorRefusal.TOO_MANY
    visitor, is_new = await _put_visitor(tx, vault, traveller_id, identity, now, is_self=False)
    actor = f"traveller:{traveller_id}"
    await record(tx, [Entry(now, actor, _VISITOR_ACTION[is_new], f"visitor:{visitor.id}")])
    return visitor


async def remove_visitor(tx: Tx, traveller_id: int, visitor_id: int, now: datetime) -> bool:
    """Take a visitor off the list and forget their data; False when there is none (or it is oneself).

    Bookings keep their own sealed party, so a past or coming visit is not touched (PIPL art. 47: the list is no
    longer needed for its purpose).
    """
    row = {"id": visitor_id, "traveller_id": traveller_id, "now": now}
    removed = await (await tx.execute(_SQL["remove_visitor"], row)).fetchone()
    if removed is None:
        return False
    await record(tx, [Entry(now, f"traveller:{traveller_id}", "visitor.removed", f"visitor:{visitor_id}")])
    return True


async def put_self(tx: Tx, vault: Vault, traveller_id: int, now: datetime) -> None:
    """The account's own holder is its first visitor again, as on record; nothing where the record cannot be read."""
    row = await (await tx.execute(_SQL["traveller"], {"id": traveller_id})).fetchone()
    if row is None or row[1] is None:
        return
    try:
        sealed = reseal_identity(vault, row[2], was=TRAVELLER, purpose=VISITOR)
    except SealBroken:
        return
    visitor = {
        "traveller_id": traveller_id,
        "person_key": row[1],
        "sealed": sealed,
        "is_self": True,
        "now": now,
    }
    await tx.execute(_SQL["add_visitor"], visitor)


async def _put_visitor(
    tx: Tx, vault: Vault, traveller_id: int, identity: Identity, now: datetime, *, is_self: bool
) -> tuple[VisitorRecord, bool]:
    person_key = vault.person_key(identity.document.key)
    sealed = seal_identity(vault, identity, purpose=VISITOR)
    row = {
        "traveller_id": traveller_id,
        "person_key": person_key,
        "sealed": sealed,
        "is_self": is_self,
        "now": now,
    }
    [(visitor_id, is_new, kept, is_own)] = await (await tx.execute(_SQL["add_visitor"], row)).fetchall()
    return _visitor(vault, visitor_id, person_key, kept, is_own), is_new


def _visitor(vault: Vault, visitor_id: int, person_key: bytes, sealed: bytes, is_self: bool) -> VisitorRecord:  # noqa: FBT001 - a row
    opened = open_identity(vault, sealed, purpose=VISITOR)
    birth: date | None = opened.birth
    return VisitorRecord(
        id=visitor_id,
        person_key=person_key,
        label=opened.label,
        is_self=is_self,
        birth=birth,
        document_kind=opened.document_kind,
        nationality=opened.nationality,
        name=opened.name,
        document_number=opened.document_number,
        phone=opened.phone,
        expires_on=opened.expires_on,
    )
