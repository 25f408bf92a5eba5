"""rules_R9 with real web processes: what was booked a moment ago is never refused, whichever process is asked."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from wenyue.core.ids import uuid7
from wenyue.platform.embedded_server import ensure_started, erase, stop
from wenyue_lab.benchmark.dataset import FULL_VENUE
from wenyue_lab.chaos.client import NoReplyError, NotSentError, Reply, Wire, request_of
from wenyue_lab.chaos.fixtures import seed
from wenyue_lab.chaos.history import Kind, Operation
from wenyue_lab.chaos.installation import installed

pytestmark = pytest.mark.anyio
ROUNDS = 6
COPIES = 8  # each on a connection of its own: both processes get some
BOOKED, AGAIN = 201, 200


async def ask(port: int, operation: Operation) -> Reply:
    """One try on a fresh connection; what was put off is asked again, as the answer says."""
    async with asyncio.timeout(60):
        while True:
            wire = Wire(port)
            try:
                reply = await wire.ask(request_of(operation))
            except (NotSentError, NoReplyError):
                continue
            finally:
                wire.close()
            if reply.status < 500:
                return reply
            await asyncio.sleep(0.2)


async def until_had(port: int, operation: Operation) -> None:
    async with asyncio.timeout(60):
        while (await ask(port, operation)).status not in {BOOKED, AGAIN}:
            await asyncio.sleep(0.02)


async def test_rules_R9_no_process_refuses_an_id_that_was_just_booked_by_another(tmp_path: Path) -> None:
    home = tmp_path / "site"
    try:
        server = ensure_started(home)
        dataset = await asyncio.to_thread(seed, server, home, 500)
        slot = dataset.slots[0][FULL_VENUE - 1][0]
        with psycopg.connect(server.owner_url, autocommit=True) as owner:
            owner.execute(
                "UPDATE booking.pool SET capacity = 1"
                " WHERE id = (SELECT pool_ids[1] FROM booking.slot WHERE id = %s)",
                [slot],
            )
        stop(server)
        async with installed(home, tmp_path / "log") as installation:
            told = await _rounds(installation.port, slot)
    finally:
        erase(home)
    assert told == [AGAIN] * (ROUNDS * COPIES)


async def _rounds(port: int, slot: int) -> list[int]:
    """The statuses of every copy that was sent after its booking was acknowledged."""
    told: list[int] = []
    had = Operation(uuid7(), Kind.BOOK, 1, slot)
    await until_had(port, had)
    for number in range(ROUNDS):
        for _ in range(6):  # every process finds the session full, and remembers it
            await asyncio.gather(
                *(ask(port, Operation(uuid7(), Kind.BOOK, 100 + copy, slot)) for copy in range(COPIES))
            )
            await asyncio.sleep(0.1)
        wanted = Operation(uuid7(), Kind.BOOK, 2 + number, slot)
        assert (await ask(port, Operation(had.id, Kind.CANCEL, had.card, slot))).status == AGAIN
        await until_had(port, wanted)
        replies = await asyncio.gather(*(ask(port, wanted) for _ in range(COPIES)))
        told += [one.status for one in replies]
        had = wanted
    return told
