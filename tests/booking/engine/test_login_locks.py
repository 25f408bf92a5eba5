"""Bookings and changes look at their logins under a lock: whoever ends one waits until the batch is committed."""

import asyncio
import threading
from datetime import date

import psycopg
import pytest
from msgspec import structs

from tests.support.database import DbUrls, both
from wenyue.accounts import end_login, end_logins, start_login
from wenyue.accounts.logins import login_key
from wenyue.booking import (
    BookingRequest,
    ChangeKind,
    ChangeRequest,
    Engine,
    Outcome,
)
from wenyue.booking.engine import batch
from wenyue.core.ids import uuid7
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio


def may_end(urls: DbUrls, token: str, holder_id: int, *, by_loss: bool) -> bool:
    """Whether the login can be ended at this moment by somebody who does not wait; it is not ended."""
    found: list[bool] = []

    async def end() -> None:
        async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
            await tx.execute("SET lock_timeout = '100ms'")
            try:
                if by_loss:
                    await end_logins(tx, holder_id, dataset.START)
                else:
                    await end_login(tx, token, dataset.START)
            except psycopg.errors.LockNotAvailable:
                found.append(False)
            else:
                found.append(True)
            await tx.rollback()

    thread = threading.Thread(target=lambda: asyncio.run(end()))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("kind", [None, ChangeKind.CANCEL, ChangeKind.CONFIRM])
@pytest.mark.parametrize("by_loss", [True, False])
async def test_security_fourth_F2_a_batch_holds_the_logins_that_it_looked_at(
    db_urls: DbUrls, kind: ChangeKind | None, *, by_loss: bool
) -> None:
    async with both(db_urls) as (db, tx):
        types = {dataset.OPEN_TYPE: await dataset.card_type(tx)}
        engine = Engine(db, dataset.rulebook(types), clock=lambda: dataset.START)
        await engine.start()
        try:
            venue_id, product_id = await dataset.product(tx, f"v-{uuid7()}")
            slot_id = await dataset.slot(tx, venue_id, product_id, date(2026, 3, 3), 2, 5)
            card = await dataset.card(tx, uuid7().int % 10**9)
            token = await start_login(tx, now=dataset.START, traveller_id=card.holder_id)
            asked: BookingRequest | ChangeRequest = structs.replace(
                dataset.request(card, slot_id, is_hold=kind is ChangeKind.CONFIRM), login=login_key(token)
            )
            if kind is not None:
                await engine.book(asked)
                actor = f"traveller:{card.holder_id}"
                asked = ChangeRequest(kind, asked.id, actor, card.holder_id, login=login_key(token))
            could_end: list[bool] = []

            def try_to_end(step: str) -> None:
                if step == batch.STEP.GATHERED:
                    could_end.append(may_end(db_urls, token, card.holder_id, by_loss=by_loss))

            async with db.connection() as own:
                [answer] = await batch.execute(
                    own,
                    [asked],
                    now=dataset.START,
                    rulebook=engine.rulebook,
                    views=engine.views,
                    probe=try_to_end,
                )
            assert answer.outcome in (Outcome.CONFIRMED, Outcome.CANCELLED)
            assert could_end == [False]
            assert may_end(db_urls, token, card.holder_id, by_loss=by_loss)
        finally:
            await engine.drain()
