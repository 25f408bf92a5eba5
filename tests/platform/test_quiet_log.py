"""During an outage the log has a line when it begins and a line when it ends, not one for every try."""

import asyncio
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.platform.test_log import routed
from tests.support.api_site import furnish, serve_api, settings_for
from tests.support.database import DbUrls
from wenyue.platform.config import PERSON_BOOKINGS_MAX, TelemetrySettings
from wenyue_lab.chaos.proxy import ChaosProxy

pytestmark = pytest.mark.anyio
TRIES = 40


def through(urls: DbUrls, folder: Path) -> tuple[DbUrls, Path]:
    """The application's URL by way of a socket in `folder`, and the real socket."""
    parts = urlsplit(urls.app_url)
    given = parse_qs(parts.query)
    query = f"host={quote(str(folder), safe='')}&port={given['port'][0]}"
    real = Path(given["host"][0]) / f".s.PGSQL.{given['port'][0]}"
    return DbUrls(app_url=parts._replace(query=query).geturl(), owner_url=urls.owner_url), real


async def test_an_outage_is_two_lines(make_database: Callable[[], DbUrls], tmp_path: Path) -> None:
    urls = make_database()
    home = tmp_path / "home"
    await furnish(urls, home)
    proxied, real = through(urls, tmp_path)
    listen = tmp_path / real.name
    with routed(TelemetrySettings(log_level="info")) as stream:
        proxy = ChaosProxy(listen, real)
        await proxy.__aenter__()
        settings = settings_for(proxied, home)
        one_person = dataclasses.replace(settings.web, person_bookings=PERSON_BOOKINGS_MAX)  # tries often
        async with serve_api(dataclasses.replace(settings, web=one_person)) as site:
            who = await site.traveller()
            slot_id = (await site.slots("lake"))[0]["slot_id"]
            assert (await site.book(who, slot_id)).status_code == 201
            await proxy.__aexit__(None, None, None)
            listen.unlink(missing_ok=True)
            answers = await asyncio.gather(*(site.book(who, slot_id) for _ in range(TRIES)))
            assert {answer.status_code for answer in answers} == {503}

            def is_away() -> bool:
                return site.app.services.db.outage.since is not None

            assert is_away()
            async with ChaosProxy(listen, real), asyncio.timeout(20):
                while is_away():
                    await asyncio.sleep(0.05)
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    about = [line["message"] for line in told if line["logger"] == "wenyue.database"]
    assert len(about) == 2, about
    assert about[0].startswith("the database does not answer (")
    assert about[1].startswith("the database answers again, after ")
    rest = [line for line in told if line["logger"] != "wenyue.database"]
    assert len(rest) <= 4, [line["message"] for line in rest]  # a batch in doubt, the rooms: one line each
    assert "where" not in json.dumps(rest), "no traceback"
