"""What the seventh attack found in rules: many tiny headers, missed visits, imports beside a day's capacity."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.support.database import DbUrls
from tests.support.opening_stage import Stage, opened_venue
from tests.support.serving import bounded_site
from wenyue import catalogue
from wenyue.application.capacities import SetDayCapacity
from wenyue.application.import_request import DrawKey, Prepared, PrepareImport
from wenyue.application.operating import Operator
from wenyue.application.prepare_import import prepare_import
from wenyue.application.set_capacity import set_capacity
from wenyue.booking import Outcome
from wenyue.booking.slots.importing import NewSlot
from wenyue.booking.slots.slot_planning import open_all_ahead
from wenyue.catalogue import NewClosure, Product, Venue
from wenyue.core.duties import EVERY_DUTY
from wenyue.core.limits import HEAD_FIELDS_MAX
from wenyue.policy import HolidayCalendar, release_at, shipped_presets

pytestmark = pytest.mark.anyio
COMMAND = Operator("operator:command", duties=EVERY_DUTY)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with bounded_site() as found:
        yield found


async def _said(port: int, *pieces: bytes) -> bytes:
    """All that the server says until it ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.02)
            return await asyncio.wait_for(reader.read(), 5)
        return b"reset"
    finally:
        writer.close()


_LINE = b"GET / HTTP/1.1\r\nHost: x\r\n"
_MANY = b"a:\r\n" * HEAD_FIELDS_MAX


@pytest.mark.parametrize(
    "pieces",
    [
        (_LINE + _MANY + b"\r\n",),  # a whole head
        (_LINE + _MANY + b"a:",),  # one that never ends
        (_LINE, *[b"a:\r\n" * 10] * 11),  # in pieces
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"0\r\n" + _MANY + b"a:\r\n"),
    ],
    ids=["whole", "endless", "pieces", "trailers"],
)
async def test_security_seventh_M8_many_header_fields_end_the_connection(
    port: int, pieces: tuple[bytes, ...]
) -> None:
    assert (await _said(port, *pieces)).startswith(b"HTTP/1.1 431 ")


async def test_security_seventh_M8_a_pipelined_head_is_counted_too(port: int) -> None:
    answers = await _said(port, _LINE + b"\r\n" + _LINE + _MANY + b"\r\n")
    assert b"HTTP/1.1 431 " in answers


async def test_security_seventh_M8_as_many_fields_as_may_be_are_answered(port: int) -> None:
    fields = b"a:\r\n" * (HEAD_FIELDS_MAX - 2)
    assert (await _said(port, _LINE + fields + b"Connection: close\r\n\r\n")).startswith(b"HTTP/1.1 200")


async def test_security_seventh_M8_tiny_headers_keep_no_memory(port: int) -> None:
    head = _LINE + b"a:\r\n" * 16_000
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _, writer in connections:
            writer.write(head)
        await asyncio.sleep(1)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    for _, writer in connections:
        writer.close()
    assert grown / len(connections) < 200_000


async def _moved_in(stage: Stage, day: date, code: str = "adult", *, price_minor: int = 0) -> Prepared:
    """An import of one date into the opened venue, whose file says this price, released for a year, 500 places."""
    at = datetime(day.year, day.month, day.day, 6, 0, tzinfo=UTC)
    slot = NewSlot(
        venue_id=0,
        product_id=0,
        on_date=day,
        starts_at=at,
        ends_at=at + timedelta(hours=4),
        release_at=at - timedelta(days=366),
        closes_at=at,
        capacity=500,
        price_minor=price_minor,
        currency="CNY",
    )
    venue = Venue(code="lingyin", kind="hotel", name={"zh-CN": "x"})
    product = Product(venue_id=0, code=code, kind="night", name={"zh-CN": "x"}, price_minor=price_minor)
    asked = PrepareImport(
        "old",
        ((venue, "CNY"),),
        {venue.code: (product,)},
        {DrawKey(venue.code, product.code, day, None): slot},
    )
    return await prepare_import(stage, COMMAND, asked)


async def _slot(stage: Stage, done: Prepared) -> dict[str, Any]:
    [draw] = done.draws.values()
    cursor = await stage.tx.execute("SELECT to_json(s) FROM booking.slot s WHERE id = %s", [draw.slot_id])
    [(found,)] = await cursor.fetchall()
    return found


async def test_security_seventh_M4_an_import_makes_the_days_capacity_before_it_opens_a_session(
    make_database: Callable[[], DbUrls],
) -> None:
    """The venue's own sessions of the day open later, and share it: 30 places by the template."""
    async with opened_venue(make_database()) as stage:
        done = await _moved_in(stage, date(2026, 12, 20))
        await open_all_ahead(stage.tx, HolidayCalendar(), shipped_presets(), date(2026, 12, 18), 5)
        cursor = await stage.tx.execute(
            "SELECT s.pool_ids, p.capacity FROM booking.slot s LEFT JOIN booking.pool p ON p.id = s.pool_ids[2]"
            " WHERE s.venue_id = %s AND s.on_date = %s",
            [stage.venue_id, date(2026, 12, 20)],
        )
        rows = await cursor.fetchall()
        assert len(rows) > 1
        assert done.slots_opened == 1
        assert {(pools[1], capacity) for pools, capacity in rows} == {(rows[0][0][1], 30)}


async def test_security_seventh_M4_an_imported_session_keeps_the_venues_price_and_release(
    make_database: Callable[[], DbUrls],
) -> None:
    async with opened_venue(make_database()) as stage:
        day = date(2026, 12, 20)
        found = await _slot(stage, await _moved_in(stage, day))
        preset = shipped_presets()["lingyin"]
        assert found["price_minor"] == 3_000
        assert datetime.fromisoformat(found["release_at"]) == release_at(preset, day, "Asia/Shanghai")
        assert found["is_open"]


@pytest.mark.parametrize("code", ["adult", "night"])
async def test_security_seventh_M4_an_import_opens_nothing_on_a_closed_day(
    make_database: Callable[[], DbUrls], code: str
) -> None:
    async with opened_venue(make_database()) as stage:
        day = date(2026, 12, 20)
        closure = NewClosure(
            venue_id=stage.venue_id,
            product_id=None,
            from_date=day,
            to_date=day,
            reason={"zh-CN": "大雾", "en": "Fog"},
        )
        await catalogue.add_closure(stage.tx, closure)
        done = await _moved_in(stage, day, code=code)
        found = await _slot(stage, done)
        assert (found["is_open"], found["closed_reason"]["zh-CN"]) == (False, "大雾")
        stage.now = datetime(2026, 12, 19, 12, tzinfo=UTC)
        assert await stage.outcome(found["id"], price_minor=found["price_minor"]) is Outcome.SLOT_CLOSED


async def test_security_seventh_M4_a_past_date_and_a_new_product_are_as_the_file_says(
    make_database: Callable[[], DbUrls],
) -> None:
    async with opened_venue(make_database()) as stage:
        past = await _slot(stage, await _moved_in(stage, date(2026, 1, 20)))
        new = await _slot(stage, await _moved_in(stage, date(2026, 12, 20), code="night"))
        assert (past["price_minor"], new["price_minor"]) == (0, 0)
        assert (past["is_open"], new["is_open"]) == (True, True)


async def test_security_seventh_M4_an_imported_session_draws_from_the_days_capacity(
    make_database: Callable[[], DbUrls],
) -> None:
    day = date(2026, 12, 20)
    async with opened_venue(make_database()) as stage:
        await set_capacity(stage, COMMAND, SetDayCapacity(stage.venue_id, day, 2))
        done = await _moved_in(stage, day, price_minor=3_000)
        assert done.slots_opened == 1
        stage.now = datetime(2026, 12, 19, 12, tzinfo=UTC)
        [draw] = done.draws.values()
        outcomes = [await stage.outcome(draw.slot_id, price_minor=3000) for _ in range(4)]
        assert [int(one) for one in outcomes].count(0) == 2
