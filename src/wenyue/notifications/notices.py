"""Texts about an account and no booking: a code, a warning. Written in the caller's transaction, sent by the worker."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from wenyue.core.personal import SealBroken, Secret, Vault
from wenyue.locale import Locale, Message
from wenyue.notifications.model import Sms, SmsTransport
from wenyue.notifications.phones import CODES, count_notices, note_phone, phone_key_of
from wenyue.notifications.rules import signed
from wenyue.notifications.texts import TextLimits, Waiting, leaving_notices
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.notifications", "notice.sql")
_PURPOSE: Final = b"notice"
_AT_ONCE: Final = 50
_SHIPPED: Final = TextLimits()
GIVEN_UP_S: Final = 3600.0
_ID_FIRST: Final = 1 << 62  # beside the ids of bookings' messages, for the provider


@dataclass(frozen=True, slots=True)
class Notice:
    """One text. `about` and `kind` make it one, however often it is written; one that did not leave is tried anew."""

    about: UUID
    kind: str
    holder_id: int
    phone: Secret[str]
    words: Message
    locale: Locale


class _Content(msgspec.Struct, frozen=True):
    text: str
    phone: str


async def notify(tx: Tx, vault: Vault, notice: Notice, now: datetime) -> None:
    """Queue the text, unless it waits or has left; without a phone there is nobody to tell."""
    phone = notice.phone.reveal()
    if not phone:
        return
    text = signed(notice.words.say(notice.locale), notice.locale)
    sealed = vault.seal(msgspec.json.encode(_Content(text, phone)), purpose=_PURPOSE)
    row = {
        "about": notice.about,
        "kind": notice.kind,
        "holder_id": notice.holder_id,
        "phone_key": phone_key_of(vault, phone),
        "sealed": sealed,
        "now": now,
    }
    await note_phone(tx, phone_key_of(vault, phone), notice.holder_id)
    await tx.execute(_SQL["add_notice"], row)


async def has_notices(tx: Tx) -> bool:
    """Whether any text waits to be sent."""
    row = await (await tx.execute(_SQL["has_queued"])).fetchone()
    return row is not None and bool(row[0])


async def send_notices(
    tx: Tx,
    vault: Vault,
    now: datetime,
    *,
    sms: SmsTransport,
    limits: TextLimits = _SHIPPED,
    withheld: Callable[[int], None] = lambda _holder_id: None,
) -> bool:
    """Give what waits to the transport; true when there may be more. What did not leave within GIVEN_UP_S has failed.

    So has what goes to a country that `limits` does not name. What is too much for its phone is withheld
    (`texts.leaving_notices`) until it is written again, and `withheld` is told whose it was. Raises OSError when the
    transport is out of order: everything stays queued.
    """
    rows = await (await tx.execute(_SQL["take_notices"], {"limit": _AT_ONCE})).fetchall()
    found, lost = dict[int, Sms](), list[int]()
    waiting: list[Waiting] = []
    for id_, sealed, created_at, kind, holder_id in rows:
        try:
            content = msgspec.json.decode(vault.open_sealed(sealed, purpose=_PURPOSE), type=_Content)
        except SealBroken:
            lost.append(id_)
            continue
        if created_at + timedelta(seconds=GIVEN_UP_S) <= now or not limits.is_reached(content.phone):
            lost.append(id_)
        else:
            found[id_] = Sms(_ID_FIRST + id_, Secret(content.phone), content.text)
            waiting.append(Waiting(id_, phone_key_of(vault, content.phone), holder_id, kind, kind in CODES))
    leaving = leaving_notices(waiting, await count_notices(tx, waiting, now)) if waiting else []
    batch, kept = [found.pop(id_) for id_ in leaving], sorted(found)
    if kept:
        await tx.execute(_SQL["mark_notices"], {"ids": kept, "state": "withheld", "now": now})
        for one in waiting:
            if one.id in found:
                withheld(one.holder_id)
    if lost:
        await tx.execute(_SQL["mark_notices"], {"ids": lost, "state": "failed", "now": now})
    if not batch:
        return False
    accepted = sorted(id_ - _ID_FIRST for id_ in await sms.send(batch, now))
    await tx.execute(_SQL["mark_notices"], {"ids": accepted, "state": "sent", "now": now})
    return len(rows) == _AT_ONCE and bool(accepted)


async def is_told(tx: Tx, about: UUID, kind: str) -> bool:
    """Whether the transport accepted this text."""
    row = await (await tx.execute(_SQL["is_sent"], {"about": about, "kind": kind})).fetchone()
    return row is not None and bool(row[0])
