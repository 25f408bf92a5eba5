"""The gate against a real server: what is presented, what it admits, what is refused and why."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.gate_fixtures import ADULTS, CHILD, GateFixtures, document
from tests.support.gate_scans import NOW, at_the_gate, count, present
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
async def fixtures(make_database: Callable[[], DbUrls]) -> AsyncIterator[GateFixtures]:
    async with at_the_gate(make_database()) as made:
        yield made


async def test_everything_that_names_a_booking_admits(fixtures: GateFixtures) -> None:
    ways: list[tuple[Callable[[UUID], str], Presented]] = [
        (fixtures.voucher, Presented.VOUCHER),
        (lambda id_: fixtures.voucher(id_).lower(), Presented.VOUCHER),
        (str, Presented.CODE),
        (booking_code, Presented.CODE),
        (lambda id_: f"  {booking_code(id_).lower().replace('-', ' ')}\r\n", Presented.CODE),
    ]
    for number, (way, presented) in enumerate(ways):
        booking_id = await fixtures.book(await fixtures.slot(starts_in_h=-1 - number / 10))
        answer = await present(fixtures, way(booking_id))
        assert (answer.reason, answer.presented) == (Reason.ADMIT, presented)
        assert answer.booking_id == booking_id
        assert (answer.name, answer.document) == ("王*明", "11****1949********")
        assert (answer.product["zh-CN"], answer.label["en"], answer.quantity) == ("门票", "Morning", 1)
    assert await count(fixtures.tx, "booking.redemption") == len(ways)


async def test_a_card_admits_what_it_pays_for_and_its_holder(fixtures: GateFixtures) -> None:
    card_id = await fixtures.card("WY20260001", holder=ADULTS[0])
    assert (await present(fixtures, "WY20260001")).reason is Reason.NO_BOOKING
    await fixtures.book(card_id=card_id, documents=ADULTS[:1])
    paid = await present(fixtures, "wy-2026-0001")
    assert (paid.reason, paid.presented) == (Reason.ADMIT, Presented.CARD)
    await fixtures.card("WY20260002", holder=ADULTS[1])
    await fixtures.book(documents=ADULTS[1:2])
    assert (await present(fixtures, "WY20260002")).reason is Reason.ADMIT


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (CardState.FROZEN, Reason.CARD_FROZEN),
        (CardState.CANCELLED, Reason.CARD_DEAD),
        (CardState.SHIPPED, Reason.CARD_NOT_ACTIVE),
        (CardState.EXPIRED, Reason.CARD_EXPIRED),
    ],
)
async def test_a_card_that_is_not_good_is_refused(
    fixtures: GateFixtures, state: CardState, reason: Reason
) -> None:
    await fixtures.card("WY20260003", state)
    assert (await present(fixtures, "WY20260003")).reason is reason


async def test_a_lost_card_stops_its_vouchers_but_not_its_holder(fixtures: GateFixtures) -> None:
    card_id = await fixtures.card("WY20260004", CardState.FROZEN, holder=ADULTS[0])
    booking_id = await fixtures.book(card_id=card_id)
    assert (await present(fixtures, fixtures.voucher(booking_id))).reason is Reason.CARD_FROZEN
    assert (await present(fixtures, ADULTS[0])).reason is Reason.ADMIT


async def test_a_replaced_number_is_dead_and_the_new_one_lives(fixtures: GateFixtures) -> None:
    card_id = await fixtures.card("WY20260006", holder=ADULTS[0])
    await fixtures.tx.execute(
        """INSERT INTO cards.dead_number (card_no, card_id, died_at, reason, request_id)
           VALUES ('WY20260005', %s, %s, 'lost', %s)""",
        (card_id, NOW, uuid7()),
    )
    await fixtures.book(card_id=card_id)
    assert (await present(fixtures, "WY20260005")).reason is Reason.CARD_DEAD
    assert (await present(fixtures, "WY20260006")).reason is Reason.ADMIT


async def test_why_not(fixtures: GateFixtures) -> None:
    soon = await fixtures.slot(starts_in_h=2)
    over = await fixtures.slot(starts_in_h=-8)
    cases: list[tuple[Awaitable[UUID], Reason]] = [
        (fixtures.book(soon), Reason.NOT_YET),
        (fixtures.book(over), Reason.EXPIRED),
        (fixtures.book(await fixtures.slot(starts_in_h=48)), Reason.WRONG_DAY),
        (fixtures.book(await fixtures.slot("palace")), Reason.WRONG_VENUE),
        (fixtures.book(state=BookingState.CANCELLED), Reason.CANCELLED),
        (fixtures.book(documents=ADULTS[1:2], state=BookingState.HELD), Reason.HELD_UNPAID),
        (fixtures.book(documents=ADULTS[2:3], state=BookingState.NO_SHOW), Reason.EXPIRED),
        (fixtures.book(documents=(CHILD,)), Reason.NEEDS_MANUAL),
    ]
    for made, reason in cases:
        answer = await present(fixtures, fixtures.voucher(await made))
        assert answer.reason is reason
        if reason in {Reason.NOT_YET, Reason.EXPIRED, Reason.WRONG_DAY}:
            assert answer.when is not None
    assert await count(fixtures.tx, "booking.redemption") == 0
    assert await count(fixtures.tx, "gate.scan") == len(cases)


async def test_what_means_nothing_is_named(fixtures: GateFixtures) -> None:
    stranger = GateKeys.from_bytes(bytes(range(7, 39)), bytes(range(8, 40)))
    booking_id = await fixtures.book()
    cases = [
        (fixtures.voucher(booking_id, stranger), Reason.BAD_SIGNATURE),
        (fixtures.voucher(booking_id)[:-9], Reason.UNKNOWN_CODE),
        (fixtures.voucher(uuid7()), Reason.UNKNOWN_CODE),
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
        assert (await present(fixtures, text)).reason is reason, text
    assert (await present(fixtures, "110105491231002")).why == "document_fifteen_digits"
    with pytest.raises(VenueUnknown):
        await present(fixtures, "x", venue_id=10**9)


async def test_a_closure_stops_the_day(fixtures: GateFixtures) -> None:
    booking_id = await fixtures.book()
    closure = NewClosure(
        venue_id=fixtures.here,
        from_date=NOW.date(),
        to_date=NOW.date(),
        reason={"zh-CN": "台风", "en": "Typhoon"},
    )
    closure_id = await add_closure(fixtures.tx, closure)
    answer = await present(fixtures, fixtures.voucher(booking_id))
    assert (answer.reason, answer.closed) == (Reason.VENUE_CLOSED, {"zh-CN": "台风", "en": "Typhoon"})
    assert closure_id is not None


async def test_a_ban_everywhere_goes_to_a_person_and_a_no_show_ban_does_not(fixtures: GateFixtures) -> None:
    async def ban(number: str, policy_code: str) -> None:
        key = fixtures.desk.vault.person_key(document(number, NOW.date()).key)
        await fixtures.tx.execute(
            "INSERT INTO policy.ban VALUES (%s, %s, %s, 'test')", (key, policy_code, NOW + timedelta(days=1))
        )

    await ban(ADULTS[0], "")
    await ban(ADULTS[1], "lingyin")
    await fixtures.book(documents=ADULTS[:2])
    assert (await present(fixtures, ADULTS[0])).reason is Reason.PERSON_BANNED
    assert (await present(fixtures, ADULTS[1])).reason is Reason.ADMIT


async def test_the_presets_grace_widens_the_session(make_database: Callable[[], DbUrls]) -> None:
    import msgspec

    lenient: Preset = msgspec.structs.replace(
        shipped_presets()["lingyin"], entry_early_s=1800, entry_late_s=600
    )
    async with await psycopg.AsyncConnection.connect(make_database().owner_url, autocommit=True) as tx:
        fixtures = await GateFixtures.make(tx, NOW, lingyin=lenient)
        early = await fixtures.book(await fixtures.slot(starts_in_h=0.5))
        late = await fixtures.book(await fixtures.slot(starts_in_h=-4))
        assert (await present(fixtures, str(early))).reason is Reason.ADMIT
        assert (await present(fixtures, str(late), now=NOW + timedelta(seconds=599))).reason is Reason.ADMIT
        later = await present(fixtures, str(await fixtures.book(await fixtures.slot(starts_in_h=-4.2))))
        assert later.reason is Reason.EXPIRED


async def test_the_voucher_of_a_booking_as_people_see_it_admits(fixtures: GateFixtures) -> None:
    booking_id = await fixtures.book(await fixtures.slot(), await fixtures.slot("palace", starts_in_h=23))
    view = await booking_view(fixtures.tx, fixtures.desk.vault, booking_id)
    assert view is not None
    text = voucher_text(view, fixtures.desk.keys, fixtures.desk.presets, NOW)
    claims = read_token(text, fixtures.desk.keys)
    assert isinstance(claims, TokenClaims)
    assert claims.venue_ids == tuple(fixtures.venues.values())
    assert (claims.not_before, claims.expires) == (NOW - timedelta(hours=1), NOW + timedelta(hours=27))
    assert (await present(fixtures, text)).reason is Reason.ADMIT


async def test_two_bookings_of_one_code_go_to_a_person(fixtures: GateFixtures) -> None:
    first = uuid7(1_790_000_000_000, bytes(10))
    second = uuid7(1_790_000_000_000, bytes(9) + b"\x01")
    assert booking_code(first) == booking_code(second)
    for booking_id, number in ((first, ADULTS[0]), (second, ADULTS[1])):
        await fixtures.book(booking_id=booking_id, documents=(number,))
    assert (await present(fixtures, booking_code(first))).reason is Reason.NEEDS_MANUAL
    assert (await present(fixtures, str(first))).reason is Reason.ADMIT
