"""What several tests of security share."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.card_desk import Desk, open_desk
from tests.support.database import DbUrls


@pytest.fixture
async def flood() -> AsyncIterator[list[asyncio.StreamWriter]]:
    """Connections of a test, closed at its end."""
    made: list[asyncio.StreamWriter] = []
    yield made
    for one in made:
        one.transport.abort()
        with suppress(OSError):
            await one.wait_closed()


@pytest.fixture
async def desk(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Desk]:
    """A site with a card that somebody activated, and what the phones of its people are sent."""
    async with open_desk(make_database(), tmp_path) as found:
        yield found
