"""Case R11 of the trials: importing old stays raises no alarm about sessions that nobody looked through."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.support.database import DbUrls
from wenyue import catalogue
from wenyue.booking import importing
from wenyue.catalogue import Product, Venue
from wenyue.monitoring import store
from wenyue.monitoring.rules import judge_tasks


@pytest.mark.anyio
async def test_rules_R11_old_stays_are_settled(make_database: Callable[[], DbUrls]) -> None:
    now = datetime.now(UTC)
    async with await psycopg.AsyncConnection.connect(make_database().owner_url, autocommit=True) as tx:
        venue = Venue(code="inn", kind="hotel", name={"zh-CN": "客栈"}, province="浙江")
        venue_id = (await catalogue.upsert_venues(tx, [venue]))["inn"]
        product = Product(
            venue_id=venue_id, code="room", kind="night", name={"zh-CN": "标准间"}, price_minor=100
        )
        product_id = (await catalogue.upsert_products(tx, [product]))[venue_id, "room"]
        nights = [
            importing.NewSlot(
                venue_id=venue_id, product_id=product_id, on_date=(now + timedelta(days=days)).date(),
                starts_at=now + timedelta(days=days), ends_at=now + timedelta(days=days, hours=20),
                release_at=now, closes_at=now, capacity=5, price_minor=100, currency="CNY",
            )
            for days in (-60, 2)
        ]  # fmt: skip
        assert await importing.open_slots(tx, nights) == 2
        rows = await tx.execute("SELECT settled_at IS NOT NULL FROM booking.slot ORDER BY on_date")
        assert [row[0] for row in await rows.fetchall()] == [True, False]
        assert [one for one in judge_tasks(await store.task_facts(tx)) if one.check == "no-shows"] == []
