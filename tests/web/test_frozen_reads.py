"""A database that hangs: pages, lists and health checks say so in time, and are well again when it is."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.support.api_site import ApiSite, furnish, serve_api, settings_for
from tests.support.database import DbUrls
from tests.support.stopwatch import Stopwatch
from wenyue.core.limits import READ_DEADLINE_S
from wenyue.web.api.health import READY_WAIT_S
from wenyue_lab.chaos.proxy import CALM, ChaosProxy, LinkNoise

pytestmark = pytest.mark.anyio
NOISE_S = 2.0
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
    asked = {
        "/readyz": READY_WAIT_S,
        "/venues": READ_DEADLINE_S,
        "/v1/venues": READ_DEADLINE_S,
        "/healthz": 0.0,
    }
    with Stopwatch() as watch:

        async def ask(path: str) -> tuple[str, int, float]:
            answer = await site.client.get(path)
            return path, answer.status_code, watch.seconds

        answers = await asyncio.gather(*(ask(path) for path in asked))
    for path, status, took_s in answers:
        assert status == (200 if path == "/healthz" else 503), path
        assert took_s < asked[path] + NOISE_S, path
    link.noise = CALM
    until = monotonic() + BACK_S_MAX
    while [(await site.client.get(path)).status_code for path in asked] != [200] * len(asked):
        assert monotonic() < until
        await asyncio.sleep(0.1)
