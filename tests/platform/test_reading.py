"""A transaction that only reads: the server refuses a write in it, and the connection writes again afterwards."""

from collections.abc import Callable

import pytest
from psycopg.errors import UndefinedTable

from tests.support.database import DbUrls
from wenyue.platform.database.db import Database

pytestmark = pytest.mark.anyio


async def test_a_write_in_a_reading_is_a_defect_and_no_outage(make_database: Callable[[], DbUrls]) -> None:
    async with Database(make_database().owner_url, size_max=1) as db:
        with pytest.raises(LookupError, match="only reads"):
            async with db.reading() as tx:
                await tx.execute("CREATE TABLE public.probe (id int)")
        async with db.transaction() as tx:  # the same connection, as there is one
            await tx.execute("CREATE TABLE public.probe (id int)")
        async with db.reading() as tx:
            assert await (await tx.execute("SELECT count(*) FROM public.probe")).fetchall() == [(0,)]
        async with db.connection() as tx:
            await tx.execute("INSERT INTO public.probe VALUES (1)")


async def test_what_a_reading_raises_goes_on_as_it_is(make_database: Callable[[], DbUrls]) -> None:
    async with Database(make_database().owner_url, size_max=1) as db:
        with pytest.raises(UndefinedTable):
            async with db.reading() as tx:
                await tx.execute("SELECT * FROM public.nothing")
        async with db.transaction() as tx:
            await tx.execute("CREATE TABLE public.probe (id int)")
