"""The gate against a real server: what is presented, what it admits, what is refused and why."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.gate_scans import NOW, at_the_gate, count, present
from tests.support.gate_world import ADULTS, CHILD, World, document
from wenyue.booking import BookingState, booking_view
from wenyue.cards import CardState
from wenyue.catalogue import NewClosure, add_closure
from wenyue.core.ids import uuid7
from wenyue.gate import (
    GateKeys,
    Presented,
    Reason,
    TokenClaims,
    booking_code,
    read_token,
    voucher_text,
)
from wenyue.gate.model import VenueUnknown
from wenyue.policy import Preset, shipped_presets

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(make_database: Callable[[], DbUrls]) -> AsyncIterator[World]:
    async with at_the_gate(make_database()) as made:
        yield made


async def test_everything_that_names_a_booking_admits(world: World) -> None:
    ways: list[tuple[Callable[[UUID], str], Presented]] = [
        (world.voucher, Presented.VOUCHER),
        (lambda id_: world.voucher(id_).lower(), Presented.VOUCHER),
        (str, Presented.CODE),
        (booking_code, Presented.CODE),
        (lambda id_: f"  {booking_code(id_).lower().replace('-', ' ')}\r\n", Presented.CODE),
    ]
    for number, (way, presented) in enumerate(ways):
        booking_id = await world.book(await world.slot(starts_in_h=-1 - number / 10))
        answer = await present(world, way(booking_id))
        assert (answer.reason, answer.presented) == (Reason.ADMIT, presented)
        assert answer.booking_id == booking_id
        assert (answer.name, answer.document) == ("王*明", "11****1949********")
        assert (answer.product_zh, answer.label_en, answer.quantity) == ("门票", "Morning", 1)
    assert await count(world.tx, "booking.redemption") == len(ways)


async def test_a_card_admits_what_it_pays_for_and_its_holder(world: World) -> None:
    card_id = await world.card("WY20260001", holder=ADULTS[0])
    assert (await present(world, "WY20260001")).reason is Reason.NO_BOOKING
    await world.book(card_id=card_id, documents=ADULTS[:1])
    paid = await present(world, "wy-2026-0001")
    assert (paid.reason, paid.presented) == (Reason.ADMIT, Presented.CARD)
    await world.card("WY20260002", holder=ADULTS[1])
    await world.book(documents=ADULTS[1:2])
    assert (await present(world, "WY20260002")).reason is Reason.ADMIT


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (CardState.FROZEN, Reason.CARD_FROZEN),
        (CardState.CANCELLED, Reason.CARD_DEAD),
        (CardState.SHIPPED, Reason.CARD_NOT_ACTIVE),
        (CardState.EXPIRED, Reason.CARD_EXPIRED),
    ],
)
async def test_a_card_that_is_not_good_is_refused(world: World, state: CardState, reason: Reason) -> None:
    await world.card("WY20260003", state)
    assert (await present(world, "WY20260003")).reason is reason


async def test_a_lost_card_stops_its_vouchers_but_not_its_holder(world: World) -> None:
    card_id = await world.card("WY20260004", CardState.FROZEN, holder=ADULTS[0])
    booking_id = await world.book(card_id=card_id)
    assert (await present(world, world.voucher(booking_id))).reason is Reason.CARD_FROZEN
    assert (await present(world, ADULTS[0])).reason is Reason.ADMIT


async def test_a_replaced_number_is_dead_and_the_new_one_lives(world: World) -> None:
    card_id = await world.card("WY20260006", holder=ADULTS[0])
    await world.tx.execute(
        """INSERT INTO cards.dead_number (card_no, card_id, died_at, reason, request_id)
           VALUES ('WY20260005', %s, %s, 'lost', %s)""",
        (card_id, NOW, uuid7()),
    )
    await world.book(card_id=card_id)
    assert (await present(world, "WY20260005")).reason is Reason.CARD_DEAD
    assert (await present(world, "WY20260006")).reason is Reason.ADMIT


async def test_why_not(world: World) -> None:
    soon = await world.slot(starts_in_h=2)
    over = await world.slot(starts_in_h=-8)
    cases: list[tuple[Awaitable[UUID], Reason]] = [
        (world.book(soon), Reason.NOT_YET),
        (world.book(over), Reason.EXPIRED),
        (world.book(await world.slot(starts_in_h=48)), Reason.WRONG_DAY),
        (world.book(await world.slot("palace")), Reason.WRONG_VENUE),
        (world.book(state=BookingState.CANCELLED), Reason.CANCELLED),
        (world.book(documents=ADULTS[1:2], state=BookingState.HELD), Reason.HELD_UNPAID),
        (world.book(documents=ADULTS[2:3], state=BookingState.NO_SHOW), Reason.EXPIRED),
        (world.book(documents=(CHILD,)), Reason.NEEDS_MANUAL),
    ]
    for made, reason in cases:
        answer = await present(world, world.voucher(await made))
        assert answer.reason is reason
        if reason in {Reason.NOT_YET, Reason.EXPIRED, Reason.WRONG_DAY}:
            assert answer.when is not None
    assert await count(world.tx, "booking.redemption") == 0
    assert await count(world.tx, "gate.scan") == len(cases)


async def test_what_means_nothing_is_named(world: World) -> None:
    stranger = GateKeys.from_bytes(bytes(range(7, 39)), bytes(range(8, 40)))
    booking_id = await world.book()
    cases = [
        (world.voucher(booking_id, stranger), Reason.BAD_SIGNATURE),
        (world.voucher(booking_id)[:-9], Reason.UNKNOWN_CODE),
        (world.voucher(uuid7()), Reason.UNKNOWN_CODE),
        (str(uuid7()), Reason.UNKNOWN_CODE),
        (booking_code(uuid7()), Reason.UNKNOWN_CODE),
        (ADULTS[2], Reason.NO_BOOKING),
        (ADULTS[0][:-1] + "1", Reason.DOCUMENT_INVALID),
        ("110105491231002", Reason.DOCUMENT_INVALID),
        ("6000202600000019", Reason.UNKNOWN_CODE),
        ("", Reason.UNKNOWN_CODE),
        ("\x00\ud800😀", Reason.UNKNOWN_CODE),
        ("' OR 1=1 --", Reason.UNKNOWN_CODE),
        ("9" * 601, Reason.UNKNOWN_CODE),
    ]
    for text, reason in cases:
        assert (await present(world, text)).reason is reason, text
    assert (await present(world, "110105491231002")).why == "document_fifteen_digits"
    with pytest.raises(VenueUnknown):
        await present(world, "x", venue_id=10**9)


async def test_a_closure_stops_the_day(world: World) -> None:
    booking_id = await world.book()
    closure = NewClosure(
        venue_id=world.here, from_date=NOW.date(), to_date=NOW.date(), reason_zh="台风", reason_en="Typhoon"
    )
    closure_id = await add_closure(world.tx, closure)
    answer = await present(world, world.voucher(booking_id))
    assert (answer.reason, answer.closed_zh, answer.closed_en) == (Reason.VENUE_CLOSED, "台风", "Typhoon")
    assert closure_id is not None


async def test_a_ban_everywhere_goes_to_a_person_and_a_no_show_ban_does_not(world: World) -> None:
    async def ban(number: str, policy_code: str) -> None:
        key = world.desk.vault.person_key(document(number, NOW.date()).key)
        await world.tx.execute(
            "INSERT INTO policy.ban VALUES (%s, %s, %s, 'test')", (key, policy_code, NOW + timedelta(days=1))
        )

    await ban(ADULTS[0], "")
    await ban(ADULTS[1], "lingyin")
    await world.book(documents=ADULTS[:2])
    assert (await present(world, ADULTS[0])).reason is Reason.PERSON_BANNED
    assert (await present(world, ADULTS[1])).reason is Reason.ADMIT


async def test_the_presets_grace_widens_the_session(make_database: Callable[[], DbUrls]) -> None:
    import msgspec

    lenient: Preset = msgspec.structs.replace(
        shipped_presets()["lingyin"], entry_early_s=1800, entry_late_s=600
    )
    async with await psycopg.AsyncConnection.connect(make_database().owner_url, autocommit=True) as tx:
        world = await World.make(tx, NOW, lingyin=lenient)
        early = await world.book(await world.slot(starts_in_h=0.5))
        late = await world.book(await world.slot(starts_in_h=-4))
        assert (await present(world, str(early))).reason is Reason.ADMIT
        assert (await present(world, str(late), now=NOW + timedelta(seconds=599))).reason is Reason.ADMIT
        later = await present(world, str(await world.book(await world.slot(starts_in_h=-4.2))))
        assert later.reason is Reason.EXPIRED


async def test_the_voucher_of_a_booking_as_people_see_it_admits(world: World) -> None:
    booking_id = await world.book(await world.slot(), await world.slot("palace", starts_in_h=23))
    view = await booking_view(world.tx, world.desk.vault, booking_id)
    assert view is not None
    text = voucher_text(view, world.desk.keys, world.desk.presets, NOW)
    claims = read_token(text, world.desk.keys)
    assert isinstance(claims, TokenClaims)
    assert claims.venue_ids == tuple(world.venues.values())
    assert (claims.not_before, claims.expires) == (NOW - timedelta(hours=1), NOW + timedelta(hours=27))
    assert (await present(world, text)).reason is Reason.ADMIT


async def test_two_bookings_of_one_code_go_to_a_person(world: World) -> None:
    first = uuid7(1_790_000_000_000, bytes(10))
    second = uuid7(1_790_000_000_000, bytes(9) + b"\x01")
    assert booking_code(first) == booking_code(second)
    for booking_id, number in ((first, ADULTS[0]), (second, ADULTS[1])):
        await world.book(booking_id=booking_id, documents=(number,))
    assert (await present(world, booking_code(first))).reason is Reason.NEEDS_MANUAL
    assert (await present(world, str(first))).reason is Reason.ADMIT
