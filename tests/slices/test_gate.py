"""The gate against a real server: what is admitted once, what is refused and why, and what two gates do at once."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.gate_world import ADULTS, CHILD, World, document
from wenyue.accounts import Identity, traveller_for
from wenyue.booking import BookingState, booking_view
from wenyue.cards import CardState
from wenyue.catalogue import NewClosure, add_closure
from wenyue.gate import (
    GateKeys,
    Presented,
    Reason,
    ScanAnswer,
    ScanIdReused,
    ScanRequest,
    TokenClaims,
    UndoOutcome,
    VenueUnknown,
    booking_code,
    read_token,
    recent,
    scan,
    scan_party,
    undo,
    voucher_text,
)
from wenyue.infra.db import Tx
from wenyue.kernel.ids import uuid7
from wenyue.policy import Preset, shipped_presets

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 10, 2, 1, 0, tzinfo=UTC)
EVERY_VENUE: frozenset[int] = frozenset()


@pytest.fixture
async def world(make_database: Callable[[], DbUrls]) -> AsyncIterator[World]:
    urls = make_database()
    async with await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) as tx:
        yield await World.make(tx, NOW)


async def present(world: World, text: str, *, now: datetime = NOW, **changes: Any) -> ScanAnswer:
    known: dict[str, Any] = {
        "scan_id": uuid7(),
        "venue_id": world.here,
        "gate": "北门",
        "staff_id": None,
        "presented": text,
    }
    async with world.tx.transaction():
        return await scan(world.tx, world.desk, ScanRequest(**{**known, **changes}), now)


async def count(tx: Tx, table: str) -> int:
    statement: Any = f"SELECT count(*) FROM {table}"
    return (await (await tx.execute(statement)).fetchall())[0][0]


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
        assert (answer.name, answer.document) == ("王*明", "110***********002X")
        assert (answer.product_zh, answer.label_en, answer.quantity) == ("门票", "Morning", 1)
    assert await count(world.tx, "booking.redemption") == len(ways)


@pytest.mark.parametrize("typed", [ADULTS[0], "１１０１０５ 19491231 002x", "110105-19491231-002X\u200b"])
async def test_the_persons_document_admits_that_person_of_a_party(world: World, typed: str) -> None:
    await world.book(documents=(ADULTS[1], ADULTS[0]))
    answer = await present(world, typed)
    assert (answer.reason, answer.presented, answer.visitor_no) == (Reason.ADMIT, Presented.DOCUMENT, 1)
    assert (await present(world, typed)).reason is Reason.ALREADY_USED
    assert (await present(world, ADULTS[1])).reason is Reason.ADMIT


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
    async with await psycopg.AsyncConnection.connect(make_database().app_url, autocommit=True) as tx:
        world = await World.make(tx, NOW, lingyin=lenient)
        early = await world.book(await world.slot(starts_in_h=0.5))
        late = await world.book(await world.slot(starts_in_h=-4))
        assert (await present(world, str(early))).reason is Reason.ADMIT
        assert (await present(world, str(late), now=NOW + timedelta(seconds=599))).reason is Reason.ADMIT
        later = await present(world, str(await world.book(await world.slot(starts_in_h=-4.2))))
        assert later.reason is Reason.EXPIRED


async def test_a_party_is_asked_about_until_all_are_in(world: World) -> None:
    booking_id = await world.book(documents=(*ADULTS[:2], CHILD))
    voucher = world.voucher(booking_id)
    asked = await present(world, voucher)
    assert asked.reason is Reason.CHOOSE_VISITOR
    offered = [(choice.visitor_no, choice.name, choice.is_waiting) for choice in asked.choices]
    assert offered == [(0, "王*明", False), (1, "李*", False), (2, "韩*梅", True)]
    assert (await present(world, voucher, visitor_no=2)).reason is Reason.MINOR_WAITS
    assert (await present(world, voucher, visitor_no=0, line_no=0)).reason is Reason.ADMIT
    assert (await present(world, voucher, visitor_no=0)).reason is Reason.ALREADY_USED
    assert (
        await present(world, voucher)
    ).reason is Reason.CHOOSE_VISITOR  # never uses up the next one's place
    assert (await present(world, voucher, visitor_no=2)).reason is Reason.ADMIT
    assert (await present(world, voucher, visitor_no=1)).reason is Reason.ADMIT
    assert (await present(world, voucher)).reason is Reason.ALREADY_USED
    assert (await present(world, voucher, visitor_no=7)).reason is Reason.NOT_IN_PARTY


async def test_a_family_goes_in_together(world: World) -> None:
    booking_id = await world.book(documents=(CHILD, *ADULTS[:2]))
    asked = await present(world, str(booking_id))
    places = [(choice.line_no, choice.visitor_no) for choice in asked.choices]
    assert places == [(0, 1), (0, 2), (0, 0)]  # the child last
    request = ScanRequest(uuid7(), world.here, "北门", None, str(booking_id))
    for is_replay in (False, True):
        answers = await scan_party(world.tx, world.desk, request, places, NOW)
        assert [(one.reason, one.is_replay) for one in answers] == [(Reason.ADMIT, is_replay)] * 3
    assert await count(world.tx, "booking.redemption") == 3


async def test_one_persons_ticket_and_shuttle_are_asked_about(world: World) -> None:
    booking_id = await world.book(await world.slot(), await world.slot(product="shuttle"))
    asked = await present(world, ADULTS[0])
    assert [(choice.line_no, choice.product_zh) for choice in asked.choices] == [(0, "门票"), (1, "接驳车")]
    assert (await present(world, str(booking_id), line_no=1)).reason is Reason.ADMIT
    left = await present(world, ADULTS[0])
    assert (left.reason, [choice.line_no for choice in left.choices]) == (Reason.CHOOSE_VISITOR, [0])


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


async def test_unnamed_places_go_in_together_once(world: World) -> None:
    booking_id = await world.book(quantity=40)
    answer = await present(world, str(booking_id))
    assert (answer.reason, answer.quantity) == (Reason.ADMIT, 40)
    assert (await present(world, str(booking_id))).reason is Reason.ALREADY_USED


async def test_whoever_booked_a_table_needs_only_their_document_or_card(world: World) -> None:
    identity = Identity("王小明", document(ADULTS[0], NOW.date()))
    holder_id = await traveller_for(world.tx, world.desk.vault, identity, NOW)
    await world.card("6000202600000019", holder=ADULTS[0])
    await world.book(quantity=4, documents=(), holder_id=holder_id)
    assert (await present(world, ADULTS[1])).reason is Reason.NO_BOOKING
    answer = await present(world, ADULTS[0])
    assert (answer.reason, answer.quantity, answer.name) == (Reason.ADMIT, 4, "赵*生")
    again = await present(world, "6000 2026 0000 0019")
    assert (again.reason, again.presented) == (Reason.ALREADY_USED, Presented.CARD)


async def test_booking_for_others_is_not_ones_own_place(world: World) -> None:
    identity = Identity("王小明", document(ADULTS[0], NOW.date()))
    holder_id = await traveller_for(world.tx, world.desk.vault, identity, NOW)
    await world.book(documents=ADULTS[1:], holder_id=holder_id)
    assert (await present(world, ADULTS[0])).reason is Reason.NO_BOOKING


async def test_two_bookings_of_one_code_go_to_a_person(world: World) -> None:
    first = uuid7(1_790_000_000_000, bytes(10))
    second = uuid7(1_790_000_000_000, bytes(9) + b"\x01")
    assert booking_code(first) == booking_code(second)
    for booking_id, number in ((first, ADULTS[0]), (second, ADULTS[1])):
        await world.book(booking_id=booking_id, documents=(number,))
    assert (await present(world, booking_code(first))).reason is Reason.NEEDS_MANUAL
    assert (await present(world, str(first))).reason is Reason.ADMIT


async def test_the_same_scan_is_one_scan(world: World) -> None:
    voucher, scan_id = world.voucher(await world.book()), uuid7()
    first = await present(world, voucher, scan_id=scan_id)
    again = await present(world, voucher, scan_id=scan_id, now=NOW + timedelta(minutes=3))
    assert first.reason is again.reason is Reason.ADMIT
    assert (again.is_replay, again.at, again.name) == (True, NOW, first.name)
    assert await count(world.tx, "booking.redemption") == await count(world.tx, "gate.scan") == 1
    with pytest.raises(ScanIdReused):
        await present(world, ADULTS[0], scan_id=scan_id)


async def test_a_second_scan_says_when_and_where(world: World) -> None:
    voucher = world.voucher(await world.book())
    await present(world, voucher, gate="南门")
    second = await present(world, voucher, now=NOW + timedelta(minutes=3))
    assert (second.reason, second.when, second.used_gate) == (Reason.ALREADY_USED, NOW, "南门")


async def test_names_and_documents_are_not_stored_with_the_scan(world: World) -> None:
    await world.book(documents=ADULTS[:2])
    await present(world, ADULTS[0])
    party = await world.book(await world.slot(product="shuttle"), documents=ADULTS[:2])
    assert len((await present(world, world.voucher(party))).choices) == 2
    for row in await (await world.tx.execute("SELECT answer, presented FROM gate.scan")).fetchall():
        stored = json.dumps(row[0], ensure_ascii=False)
        assert "王" not in stored
        assert "002X" not in stored
        assert len(row[1]) == 16


@pytest.mark.parametrize("gates", [2, 8])
async def test_gates_that_scan_one_voucher_at_once_admit_it_once(
    make_database: Callable[[], DbUrls], gates: int
) -> None:
    urls = make_database()
    async with await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) as tx:
        world = await World.make(tx, NOW)
        slots = [await world.slot(starts_in_h=-1 - number / 10) for number in range(10)]
        vouchers = [world.voucher(await world.book(slot)) for slot in slots]
        connections = [
            await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) for _ in range(gates)
        ]

        async def gate(number: int, voucher: str) -> Reason:
            request = ScanRequest(uuid7(), world.here, f"gate {number}", None, voucher)
            async with connections[number].transaction():
                return (await scan(connections[number], world.desk, request, NOW)).reason

        for voucher in vouchers:
            reasons = await asyncio.gather(*(gate(number, voucher) for number in range(gates)))
            assert sorted(reasons) == [Reason.ADMIT, *[Reason.ALREADY_USED] * (gates - 1)]
        assert await count(tx, "booking.redemption") == len(vouchers)
        for connection in connections:
            await connection.close()


async def test_a_gate_waits_for_the_other_and_then_tells_its_time(
    make_database: Callable[[], DbUrls],
) -> None:
    """The race in slow motion: the second scan is decided as an admission, and loses at the unique index."""
    urls = make_database()
    async with (
        await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) as north,
        await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) as south,
    ):
        world = await World.make(north, NOW)
        voucher = world.voucher(await world.book())
        later = NOW + timedelta(seconds=2)

        async def second() -> ScanAnswer:
            async with south.transaction():
                request = ScanRequest(uuid7(), world.here, "南门", None, voucher)
                return await scan(south, world.desk, request, later)

        async with north.transaction():
            first = await scan(
                north, world.desk, ScanRequest(uuid7(), world.here, "北门", None, voucher), NOW
            )
            waiting = asyncio.create_task(second())
            async with await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) as watcher:
                blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
                while (await (await watcher.execute(blocked)).fetchall())[0][0] == 0:
                    assert not waiting.done()
        lost = await waiting
    assert first.reason is Reason.ADMIT
    assert (lost.reason, lost.when, lost.used_gate) == (Reason.ALREADY_USED, NOW, "北门")


async def test_a_booking_cancelled_under_the_scan_is_not_admitted(
    make_database: Callable[[], DbUrls],
) -> None:
    urls = make_database()
    async with (
        await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) as desk,
        await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) as gate,
    ):
        world = await World.make(desk, NOW)
        booking_id = await world.book()

        async def admit() -> ScanAnswer:
            async with gate.transaction():
                request = ScanRequest(uuid7(), world.here, "北门", None, str(booking_id))
                return await scan(gate, world.desk, request, NOW)

        async with desk.transaction():
            await desk.execute("UPDATE booking.booking SET state = %s", (BookingState.CANCELLED,))
            await desk.execute("UPDATE booking.line SET is_live = false")
            await desk.execute("UPDATE booking.place SET is_live = false")
            scanning = asyncio.create_task(admit())
            async with await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) as watcher:
                blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
                while (await (await watcher.execute(blocked)).fetchall())[0][0] == 0:
                    assert not scanning.done()
        assert (await scanning).reason is Reason.CANCELLED
        assert await count(desk, "booking.redemption") == 0


async def take_back(world: World, scan_id: UUID, **changes: Any) -> UndoOutcome:
    known: dict[str, Any] = {
        "staff_id": 3,
        "venue_ids": EVERY_VENUE,
        "reason": "扫错人",
        "now": NOW + timedelta(minutes=1),
    }
    async with world.tx.transaction():
        return await undo(world.tx, scan_id, **{**known, **changes})


async def test_a_scan_taken_back_frees_the_place(world: World) -> None:
    voucher, scan_id = world.voucher(await world.book()), uuid7()
    await present(world, voucher, scan_id=scan_id)
    assert await take_back(world, scan_id) is UndoOutcome.UNDONE
    assert await take_back(world, scan_id, reason="again") is UndoOutcome.UNDONE
    assert await count(world.tx, "gate.undo") == 1
    replay = await present(world, voucher, scan_id=scan_id)
    assert (replay.reason, replay.undone_at) == (Reason.ADMIT, NOW + timedelta(minutes=1))
    assert (await present(world, voucher)).reason is Reason.ADMIT
    rows = await (
        await world.tx.execute("SELECT actor, action, detail FROM audit.entry ORDER BY id")
    ).fetchall()
    assert [row[1] for row in rows] == ["gate.admitted", "gate.undone", "gate.admitted"]
    assert rows[1] == ("staff:3", "gate.undone", {"scan": str(scan_id), "reason": "扫错人"})


async def test_what_cannot_be_taken_back(world: World) -> None:
    voucher, scan_id, refused = world.voucher(await world.book()), uuid7(), uuid7()
    await present(world, voucher, scan_id=scan_id)
    await present(world, voucher, scan_id=refused)
    assert await take_back(world, uuid7()) is UndoOutcome.UNKNOWN_SCAN
    assert await take_back(world, scan_id, venue_ids=frozenset({10**9})) is UndoOutcome.UNKNOWN_SCAN
    assert await take_back(world, refused) is UndoOutcome.NOT_ADMITTED
    assert await take_back(world, scan_id, reason="  ") is UndoOutcome.REASON_NEEDED
    assert await take_back(world, scan_id, now=NOW + timedelta(hours=3)) is UndoOutcome.TOO_LATE
    assert await count(world.tx, "gate.undo") == 0
    assert await take_back(world, scan_id, venue_ids=frozenset({world.here})) is UndoOutcome.UNDONE


async def test_the_last_scans_of_one_gate(world: World) -> None:
    voucher, scan_id = world.voucher(await world.book()), uuid7()
    await present(world, voucher, scan_id=scan_id)
    for minute in range(1, 4):
        await present(world, voucher, now=NOW + timedelta(minutes=minute))
    await present(world, "nonsense", gate="南门")
    await take_back(world, scan_id)
    last = await recent(world.tx, world.desk.vault, venue_id=world.here, gate="北门", limit=3)
    assert [one.reason for one in last] == [Reason.ALREADY_USED] * 3
    everything = await recent(world.tx, world.desk.vault, venue_id=world.here, gate="北门", limit=10**6)
    assert (everything[-1].name, everything[-1].undone_at) == ("王*明", NOW + timedelta(minutes=1))


async def test_a_party_that_cannot_be_opened_is_admitted_without_names(world: World) -> None:
    booking_id = await world.book()
    await world.tx.execute("UPDATE booking.booking SET party = 'broken'")
    answer = await present(world, str(booking_id))
    assert (answer.reason, answer.name, answer.document) == (Reason.ADMIT, "", "")
