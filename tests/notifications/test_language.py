"""Texts and pages come in the language that somebody chose last; signing in brings it to a new device."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID

import pytest

from tests.support.api_site import ApiSite, api_site
from tests.support.booking_site import BookingSite, booked, site
from tests.support.database import DbUrls
from tests.support.message_stage import Recorder
from tests.support.traveller_site import CARD, DOCUMENT, NAME, Traveller
from wenyue.booking import EventKind
from wenyue.worker import Worker

pytestmark = pytest.mark.anyio
__all__ = ["site"]
PHONE = "13800138000"


@pytest.fixture
async def api(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(make_database, tmp_path) as site:
        yield site


async def activated(site: BookingSite, lang: str = "") -> Traveller:
    one = site.traveller()
    await one.get(f"/activate?lang={lang}" if lang else "/activate")
    typed = {"card_no": CARD[0], "pin": CARD[1], "name": NAME, "number": DOCUMENT, "kind": "resident_id"}
    await one.submit(one.form("/activate"), typed | {"phone": PHONE})
    return one


async def text_of(site: BookingSite, path: str, kind: EventKind = EventKind.CONFIRMED) -> str:
    """What the worker sends of a booking."""
    recorder = Recorder()
    worker = Worker(site.services, sms=recorder)
    ids = [str(UUID(path.rpartition("/")[2]))]
    await worker.subscribers.deliver_and_send({"kind": int(kind), "booking_ids": ids}, is_last_try=True)
    [sent] = recorder.sent
    return sent.text


async def signed_in_again(one: Traveller) -> None:
    await one.get("/signin")
    await one.submit(one.form("/signin"), {"card_no": CARD[0], "pin": CARD[1]})


@pytest.mark.parametrize(("lang", "begins"), [("en", "[Wenyue Card] Booked: "), ("zh", "【稳约旅游卡】")])
async def test_security_fourth_texts_come_in_the_language_of_the_pages(
    site: BookingSite, lang: str, begins: str
) -> None:
    one = await activated(site, {"en": "zh", "zh": "en"}[lang])
    await one.client.post("/signout")
    again = site.traveller()
    await again.get(f"/?lang={lang}")  # kept in a cookie
    await signed_in_again(again)
    assert (await text_of(site, await booked(again))).startswith(begins)


async def test_security_fourth_a_language_that_is_chosen_while_signed_in_holds_for_texts(
    site: BookingSite,
) -> None:
    one = await activated(site)
    first = await booked(one)
    await one.get("/me?lang=en")
    second = await booked(one, "temple")
    assert (await text_of(site, second)).startswith("[Wenyue Card] ")
    await one.get("/me?lang=zh")
    assert (await text_of(site, first)).startswith("【稳约旅游卡】")


async def test_the_button_that_switches_the_language_holds_for_texts(site: BookingSite) -> None:
    one = await activated(site)
    await one.get("/me")
    await one.submit(one.form("/preferences"), {"lang": "en"})
    assert (await text_of(site, await booked(one))).startswith("[Wenyue Card] ")


async def test_signing_in_on_a_new_device_speaks_the_language_of_the_account(site: BookingSite) -> None:
    one = await activated(site, "en")
    path = await booked(one)
    new = site.traveller()
    assert '<html lang="zh-CN"' in await new.get("/signin")  # what this browser asks for
    await signed_in_again(new)
    assert '<html lang="en"' in await new.get("/me")
    assert (await text_of(site, path)).startswith("[Wenyue Card] ")


async def test_signing_in_where_a_language_was_chosen_keeps_to_that(site: BookingSite) -> None:
    await activated(site, "en")
    new = site.traveller()
    await new.get("/signin?lang=zh")
    await signed_in_again(new)
    assert '<html lang="zh-CN"' in await new.get("/me")


async def test_security_fourth_the_api_keeps_the_language_that_a_sign_in_names(api: ApiSite) -> None:
    await api.traveller()
    said: list[str] = []
    for head in (
        {"Accept-Language": "en-GB,en;q=0.9"},
        {},
        {"Accept-Language": "zh-CN"},
        {"Accept-Language": "fr"},
    ):
        body = {"card_no": CARD[0], "pin": CARD[1]}
        signed = await api.client.post("/v1/session", json=body, headers=head)
        assert signed.status_code == 201, signed.text
        async with api.app.services.db.connection() as tx:
            rows = await tx.execute("SELECT locale FROM accounts.traveller")
            said += [locale for (locale,) in await rows.fetchall()]
    assert said == ["en", "en", "zh-CN", "zh-CN"]
