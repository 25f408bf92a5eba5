"""A database that hangs: pages, lists and health checks say so in time, and are well again when it is."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.support.api_site import ApiSite, furnish, serve_api, settings_for
from tests.support.database import DbUrls
from wenyue.platform.database.watched import SILENCE_S_MAX
from wenyue_lab.chaos.proxy import CALM, ChaosProxy, LinkNoise

pytestmark = pytest.mark.anyio
BACK_S_MAX = 20.0


@pytest.fixture
async def frozen(db_urls: DbUrls, tmp_path: Path) -> AsyncIterator[tuple[ApiSite, ChaosProxy]]:
    await furnish(db_urls, tmp_path / "home")
    parts = urlsplit(db_urls.app_url)
    given = parse_qs(parts.query)
    folder = tmp_path / "link"
    folder.mkdir()
    through = parts._replace(query=f"host={quote(str(folder), safe='')}&port={given['port'][0]}").geturl()
    real = Path(given["host"][0]) / f".s.PGSQL.{given['port'][0]}"
    async with ChaosProxy(folder / real.name, real) as link:
        settings = settings_for(db_urls._replace(app_url=through), tmp_path / "home")
        async with serve_api(settings) as site:
            yield site, link
            link.noise = CALM


async def test_whoever_reads_is_told_in_time(frozen: tuple[ApiSite, ChaosProxy]) -> None:
    site, link = frozen
    assert (await site.client.get("/readyz")).status_code == 200
    link.noise = LinkNoise(is_half_open=True)
    asked = ("/healthz", "/readyz", "/venues", "/v1/venues")
    first_to_last: list[tuple[str, int]] = []

    async def ask(path: str) -> None:
        first_to_last.append((path, (await site.client.get(path)).status_code))

    async with asyncio.timeout(SILENCE_S_MAX * 0.9):  # then the connections themselves give up
        await asyncio.gather(*(ask(path) for path in asked))
    assert first_to_last[:2] == [("/healthz", 200), ("/readyz", 503)], "each by its own deadline"
    assert sorted(first_to_last[2:]) == [("/v1/venues", 503), ("/venues", 503)]
    link.noise = CALM
    until = monotonic() + BACK_S_MAX
    while [(await site.client.get(path)).status_code for path in asked] != [200] * len(asked):
        assert monotonic() < until
        await asyncio.sleep(0.1)
