"""The catalogue against a real server: search, pages, and upserts that a re-run leaves alone."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec
import psycopg
import pytest

from wenyue import catalogue
from wenyue.catalogue import (
    NewClosure,
    OpeningHours,
    PlannedSession,
    Product,
    Template,
    Venue,
    listing,
    store,
)
from wenyue.platform.database.db import Tx

pytestmark = pytest.mark.anyio
VENUES = [
    Venue(
        code="westlake", kind="attraction", name={"zh-CN": "西湖", "en": "West Lake"}, province="浙江", city="杭州",
        latitude=30.24, longitude=120.15, level="5A", tags=("water",), summary={"zh-CN": "湖"},
    ),
    Venue(code="odd", kind="attraction", name={"zh-CN": "100%_景区\\"}, province="浙江"),
    Venue(code="palace", kind="attraction", name={"zh-CN": "故宫", "en": "Palace Museum"}, province="北京"),
    Venue(code="inn", kind="hotel", name={"zh-CN": "湖边酒店"}, province="浙江"),
    Venue(code="gone", kind="attraction", name={"zh-CN": "旧西湖"}, province="浙江", is_active=False),
]  # fmt: skip


@pytest.fixture
async def tx(make_database: Any) -> AsyncIterator[Tx]:
    async with await psycopg.AsyncConnection.connect(
        make_database().owner_url, autocommit=True
    ) as connection:
        await catalogue.upsert_venues(connection, VENUES)
        yield connection


async def found(tx: Tx, **wanted: Any) -> list[str]:
    return [one.code for one in await catalogue.venues(tx, **wanted)]


async def test_search_by_text_province_and_kind(tx: Tx) -> None:
    assert await found(tx) == ["westlake", "odd", "palace", "inn"]
    assert await found(tx, text="湖") == ["inn", "westlake"]  # the one begins with it
    assert await found(tx, text="  west LAKE ") == ["westlake"]
    assert await found(tx, text="杭州") == ["westlake"]
    assert await found(tx, text="浙江", kind="hotel") == ["inn"]
    assert await found(tx, province="北京") == ["palace"]
    assert await found(tx, province="北") == []
    assert await found(tx, text="没有") == []


@pytest.mark.parametrize("text", ["'; DROP TABLE", "长" * 5_000, "\ud800湖", "100%_", "' | '"])
async def test_search_takes_any_text(tx: Tx, text: str) -> None:
    matching = {"\ud800湖": ["inn", "westlake"], "100%_": ["odd"]}
    assert await found(tx, text=text) == matching.get(text, [])


async def test_pages_follow_each_other(tx: Tx) -> None:
    first = await catalogue.venues(tx, limit=3)
    rest = await catalogue.venues(tx, limit=3, after=first[-1].id)
    assert [one.code for one in first + rest] == ["westlake", "odd", "palace", "inn"]
    assert len(await catalogue.venues(tx, limit=-5)) == 1
    assert len(await catalogue.venues(tx, limit=10**9)) == 4


async def test_a_venue_is_read_back_as_it_was_written(tx: Tx) -> None:
    venue = await catalogue.venue(tx, "westlake")
    assert venue is not None
    assert msgspec.structs.replace(venue, id=0) == VENUES[0]
    assert (await catalogue.venues_by_id(tx, [venue.id, 10**9])) == {venue.id: venue}
    assert (await catalogue.venues_by_code(tx, ["westlake", "no"])) == {"westlake": venue}
    assert await catalogue.venue(tx, "no\x00thing") is None
    hidden = await catalogue.venue(tx, "gone")
    assert hidden is not None
    assert not hidden.is_active


async def test_provinces_count_active_venues(tx: Tx) -> None:
    assert await listing.provinces(tx) == [("北京", 1), ("浙江", 3)]
    assert await listing.provinces(tx, "hotel") == [("浙江", 1)]


async def test_upserts_change_only_what_differs(tx: Tx) -> None:
    before = await (await tx.execute("SELECT code, xmin FROM catalogue.venue ORDER BY code")).fetchall()
    changed = [msgspec.structs.replace(VENUES[0], name={"zh-CN": "西湖", "en": "Xihu"}), *VENUES[1:]]
    await catalogue.upsert_venues(tx, changed)
    after = await (await tx.execute("SELECT code, xmin FROM catalogue.venue ORDER BY code")).fetchall()
    assert [row[0] for row, old in zip(after, before, strict=True) if row != old] == ["westlake"]


async def test_products_templates_hours_and_closures(tx: Tx) -> None:
    venue = await catalogue.venue(tx, "palace")
    assert venue is not None
    wanted = Product(
        venue_id=venue.id, code="adult", kind="session", name={"zh-CN": "成人票"}, price_minor=6_000
    )
    ids = await catalogue.upsert_products(tx, [wanted])
    product_id = ids[venue.id, "adult"]
    assert await catalogue.upsert_products(tx, [msgspec.structs.replace(wanted, price_minor=4_000)]) == ids
    product = await catalogue.product(tx, product_id)
    assert product == msgspec.structs.replace(wanted, price_minor=4_000, id=product_id)
    assert await catalogue.products(tx, venue.id) == [product]
    assert await catalogue.active_products(tx) == [product]
    assert await catalogue.active_products(tx, after=product_id) == []
    assert await catalogue.product(tx, 10**9) is None

    session = PlannedSession(
        time(8), time(12), 5, {"zh-CN": "上午", "en": "Morning"}, price_minor=1, reserves={"phone": 2}
    )
    template = Template(
        product_id=product_id, valid_from=date(2026, 1, 1), day_capacity=9, sessions=(session,)
    )
    await catalogue.upsert_templates(tx, [template])
    await catalogue.upsert_templates(tx, [msgspec.structs.replace(template, day_capacity=8)])
    [stored] = (await catalogue.templates(tx, [product_id], date(2026, 11, 22)))[product_id]
    assert msgspec.structs.replace(stored, id=0) == msgspec.structs.replace(template, day_capacity=8)

    hours = [OpeningHours(venue.id, day, time(8, 30), time(17), time(16)) for day in range(1, 7)]
    await store.upsert_opening_hours(tx, hours)
    await store.upsert_opening_hours(tx, hours[:1])
    assert await catalogue.opening_hours(tx, venue.id) == hours

    closure = NewClosure(
        venue_id=venue.id,
        product_id=product_id,
        from_date=date(2026, 12, 1),
        to_date=date(2026, 12, 2),
        reason={"zh-CN": "修"},
    )
    closure_id = await catalogue.add_closure(tx, closure)
    assert closure_id is not None
    touching = await catalogue.closures(tx, [venue.id], date(2026, 12, 2), date(2026, 12, 9))
    assert [one.id for one in touching[venue.id]] == [closure_id]
    assert await catalogue.closures(tx, [venue.id], date(2026, 12, 3), date(2026, 12, 9)) == {}
    now = datetime(2026, 11, 30, tzinfo=UTC)
    assert await catalogue.lift_closure(tx, closure_id, now)
    assert not await catalogue.lift_closure(tx, closure_id, now)
    assert await catalogue.closures(tx, [venue.id], date(2026, 12, 2), date(2026, 12, 9)) == {}


async def test_a_reading_is_whole_or_fails(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    venue = await catalogue.venue(tx, "palace")
    assert venue is not None
    for day in (1, 2, 3):
        await catalogue.add_closure(
            tx,
            NewClosure(
                venue_id=venue.id,
                from_date=date(2026, 12, day),
                to_date=date(2026, 12, day),
                reason={"zh-CN": "修"},
            ),
        )
    monkeypatch.setattr(store, "ROWS_MAX", 3)
    assert (
        len((await catalogue.closures(tx, [venue.id], date(2026, 12, 1), date(2026, 12, 9)))[venue.id]) == 3
    )
    monkeypatch.setattr(store, "ROWS_MAX", 2)
    with pytest.raises(store.TooManyRows, match="closures"):
        await catalogue.closures(tx, [venue.id], date(2026, 12, 1), date(2026, 12, 9))


async def test_prices_of_every_day_come_back(tx: Tx) -> None:
    venue = await catalogue.venue(tx, "inn")
    assert venue is not None
    wanted = Product(venue_id=venue.id, code="twin", kind="night", name={"zh-CN": "双床房"}, price_minor=1)
    product_id = (await catalogue.upsert_products(tx, [wanted]))[venue.id, "twin"]
    by_date = {date(2026, 12, day): day * 100 for day in range(1, 32)}
    await catalogue.set_prices(tx, product_id, by_date)
    assert await catalogue.prices(tx, [product_id], date(2026, 12, 1), date(2026, 12, 31)) == {
        product_id: by_date
    }
    assert await catalogue.prices(tx, [product_id], date(2026, 12, 2), date(2026, 12, 1)) == {}
    assert await catalogue.prices(tx, [], date(2026, 12, 1), date(2026, 12, 31)) == {}
