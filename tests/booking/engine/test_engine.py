"""The booking engine on a real PostgreSQL: all or nothing, replays, holds, moves, capacity, one person one day."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

import psycopg
import pytest
from msgspec import structs

from tests.support.database import DbUrls, both
from wenyue.booking import (
    BookingRequest,
    BookingState,
    ChangeKind,
    ChangeRequest,
    Engine,
    Outcome,
    WantedLine,
)
from wenyue.booking.engine import batch
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import Database, Tx
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio
DAY = date(2026, 3, 3)


@dataclass
class Stage:
    """A running engine, a connection to look with, and a clock that tests turn."""

    db: Database
    engine: Engine
    tx: Tx
    now: datetime
    made: int = 0

    async def slot(self, capacity: int, **more: object) -> int:
        """A slot of a venue of its own."""
        self.made += 1
        venue_id, product_id = await dataset.product(self.tx, f"v{self.made}-{uuid7()}")
        return await dataset.slot(self.tx, venue_id, product_id, DAY, 2, capacity, **more)  # type: ignore[arg-type] # keywords pass through

    async def card(self, **more: object) -> dataset.Card:
        """Another inhabitant's card."""
        return await dataset.card(self.tx, uuid7().int % 10**9, **more)  # type: ignore[arg-type] # keywords pass through

    async def pool(self, slot_id: int) -> tuple[int, int]:
        """(held, sold) of the slot's own pool."""
        cursor = await self.tx.execute(
            "SELECT held, sold FROM booking.pool WHERE id = (SELECT pool_ids[1] FROM booking.slot WHERE id = %s)",
            [slot_id],
        )
        row = await cursor.fetchone()
        assert row is not None
        return row[0], row[1]

    async def used(self, card: dataset.Card) -> int:
        """How much of the card's first entitlement is used."""
        row = await (
            await self.tx.execute("SELECT used FROM cards.entitlement WHERE card_id = %s", [card.id])
        ).fetchone()
        assert row is not None
        return row[0]


@pytest.fixture
async def stage(db_urls: DbUrls) -> AsyncIterator[Stage]:
    async with both(db_urls) as (db, tx):
        types = {dataset.OPEN_TYPE: await dataset.card_type(tx)}
        box: list[Stage] = []
        engine = Engine(db, dataset.rulebook(types), clock=lambda: box[0].now)
        box.append(Stage(db, engine, tx, dataset.START))
        await engine.start()
        yield box[0]
        await engine.drain()


async def test_a_booking_draws_one_place_and_one_entitlement(stage: Stage) -> None:
    slot_id, card = await stage.slot(5), await stage.card()
    answer = await stage.engine.book(dataset.request(card, slot_id))
    assert answer.outcome is Outcome.CONFIRMED
    assert await stage.pool(slot_id) == (0, 1)
    assert await stage.used(card) == 1


async def test_a_replay_gets_the_same_answer_and_another_body_is_named(stage: Stage) -> None:
    slot_id, card = await stage.slot(5), await stage.card()
    request = dataset.request(card, slot_id)
    assert (await stage.engine.book(request)).outcome is Outcome.CONFIRMED
    again = await stage.engine.book(request)
    assert (again.outcome, again.is_replay) == (Outcome.CONFIRMED, True)
    other = dataset.request(card, slot_id, booking_id=request.id, is_hold=True)
    assert (await stage.engine.book(other)).outcome is Outcome.ID_REUSED
    assert await stage.pool(slot_id) == (0, 1)


async def test_simultaneous_replays_book_once(stage: Stage) -> None:
    slot_id, card = await stage.slot(5), await stage.card()
    request = dataset.request(card, slot_id)
    answers = await asyncio.gather(*(stage.engine.book(request) for _ in range(20)))
    assert {answer.outcome for answer in answers} == {Outcome.CONFIRMED}
    assert sum(not answer.is_replay for answer in answers) == 1
    assert await stage.pool(slot_id) == (0, 1)


async def test_the_last_place_goes_to_one_of_many(stage: Stage) -> None:
    slot_id = await stage.slot(7)
    cards = [await stage.card() for _ in range(40)]
    answers = await asyncio.gather(*(stage.engine.book(dataset.request(card, slot_id)) for card in cards))
    outcomes = [answer.outcome for answer in answers]
    assert outcomes.count(Outcome.CONFIRMED) == 7
    assert outcomes.count(Outcome.SOLD_OUT) == 33
    assert await stage.pool(slot_id) == (0, 7)


async def test_all_lines_or_none(stage: Stage) -> None:
    first, second, card, rival = (
        await stage.slot(5),
        await stage.slot(1),
        await stage.card(),
        await stage.card(),
    )
    assert (await stage.engine.book(dataset.request(rival, second))).outcome is Outcome.CONFIRMED
    answer = await stage.engine.book(dataset.request(card, first, second))
    assert (answer.outcome, answer.line) == (Outcome.SOLD_OUT, 1)
    assert await stage.pool(first) == (0, 0)
    assert await stage.used(card) == 0


async def test_one_person_one_day_and_free_again_after_cancelling(stage: Stage) -> None:
    slot_id, card, rival = await stage.slot(9), await stage.card(), await stage.card()
    request = dataset.request(card, slot_id)
    assert (await stage.engine.book(request)).outcome is Outcome.CONFIRMED
    borrowed = dataset.request(rival, slot_id, people=(card.holder_key,))
    assert (await stage.engine.book(borrowed)).outcome is Outcome.PERSON_TWICE
    cancel = ChangeRequest(ChangeKind.CANCEL, request.id, "traveller", holder_id=card.holder_id)
    assert (await stage.engine.change(cancel)).outcome is Outcome.CANCELLED
    assert (await stage.engine.change(cancel)).is_replay
    assert await stage.used(card) == 0
    assert (await stage.engine.book(borrowed)).outcome is Outcome.CONFIRMED
    assert await stage.pool(slot_id) == (0, 1)


async def test_a_strangers_booking_is_not_found(stage: Stage) -> None:
    slot_id, card, rival = await stage.slot(9), await stage.card(), await stage.card()
    request = dataset.request(card, slot_id)
    await stage.engine.book(request)
    theft = ChangeRequest(ChangeKind.CANCEL, request.id, "traveller", holder_id=rival.holder_id)
    assert (await stage.engine.change(theft)).outcome is Outcome.NOT_FOUND


async def test_a_hold_is_confirmed_in_time_and_expires_otherwise(stage: Stage) -> None:
    slot_id, card, rival = await stage.slot(2), await stage.card(), await stage.card()
    held, late = dataset.request(card, slot_id, is_hold=True), dataset.request(rival, slot_id, is_hold=True)
    assert (await stage.engine.book(held)).outcome is Outcome.HELD
    assert (await stage.engine.book(late)).outcome is Outcome.HELD
    assert await stage.pool(slot_id) == (2, 0)
    confirm = ChangeRequest(ChangeKind.CONFIRM, held.id, "traveller", holder_id=card.holder_id)
    assert (await stage.engine.change(confirm)).outcome is Outcome.CONFIRMED
    assert await stage.pool(slot_id) == (1, 1)
    stage.now += timedelta(minutes=20)
    answer = await stage.engine.change(ChangeRequest(ChangeKind.CONFIRM, late.id, "traveller"))
    assert (answer.outcome, answer.state) == (Outcome.WRONG_STATE, BookingState.EXPIRED)
    assert await stage.pool(slot_id) == (0, 1)
    assert await stage.used(rival) == 0


@pytest.mark.parametrize(
    ("state", "outcome"), [(4, Outcome.CARD_FROZEN), (5, Outcome.CARD_DEAD), (6, Outcome.CARD_DEAD)]
)
async def test_suite_L2_a_hold_on_a_card_that_was_frozen_since_is_not_confirmed(
    stage: Stage, state: int, outcome: Outcome
) -> None:
    slot_id, card = await stage.slot(2), await stage.card()
    held = dataset.request(card, slot_id, is_hold=True)
    assert (await stage.engine.book(held)).outcome is Outcome.HELD
    confirm = ChangeRequest(ChangeKind.CONFIRM, held.id, "traveller", holder_id=card.holder_id)
    await stage.tx.execute("UPDATE cards.card SET state = %s WHERE id = %s", [state, card.id])
    refused = await stage.engine.change(confirm)
    assert (refused.outcome, refused.line, refused.state) == (outcome, 0, BookingState.HELD)
    assert await stage.pool(slot_id) == (1, 0)
    await stage.tx.execute("UPDATE cards.card SET state = 3 WHERE id = %s", [card.id])
    assert (await stage.engine.change(confirm)).outcome is Outcome.CONFIRMED
    assert (await stage.pool(slot_id), await stage.used(card)) == ((0, 1), 1)


async def test_a_move_gives_the_old_place_up_only_if_the_new_one_is_had(stage: Stage) -> None:
    venue_id, product_id = await dataset.product(stage.tx, f"m-{uuid7()}")
    old, new, full = [
        await dataset.slot(stage.tx, venue_id, product_id, day, 2, capacity, day_capacity=50)
        for day, capacity in ((DAY, 3), (DAY + timedelta(days=1), 3), (DAY + timedelta(days=2), 0))
    ]
    card = await stage.card()
    request = dataset.request(card, old)
    await stage.engine.book(request)

    def move(slot_id: int) -> ChangeRequest:
        return ChangeRequest(ChangeKind.MOVE, request.id, "traveller", card.holder_id, moves=((0, slot_id),))

    assert (await stage.engine.change(move(full))).outcome is Outcome.SOLD_OUT
    assert await stage.pool(old) == (0, 1)
    assert (await stage.engine.change(move(new))).outcome is Outcome.RESCHEDULED
    assert (await stage.engine.change(move(new))).is_replay
    assert await stage.pool(old) == (0, 0)
    assert await stage.pool(new) == (0, 1)
    assert await stage.used(card) == 1


async def test_before_release_nobody_books(stage: Stage) -> None:
    slot_id = await stage.slot(9, release_at=stage.now + timedelta(hours=1))
    card = await stage.card()
    answer = await stage.engine.book(dataset.request(card, slot_id))
    assert (answer.outcome, answer.at) == (Outcome.NOT_RELEASED, stage.now + timedelta(hours=1))
    stage.now += timedelta(hours=1)
    assert (await stage.engine.book(dataset.request(card, slot_id))).outcome is Outcome.CONFIRMED


async def test_sold_out_is_told_from_memory_but_never_to_a_replay(stage: Stage) -> None:
    slot_id, card, rival = await stage.slot(1), await stage.card(), await stage.card()
    request = dataset.request(card, slot_id)
    assert (await stage.engine.book(request)).outcome is Outcome.CONFIRMED

    async def refused() -> object:
        request = dataset.request(rival, slot_id)
        return await stage.engine.refuse_early(request.id, request.lines)

    async def told_from_memory() -> None:
        while await refused() is None:
            assert (await stage.engine.book(dataset.request(rival, slot_id))).outcome is Outcome.SOLD_OUT
            await asyncio.sleep(0.01)

    await asyncio.wait_for(told_from_memory(), 30)
    assert (await stage.engine.book(request)).outcome is Outcome.CONFIRMED
    cancel = ChangeRequest(ChangeKind.CANCEL, request.id, "traveller", holder_id=card.holder_id)
    assert (await stage.engine.change(cancel)).outcome is Outcome.CANCELLED

    async with asyncio.timeout(30):
        while (await stage.engine.book(dataset.request(rival, slot_id))).outcome is not Outcome.CONFIRMED:
            await asyncio.sleep(0.02)  # a traveller asking again


async def test_a_changed_slot_is_noticed_by_its_pools_revision(stage: Stage) -> None:
    slot_id, card, other = await stage.slot(9), await stage.card(), await stage.card()
    assert (await stage.engine.book(dataset.request(card, slot_id))).outcome is Outcome.CONFIRMED
    await stage.tx.execute("UPDATE booking.slot SET is_open = false WHERE id = %s", [slot_id])
    await stage.tx.execute(
        "UPDATE booking.pool SET revision = revision + 1 WHERE id = (SELECT pool_ids[1] FROM booking.slot WHERE id = %s)",
        [slot_id],
    )
    assert (await stage.engine.book(dataset.request(other, slot_id))).outcome is Outcome.SLOT_CLOSED


async def test_the_application_cannot_delete_bookings(stage: Stage) -> None:
    for statement in (
        "DELETE FROM booking.booking",
        "TRUNCATE booking.booking",
        "DROP TABLE booking.booking",
    ):
        async with stage.db.connection() as tx:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await tx.execute(statement)


async def test_two_processes_share_a_session_to_the_last_place(stage: Stage) -> None:
    slot_id = await stage.slot(120, day_capacity=1000)
    cards = [await stage.card() for _ in range(200)]
    second = Engine(stage.db, stage.engine.rulebook, clock=lambda: stage.now)
    await second.start()
    try:
        engines = [stage.engine, second]
        answers: list[Outcome] = []

        async def come(number: int, card: dataset.Card) -> None:
            answers.append((await engines[number % 2].book(dataset.request(card, slot_id))).outcome)

        await asyncio.gather(*(come(number, card) for number, card in enumerate(cards)))
    finally:
        await second.drain()
    assert answers.count(Outcome.CONFIRMED) == 120
    assert answers.count(Outcome.SOLD_OUT) == 80
    assert await stage.pool(slot_id) == (0, 120)


async def test_a_pool_that_changes_under_an_unlocked_batch_is_decided_again(stage: Stage) -> None:
    """Between reading a roomy pool and writing it, somebody closes it: the guard notices, nothing is booked."""
    slot_id, card = await stage.slot(1000), await stage.card()
    await stage.engine.book(dataset.request(await stage.card(), slot_id))  # the slot is known now
    decide_now = partial(
        batch.execute, now=stage.now, rulebook=stage.engine.rulebook, views=stage.engine.views
    )
    request = dataset.request(card, slot_id)
    with psycopg.connect(stage.db.url, autocommit=True) as operator:

        def close_the_slot(step: str) -> None:
            if step == batch.STEP.DECIDED:
                operator.execute(
                    "UPDATE booking.pool SET is_open = false, revision = revision + 1"
                    " WHERE id = (SELECT pool_ids[1] FROM booking.slot WHERE id = %s)",
                    [slot_id],
                )

        async with stage.db.connection() as tx:
            with pytest.raises(psycopg.errors.SerializationFailure):
                await decide_now(tx, [request], probe=close_the_slot)
            assert (await decide_now(tx, [request]))[0].outcome is Outcome.STALE_FACTS
    assert await stage.pool(slot_id) == (0, 1)
    assert await stage.used(card) == 0


async def test_a_request_that_breaks_its_batch_costs_nobody_else(stage: Stage) -> None:
    slot_id = await stage.slot(50)
    requests = [dataset.request(await stage.card(), slot_id) for _ in range(7)]
    # No face lets this through: a visitor who is not in the request. It stands for any defect.
    requests[3] = structs.replace(requests[3], lines=(WantedLine(slot_id, 1, (7,), is_on_card=True),))
    answers = await asyncio.gather(*(stage.engine.book(request) for request in requests))
    outcomes = [answer.outcome for answer in answers]
    assert outcomes.count(Outcome.CONFIRMED) == 6
    assert outcomes[3] is Outcome.BUSY
    assert await stage.pool(slot_id) == (0, 6)


async def test_one_booking_is_paid_in_one_currency(stage: Stage) -> None:
    card, yuan, euro = await stage.card(), await stage.slot(5), await stage.slot(5)
    await stage.tx.execute(
        "UPDATE booking.slot SET currency = 'EUR', price_minor = 900 WHERE id = %s", [euro]
    )

    def paid(*slot_ids: int) -> BookingRequest:
        lines = tuple(WantedLine(slot_id, 1, (0,)) for slot_id in slot_ids)
        return structs.replace(dataset.request(card, *slot_ids), lines=lines)

    assert (await stage.engine.book(paid(yuan, euro))).outcome is Outcome.CURRENCIES_MIXED
    booked = await stage.engine.book(paid(euro))
    assert (booked.outcome, booked.currency, booked.total_minor) == (Outcome.CONFIRMED, "EUR", 900)
    cursor = await stage.tx.execute("SELECT currency FROM booking.booking WHERE id = %s", [booked.booking_id])
    assert await cursor.fetchone() == ("EUR",)
    on_card = dataset.request(await stage.card(), yuan, euro)
    assert (await stage.engine.book(on_card)).outcome is Outcome.CONFIRMED
