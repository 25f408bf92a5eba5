"""Somebody who guesses secrets, the owner who knows them, and what the record says of it."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from tests.support.cards import NOW, VAULT
from tests.support.database import DbUrls
from wenyue.accounts import Caller, Guard, Throttled
from wenyue.platform.database.db import Database
from wenyue.platform.load_shedding.limiter import Limiter

STRANGER = Caller("203.0.113.7")
OWNER = Caller("198.51.100.2")


@pytest.fixture
def urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    """A database of the test's own."""
    return make_database()


@pytest.fixture
async def owner(urls: DbUrls) -> AsyncIterator[Database]:
    """What is arranged, and looked at afterwards."""
    async with Database(urls.owner_url, size_max=4) as db:
        yield db


@pytest.fixture
async def guard(urls: DbUrls) -> AsyncIterator[Guard]:
    """A guard as the web process has it."""
    async with guard_on(urls) as made:
        yield made


@asynccontextmanager
async def guard_on(urls: DbUrls) -> AsyncGenerator[Guard]:
    """A guard as the web process has it."""
    async with Database(urls.app_url, size_max=6) as db:
        yield Guard(db, VAULT, Limiter(20, 100))


async def guess(
    guard: Guard, name: str, caller: Caller, now: datetime = NOW, *, is_right: bool = False
) -> bool:
    """One try; False when it had to wait."""
    try:
        async with guard.attempt("card", name, caller, now) as tried:
            tried.is_right = is_right
    except Throttled:
        return False
    return True


async def record(owner: Database) -> list[tuple[str, str, dict[str, object]]]:
    """(action, subject, detail) of everything in the record, in its order."""
    async with owner.connection() as tx:
        found = await tx.execute("SELECT action, subject, detail FROM audit.entry ORDER BY id")
        return [(row[0], row[1], row[2]) for row in await found.fetchall()]
