"""Writing, sending and listing messages. Every function runs in the caller's transaction."""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from wenyue.accounts import Traveller, traveller
from wenyue.booking import BookingView, EventKind, booking_views
from wenyue.core.limits import PAGE_SIZE, PAGE_SIZE_MAX
from wenyue.core.personal import SealBroken, Secret, Vault
from wenyue.locale import DEFAULT
from wenyue.notifications.model import ListedMessage, Sms, SmsTransport
from wenyue.notifications.phones import count_texts, phone_key_of
from wenyue.notifications.rules import Told, is_still_true, render
from wenyue.notifications.texts import Queued, TextLimits, leaving
from wenyue.platform.database.db import Tx, queries
from wenyue.policy import Preset

SMS_PER_SEND_MAX: Final = 50
_SQL: Final = queries("wenyue.notifications")
_PURPOSE: Final = b"message"
BY_SMS: Final = frozenset(
    {
        EventKind.CONFIRMED,
        EventKind.CANCELLED,
        EventKind.RESCHEDULED,
        EventKind.NO_SHOW,
        EventKind.DISOWNED,
    }
)


class _Content(msgspec.Struct, frozen=True, omit_defaults=True):
    text: str
    phone: str = ""


class _Row(msgspec.Struct, frozen=True):
    booking_id: UUID
    holder_id: int | None
    kind: int
    channel: str
    edition: int
    sealed: str
    state: str
    phone_key: str = ""  # hexadecimal
    is_on_record: bool = False  # of a text: the phone is its account's


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(_Content).decode


async def deliver(
    tx: Tx,
    vault: Vault,
    kind: EventKind,
    booking_ids: Sequence[UUID],
    now: datetime,
    *,
    presets: Mapping[str, Preset],
) -> int:
    """Write the messages of an event for these bookings (at most PAGE_SIZE_MAX), each once; returns how many are new.

    In the list of the account's holder, in their language, and queued as SMS where a phone is known. An event that
    the booking has left behind meanwhile (confirmed, then cancelled) is not told any more. Idempotent by booking,
    kind, channel and, for a booking moved several times, the move (or the place that its person took out).
    """
    people: dict[int, Traveller | None] = {}
    rows: list[_Row] = []
    for view in await booking_views(tx, vault, booking_ids):
        if not is_still_true(kind, view.state):
            continue
        if view.holder_id is not None and view.holder_id not in people:
            people[view.holder_id] = await _traveller(tx, vault, view.holder_id)
        holder = people.get(view.holder_id) if view.holder_id is not None else None
        rows += _rows(vault, kind, view, holder, Told(presets, now))
    if not rows:
        return 0
    cursor = await tx.execute(_SQL["add_messages"], {"rows": _encode(rows).decode(), "now": now})
    return cursor.rowcount


async def send_queued(
    tx: Tx,
    vault: Vault,
    kind: EventKind,
    booking_ids: Sequence[UUID],
    now: datetime,
    *,
    sms: SmsTransport,
    limits: TextLimits,
    withheld: Callable[[int], None] = lambda _holder_id: None,
) -> bool:
    """Offer queued texts of these bookings, at most SMS_PER_SEND_MAX, to `sms`; true when all of those were accepted.

    What `limits` do not let leave is withheld for good (`texts.leaving`), and `withheld` is told whose it was. The texts stay
    locked while they are on their way. Raises OSError when the transport is out of order. A text that cannot be opened any
    more has failed.
    """
    wanted = {"ids": _uuids(booking_ids), "kind": int(kind), "limit": SMS_PER_SEND_MAX}
    queued: list[Queued] = []
    texts: dict[int, str] = {}
    broken: list[int] = []
    rows = await (await tx.execute(_SQL["take_queued"], wanted)).fetchall()
    for id_, sealed, phone_key, holder_id, is_told_later in rows:
        try:
            content = _decode(vault.open_sealed(sealed, purpose=_PURPOSE))
        except SealBroken:
            broken.append(id_)
            continue
        own, other = phone_key_of(vault, content.phone), phone_key_of(vault, content.phone, is_other=True)
        is_other = phone_key == other
        is_past = is_told_later and kind is EventKind.RESCHEDULED
        queued.append(Queued(id_, kind, content.phone, own, other, holder_id, is_other, is_past))
        texts[id_] = content.text
    if broken:
        await tx.execute(_SQL["mark"], {"ids": broken, "state": "failed", "now": now})
    if not queued:
        return True
    ids = set(leaving(queued, await count_texts(tx, queued, now), limits))
    kept = [one for one in queued if one.id not in ids]
    if kept:
        await tx.execute(_SQL["mark"], {"ids": [one.id for one in kept], "state": "withheld", "now": now})
        for one in kept:
            if one.holder_id is not None and not one.is_told_later:
                withheld(one.holder_id)
    batch = [Sms(one.id, Secret(one.phone), texts[one.id]) for one in queued if one.id in ids]
    if not batch:
        return True
    accepted = await sms.send(batch, now)
    await tx.execute(_SQL["mark"], {"ids": sorted(accepted), "state": "sent", "now": now})
    return len(accepted) == len(batch)


async def give_up(tx: Tx, kind: EventKind, booking_ids: Sequence[UUID]) -> int:
    """Texts of these bookings that are still queued have failed; returns how many."""
    cursor = await tx.execute(_SQL["give_up"], {"ids": _uuids(booking_ids), "kind": int(kind)})
    return cursor.rowcount


async def messages_of(tx: Tx, vault: Vault, holder_id: int, limit: int = PAGE_SIZE) -> list[ListedMessage]:
    """A traveller's newest messages, at most `limit` (≤ PAGE_SIZE_MAX); those that cannot be opened are left out."""
    bounded = {"holder_id": holder_id, "limit": max(1, min(limit, PAGE_SIZE_MAX))}
    found: list[ListedMessage] = []
    for id_, booking_id, kind, sealed, at in await (
        await tx.execute(_SQL["messages_of"], bounded)
    ).fetchall():
        try:
            content = _decode(vault.open_sealed(sealed, purpose=_PURPOSE))
        except SealBroken:
            continue
        found.append(ListedMessage(id_, booking_id, EventKind(kind), content.text, at))
    return found


async def _traveller(tx: Tx, vault: Vault, holder_id: int) -> Traveller | None:
    try:
        return await traveller(tx, vault, holder_id)
    except SealBroken:
        return None  # told in the default language, without a phone


def _rows(
    vault: Vault, kind: EventKind, view: BookingView, holder: Traveller | None, told: Told
) -> list[_Row]:
    locale = holder.locale if holder is not None else DEFAULT
    own = holder.phone.reveal() if holder is not None else ""
    phone = view.party.contact_phone or own
    is_other = view.holder_id is not None and phone != own
    edition = _edition(kind, view)
    rows: list[_Row] = []
    if view.holder_id is not None:
        content = _Content(render(kind, view, told, locale, is_signed=False))
        rows.append(_row(vault, kind, view, content, edition=edition))
    if phone and kind in BY_SMS:
        content = _Content(render(kind, view, told, locale, is_signed=True), phone)
        rows.append(_row(vault, kind, view, content, edition=edition, is_other=is_other))
    return rows


def _edition(kind: EventKind, view: BookingView) -> int:
    """What tells several events of one kind apart: the last move, how many places were taken out, missed or are left."""
    if kind is EventKind.DISOWNED:
        return sum(len(line.disowned) for line in view.lines)
    if kind is EventKind.REDUCED:
        return sum(line.quantity for line in view.lines if line.is_live)
    if kind is EventKind.NO_SHOW:
        return sum(line.is_missed for line in view.lines)
    return max((line.line_no for line in view.lines), default=0) if kind is EventKind.RESCHEDULED else 0


def _row(
    vault: Vault,
    kind: EventKind,
    view: BookingView,
    content: _Content,
    *,
    edition: int,
    is_other: bool = False,
) -> _Row:
    sealed = base64.b64encode(vault.seal(_encode(content), purpose=_PURPOSE)).decode()
    channel, state = ("sms", "queued") if content.phone else ("inapp", "sent")
    key = phone_key_of(vault, content.phone, is_other=is_other).hex() if content.phone else ""
    is_on_record = bool(key) and view.holder_id is not None and not is_other
    return _Row(view.id, view.holder_id, int(kind), channel, edition, sealed, state, key, is_on_record)


def _uuids(ids: Sequence[UUID]) -> str:
    return "{" + ",".join(map(str, ids)) + "}"
