"""Strangers who try secrets keep nobody out who comes with a device that is known at the login."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.support.api_site import PASSWORD, ApiSite, api_site
from tests.support.database import DbUrls
from tests.support.traveller_site import CARD, DOCUMENT, NAME, NOW, OTHER_CARD
from wenyue.accounts.doubts import Doubts
from wenyue.accounts.passwords import rest_s
from wenyue.core.admission import Priority

pytestmark = pytest.mark.anyio
STAFF = {"login": "gate", "password": PASSWORD}
HOLDER = {"card_no": CARD[0], "pin": CARD[1]}
PAGE = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(make_database, tmp_path) as made:
        yield made


def _close_the_door(site: ApiSite) -> None:
    """The classes of those who knock have all that they may have, and nobody waits long."""
    _fill(site, Priority.SIGN_IN, Priority.STAFF_SIGN_IN, Priority.LOSS)


def _fill(site: ApiSite, *classes: Priority) -> None:
    desk = site.app.services.admission.desk
    desk.own |= dict.fromkeys(classes, int(desk.limit))
    desk.total = int(desk.limit)
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


LOST = {
    "id": "0198c0de-0000-7000-8000-000000000001",
    "name": NAME,
    "number": DOCUMENT,
    "phone": "13800000000",
}
WRONG = {"card_no": OTHER_CARD[0], "pin": "000000"}


def _from(site: ApiSite, address: str) -> httpx.AsyncClient:
    """A client with an address of its own."""
    transport = httpx.ASGITransport(site.app, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://wenyue.test")


async def test_security_L2_holders_report_a_loss_while_strangers_have_every_place_of_the_sign_in(
    site: ApiSite,
) -> None:
    person = await site.traveller()
    _fill(site, Priority.SIGN_IN, Priority.STAFF_SIGN_IN, Priority.STRANGER, Priority.DOUBTFUL)
    for number, (path, body, status) in enumerate(
        (
            ("/v1/session", HOLDER, 503),
            ("/v1/cards/lost", LOST, 202),
            (f"/v1/cards/lost/{LOST['id']}/code", {"code": "000000"}, 403),
            ("/v1/cards/objection", {"code": "000000"}, 403),
        )
    ):
        async with _from(site, f"198.51.100.{number}") as holder:
            asked = await holder.post(path, json=body)
        assert asked.status_code == status, (path, asked.text)
    signed_in = await site.client.post(f"/v1/cards/{CARD[0]}/loss", headers=person.headers)
    assert signed_in.status_code == 200, signed_in.text


async def test_security_L2_strangers_who_report_losses_keep_nobody_from_signing_in(site: ApiSite) -> None:
    await site.traveller()
    _fill(site, Priority.LOSS, Priority.STRANGER, Priority.DOUBTFUL)
    assert (await site.client.post("/v1/cards/lost", json=LOST)).status_code == 503
    assert (await site.client.post("/v1/session", json=HOLDER)).status_code == 201
    assert (await site.client.post("/v1/gate/session", json=STAFF)).status_code == 200


async def test_live_M3_whoever_guesses_waits_behind_his_like_and_not_before_staff_on_a_new_device(
    site: ApiSite,
) -> None:
    async with _from(site, "203.0.113.9") as guesser, _from(site, "198.51.100.7") as keeper:
        for _ in range(2):
            assert (await guesser.post("/v1/session", json=WRONG)).status_code == 403
        _fill(site, Priority.DOUBTFUL)
        for path, body in (("/v1/session", WRONG), ("/v1/gate/session", STAFF), ("/v1/cards/lost", LOST)):
            assert (await guesser.post(path, json=body)).status_code == 503
        assert (await keeper.post("/v1/gate/session", json=STAFF)).status_code == 200


def test_live_M3_a_place_is_doubted_for_wrong_secrets_lately_and_right_ones_count_for_it() -> None:
    doubts = Doubts()
    doubts.note("a", NOW, is_right=False)
    assert not doubts.is_doubtful("a", NOW)  # anybody mistypes once
    doubts.note("a", NOW, is_right=False)
    assert doubts.is_doubtful("a", NOW)
    assert not doubts.is_doubtful("b", NOW)
    assert not doubts.is_doubtful("a", NOW + timedelta(minutes=5))
    doubts.note("a", NOW, is_right=True)  # a crowd behind one address: most of them are right
    for _ in range(1000):
        doubts.note("a", NOW, is_right=False)
        doubts.note("a", NOW, is_right=True)
        doubts.note("a", NOW, is_right=False)
    assert not doubts.is_doubtful("a", NOW)


def test_live_M3_checks_rest_until_they_had_a_quarter_of_a_wanted_processor() -> None:
    assert rest_s(computed_s=0.2, took_s=0.2) == 0.0  # nobody else wanted it
    assert rest_s(computed_s=0.2, took_s=0.4) == pytest.approx(0.4)
    assert rest_s(computed_s=0.2, took_s=2.0) == 0.0  # it had less
