"""Whoever only looks around is shown places of different provinces."""

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from wenyue import catalogue
from wenyue.catalogue import Venue, listing
from wenyue.platform.database.db import Tx

pytestmark = pytest.mark.anyio


@pytest.fixture
async def tx(make_database: Any) -> AsyncIterator[Tx]:
    async with await psycopg.AsyncConnection.connect(
        make_database().owner_url, autocommit=True
    ) as connection:
        yield connection


def attraction(code: str, province: str, **more: Any) -> Venue:
    return Venue(code=code, kind="attraction", name={"zh-CN": code}, province=province, **more)


async def test_ux_10_places_of_different_provinces_come_first(tx: Tx) -> None:
    await catalogue.upsert_venues(
        tx,
        [
            attraction("p1", "北京"),
            attraction("p2", "北京"),
            attraction("closed", "浙江", is_active=False),
            attraction("z1", "浙江"),
            attraction("s1", "四川"),
        ],
    )
    assert [one.code for one in await listing.venues_of_provinces(tx, 2)] == ["p1", "z1"]
    assert [one.code for one in await listing.venues_of_provinces(tx, 8)] == ["p1", "z1", "s1", "p2"]
