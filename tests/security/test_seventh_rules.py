"""What the seventh attack found in rules: many tiny headers, missed visits, imports beside a day's capacity."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.support.database import DbUrls
from tests.support.opening_stage import opened_venue
from tests.support.serving import bounded_site
from wenyue.application.capacities import SetDayCapacity
from wenyue.application.operating import Operator
from wenyue.application.prepare_import import PrepareImport, prepare_import
from wenyue.application.set_capacity import set_capacity
from wenyue.booking.importing import NewSlot
from wenyue.catalogue import Product, Venue
from wenyue.kernel.duties import EVERY_DUTY
from wenyue.kernel.limits import HEAD_FIELDS_MAX

pytestmark = pytest.mark.anyio


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


async def test_security_seventh_M4_an_imported_session_draws_from_the_days_capacity(db_urls: DbUrls) -> None:
    day = date(2026, 12, 20)
    command = Operator("operator:command", duties=EVERY_DUTY)
    async with opened_venue(db_urls) as stage:
        await set_capacity(stage, command, SetDayCapacity(stage.venue_id, day, 2))
        at = datetime(2026, 12, 20, 6, 0, tzinfo=UTC)
        slot = NewSlot(
            venue_id=0,
            product_id=0,
            on_date=day,
            starts_at=at,
            ends_at=at + timedelta(hours=4),
            release_at=at - timedelta(days=366),
            closes_at=at,
            capacity=500,
            price_minor=3000,
            currency="CNY",
        )
        venue = Venue(code="lingyin", kind="hotel", name_zh="x")
        adult = Product(venue_id=0, code="adult", kind="night", name_zh="x", price_minor=3000)
        done = await prepare_import(
            stage, command, PrepareImport("old", venue, (adult,), {("adult", day): slot})
        )
        assert done.slots_opened == 1
        stage.now = datetime(2026, 12, 19, 12, tzinfo=UTC)
        [draw] = done.draws.values()
        outcomes = [await stage.outcome(draw.slot_id, price_minor=3000) for _ in range(4)]
        assert [int(one) for one in outcomes].count(0) == 2
