"""The traveller's pages of one test module: running services, and somebody's browser."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.database import DbUrls
from tests.support.traveller_site import CARD, NOW, Traveller, application, services_on
from wenyue.container import Services


@pytest.fixture(scope="module")
async def services(
    make_database: Callable[[], DbUrls], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Services]:
    """On a database of the module's own, at NOW."""
    urls = make_database()
    home: Path = tmp_path_factory.mktemp("home")
    async with services_on(urls, home, lambda: NOW) as started:
        yield started


@pytest.fixture
def one(services: Services) -> Traveller:
    """Somebody new, without JavaScript."""
    return Traveller(application(services))


async def signed_in(one: Traveller) -> None:
    """The demo traveller, whose card a module activates once."""
    await one.activate(CARD)
