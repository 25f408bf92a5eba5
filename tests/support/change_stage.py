"""An opened venue and operators who propose changes and decide about them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from tests.support.database import DbUrls
from tests.support.opening_stage import DAY, Stage, opened_venue
from wenyue.application.changeables import CHANGEABLES
from wenyue.application.decide_change import Decision
from wenyue.application.operating import Operator
from wenyue.application.propose_change import ProposeChange, propose_change
from wenyue.application.reprice import Reprice
from wenyue.changes import (
    Change,
    store,
)
from wenyue.core.duties import duties_of_role
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import Database

ANN, BO = (Operator(f"staff:{n}", duties=duties_of_role("operator")) for n in (1, 2))
ELSEWHERE = Operator("staff:3", duties=duties_of_role("operator", [9_999]))


@asynccontextmanager
async def staffed_venue(urls: DbUrls) -> AsyncGenerator[Stage]:
    """An opened venue with nine operators, two of whom propose and decide."""
    async with opened_venue(urls) as made, Database(urls.app_url, size_max=8) as db:
        await made.tx.execute(
            """INSERT INTO accounts.staff (id, login, password_hash, role) OVERRIDING SYSTEM VALUE
               SELECT n, 'staff-' || n, '-', 'operator' FROM generate_series(1, 9) AS n"""
        )
        await made.tx.execute(
            "INSERT INTO accounts.duty (staff_id, role, granted_by) SELECT n, 'operator', 'test' FROM generate_series(1, 9) AS n"
        )
        made.db = db  # whoever approves in the console speaks as the application
        yield made


def asking(kind: str, request: Any, **more: Any) -> ProposeChange:
    """A proposal with its reason."""
    return replace(ProposeChange(uuid7(), CHANGEABLES[kind], request, "平安夜"), **more)


async def proposed(stage: Stage, kind: str, request: Any, **more: Any) -> Change:
    """Ann proposes it."""
    change = await propose_change(stage, ANN, asking(kind, request, **more))
    assert isinstance(change, Change)
    return change


async def price(stage: Stage, **more: Any) -> Change:
    """Ann proposes another price."""
    return await proposed(stage, "prices.set", Reprice(stage.product_id, {DAY: 4_500}), **more)


async def prices(stage: Stage) -> set[int]:
    """What the day's sessions cost."""
    cursor = await stage.tx.execute("SELECT price_minor FROM booking.slot WHERE on_date = %s", [DAY])
    return {row[0] for row in await cursor.fetchall()}


def yes(change: Change, **more: Any) -> Decision:
    """Approve what was shown."""
    return replace(Decision(change.id, change.digest, is_approved=True), **more)


async def known(stage: Stage, change_id: UUID) -> Change:
    """As it is kept."""
    found = await store.find(stage.tx, change_id)
    assert found is not None
    return found


async def wait_more(stage: Stage, change: Change, count: int, *, by: str = "staff:1") -> None:
    """So many more proposals like it wait, of somebody."""
    await stage.tx.execute(
        """INSERT INTO changes.change (id, kind, venue_id, effect, request, was, sessions, places, money_minor, places_max,
                                       money_minor_max, reason, digest, proposed_by, proposed_at, expires_at, state)
           SELECT gen_random_uuid(), kind, venue_id, effect, request, was, sessions, places, money_minor, places_max,
                  money_minor_max, reason, digest, %s, proposed_at, expires_at, state
             FROM changes.change, generate_series(1, %s) WHERE id = %s""",
        [by, count, change.id],
    )
