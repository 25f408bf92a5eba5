"""The traveller's pages over running services: book, move and cancel without JavaScript."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import LiteralString, cast

import pytest

from tests.support.database import DbUrls
from tests.support.traveller_site import NOW, Traveller, application, services_on
from wenyue.container import Services
from wenyue.core.clock import local_date

TODAY = local_date(NOW, "Asia/Shanghai")


@dataclass
class BookingSite:
    """Running services, and as many travellers as a test needs."""

    services: Services
    clock: list[datetime]
    owner_url: str = ""

    def traveller(self) -> Traveller:
        """Somebody new."""
        return Traveller(application(self.services))

    async def number(self, statement: LiteralString) -> int:
        """One number out of the database."""
        async with self.services.db.connection() as tx:
            row = await (await tx.execute(statement)).fetchone()
        assert row is not None
        return cast(int, row[0])


@asynccontextmanager
async def booking_site(make_database: Callable[[], DbUrls], home: Path) -> AsyncGenerator[BookingSite]:
    """A site of its own, at NOW until the test turns its clock."""
    urls = make_database()
    clock = [NOW]
    async with services_on(urls, home, lambda: clock[0]) as services:
        yield BookingSite(services, clock, urls.owner_url)


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[BookingSite]:
    """A site of the test's own."""
    async with booking_site(make_database, tmp_path) as site:
        yield site


async def booked(one: Traveller, code: str = "lake", days: int = 1) -> str:
    """Book the first session; the booking's path."""
    await one.choose(code, TODAY + timedelta(days=days))
    await one.submit(await one.review())
    assert one.path.startswith("/bookings/"), one.page.text
    return one.path
