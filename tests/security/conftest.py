"""What several tests of security share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest


@pytest.fixture
async def flood() -> AsyncIterator[list[asyncio.StreamWriter]]:
    """Connections of a test, closed at its end."""
    made: list[asyncio.StreamWriter] = []
    yield made
    for one in made:
        one.transport.abort()
        with suppress(OSError):
            await one.wait_closed()
