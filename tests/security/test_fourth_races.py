"""Wrong secrets that come all at once are checked no more often than one after the other."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.api_site import ApiSite, api_site, serve_api, settings_for
from tests.support.database import DbUrls
from tests.support.traveller_site import CARD
from wenyue.core.ids import uuid7
from wenyue.core.limits import PIN_FAILURES_MAX

pytestmark = pytest.mark.anyio
TRIES = 20
SECRETS = [
    ("/v1/session", {"card_no": CARD[0], "pin": "00000000"}),
    ("/v1/gate/session", {"login": "gate", "password": "wrong horse"}),
    ("/v1/cards/lost/0199a3c0-7b52-7c41-9a1e-3f6d5c2b1a00/code", {"code": "000000"}),
    ("/v1/cards/objection", {"code": "AAAAA-AAAAA"}),
    ("/v1/gate/scans/{scan}/undo", {"reason": "x", "second": {"login": "boss", "password": "wrong horse"}}),
]


@pytest.fixture
async def sites(
    make_database: Callable[[], DbUrls], tmp_path: Path
) -> AsyncIterator[tuple[ApiSite, ApiSite]]:
    urls = make_database()
    async with api_site(lambda: urls, tmp_path) as here, serve_api(settings_for(urls, tmp_path)) as there:
        yield here, there


@pytest.mark.parametrize(("path", "body"), SECRETS, ids=["pin", "staff", "proof", "objection", "second"])
async def test_security_fourth_2_tries_at_once_are_checked_as_often_as_allowed(
    sites: tuple[ApiSite, ApiSite], path: str, body: dict[str, object]
) -> None:
    await sites[0].traveller()
    keeper = await sites[0].staff()
    headers = keeper.headers if "undo" in path else {}
    asked = [
        sites[number % 2].client.post(path.format(scan=uuid7()), json=body, headers=headers)
        for number in range(TRIES)
    ]
    answers = Counter(answer.status_code for answer in await asyncio.gather(*asked))
    checked = answers[401] + answers[403]
    assert checked == PIN_FAILURES_MAX, answers
    assert checked + answers[429] + answers[503] == TRIES, answers
    later = await sites[1].client.post(path.format(scan=uuid7()), json=body, headers=headers)
    assert later.status_code == 429, later.text
