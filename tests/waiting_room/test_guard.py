"""What stands behind the waiting room: bookings of guarded slots are refused until a token of the room is shown."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.room_fixtures import DAY, VENUE, Line, RoomFixtures, at_the_room, pass_of
from wenyue.waiting_room import RefusedFor, RoomProblem, TokenGiven

pytestmark = pytest.mark.anyio


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[RoomFixtures]:
    async with at_the_room(make_database(), tmp_path) as made:
        yield made


async def test_a_process_that_never_saw_the_database_lets_nobody_through(fixtures: RoomFixtures) -> None:
    web = fixtures.process()
    refusal = web.refuse(1, [Line(5)])
    assert refusal is not None
    assert (refusal.reason, refusal.address) == (RefusedFor.NOT_READY, "")
    assert await web.give_pass("golden-week", 1) is RoomProblem.BUSY


async def test_guarded_slots_want_a_token_of_the_account_and_the_room(fixtures: RoomFixtures) -> None:
    guarded, other_day = await fixtures.add_slot(), await fixtures.add_slot(DAY + timedelta(days=1))
    other_product = await fixtures.add_slot(product=8)
    await fixtures.open()
    web = await fixtures.web()
    given = await pass_of(web, 1)
    refusal = web.refuse(1, [Line(other_day), Line(guarded)])
    assert refusal is not None
    assert (refusal.reason, refusal.address) == (RefusedFor.NOT_ADMITTED, "/room/golden-week")
    assert web.refuse(1, [Line(other_day), Line(other_product)]) is None
    await fixtures.release(web)
    await fixtures.run(3, web)
    token = await web.exchange("golden-week", 1, given.text)
    assert isinstance(token, TokenGiven)
    assert web.refuse(1, [Line(guarded)], token.text) is None
    assert web.refuse(1, [Line(guarded)], f"junk, {token.text}") is None
    assert web.refuse(2, [Line(guarded)], token.text) is not None
    assert web.refuse(1, [Line(guarded)], given.text) is not None
    again = await web.exchange("golden-week", 1, given.text)
    assert again == token
    fixtures.clock.forward(601)
    late = web.refuse(1, [Line(guarded)], token.text)
    assert late is not None
    assert late.reason is RefusedFor.EXPIRED
    fresh = await web.exchange("golden-week", 1, given.text)
    assert isinstance(fresh, TokenGiven)
    assert fresh.expires_at > token.expires_at
    assert web.refuse(1, [Line(guarded)], fresh.text) is None


async def test_a_slot_that_is_opened_later_is_guarded_too(fixtures: RoomFixtures) -> None:
    await fixtures.open(product_ids=(), venue_id=VENUE)
    web = await fixtures.web()
    slot = await fixtures.add_slot(product=99)
    assert web.refuse(1, [Line(slot)]) is None
    await fixtures.look(web)
    assert web.refuse(1, [Line(slot)]) is not None


async def test_a_slot_whose_opening_ended_after_that_of_a_later_one_is_guarded_too(
    fixtures: RoomFixtures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wenyue.waiting_room.waiting_room.SLOTS_AGAIN_S", 0.0)
    await fixtures.open(product_ids=(), venue_id=VENUE)
    web = await fixtures.web()
    async with await psycopg.AsyncConnection.connect(fixtures.owner_url) as slow:
        early = await fixtures.add_slot(within=slow)  # has its id, and is not there for others yet
        late = await fixtures.add_slot(product=99)
        assert early < late
        await fixtures.look(web)
        assert web.refuse(1, [Line(late)]) is not None
        await slow.commit()
    await fixtures.look(web)
    assert web.refuse(1, [Line(early)]) is not None


async def test_however_many_rooms_were_closed_today_an_open_one_guards(fixtures: RoomFixtures) -> None:
    await fixtures.open()
    slot = await fixtures.add_slot()
    async with await psycopg.AsyncConnection.connect(fixtures.owner_url, autocommit=True) as owner:
        await owner.execute(
            "INSERT INTO waiting_room.room (code, title, product_ids, from_day, to_day, onward, release_at,"
            " poll_s, epoch_s, rate_max, commitment, sealed_seed, created_at, closed_at)"
            " SELECT 'gone-' || n, title, product_ids, from_day, to_day, onward, release_at,"
            " poll_s, epoch_s, rate_max, commitment, sealed_seed, created_at, created_at"
            " FROM waiting_room.room, generate_series(1, 250) AS n"
        )
    web = await fixtures.web()
    assert web.find("gone-250") is not None
    assert web.refuse(1, [Line(slot)]) is not None
