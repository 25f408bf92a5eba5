"""Strangers who try secrets keep nobody out who comes with a device that is known at the login."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.api_site import PASSWORD, ApiSite, api_site
from tests.support.database import DbUrls
from tests.support.traveller_site import CARD, OTHER_CARD
from wenyue.kernel.admission import Priority

pytestmark = pytest.mark.anyio
STAFF = {"login": "gate", "password": PASSWORD}
HOLDER = {"card_no": CARD[0], "pin": CARD[1]}
PAGE = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(make_database, tmp_path) as made:
        yield made


def _close_the_door(site: ApiSite) -> None:
    """The class of those who sign in has all that it may have, and nobody waits long."""
    desk = site.app.services.admission.desk
    desk.own[Priority.SIGN_IN] = desk.total = int(desk.limit)
    desk.waits_s = dict.fromkeys(Priority, 0.01)


async def test_live_M3_known_devices_sign_in_while_strangers_have_every_place(site: ApiSite) -> None:
    await site.traveller()
    keeper = (await site.client.post("/v1/gate/session", json=STAFF)).json()["device_token"]
    holder = (await site.client.post("/v1/session", json=HOLDER)).json()["device_token"]
    _close_the_door(site)
    for path, body, device, status in (
        ("/v1/gate/session", STAFF, keeper, 200),
        ("/v1/session", {**HOLDER, "card_no": f" {CARD[0]} "}, holder, 201),
        ("/v1/gate/session", STAFF, "", 503),
        ("/v1/gate/session", STAFF, holder, 503),
        ("/v1/session", HOLDER, keeper, 503),
        ("/v1/session", {"card_no": OTHER_CARD[0], "pin": OTHER_CARD[1]}, holder, 503),
        ("/v1/session", {"card_no": 7}, holder, 503),
        ("/v1/cards/lost", {}, holder, 503),
    ):
        asked = await site.client.post(path, json=body, headers={"Device-Token": device} if device else {})
        assert asked.status_code == status, (path, asked.text)
    broken = await site.client.post("/v1/session", content=b"{", headers={"Device-Token": holder})
    assert broken.status_code == 503


async def test_live_M3_a_known_browser_signs_in_while_strangers_have_every_place(site: ApiSite) -> None:
    keeper = (await site.client.post("/v1/gate/session", json=STAFF)).json()["device_token"]
    _close_the_door(site)
    site.client.cookies.set("wy_device", keeper)
    for path in ("/gate/signin", "/console/signin"):  # without the token of our form: asked to send it again
        form = await site.client.post(path, content=b"login=gate&password=x", headers=PAGE)
        assert form.status_code not in {429, 503}, form.text
        other = await site.client.post(path, content=b"login=other&password=x", headers=PAGE)
        assert other.status_code == 503
