"""The gate's own pages beside the scan in a real browser: they fit a phone and a wall, in both languages, and weigh little."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page

from tests.support.api_server import serving
from tests.support.api_site import TODAY, hire
from tests.support.browser import LOOKS, album_for, chromium_here
from tests.support.database import DbUrls
from tests.support.fitting import fits
from tests.support.traveller_site import (
    DAILY_CARD,
    DOCUMENT,
    LOCAL_CARD,
    NAME,
    OTHER_DOCUMENT,
    OTHER_NAME,
)
from tests.system.test_staff_pages_browser import blank, signed_in
from wenyue.core.duties import Duty, Role
from wenyue.core.ids import uuid7

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture
def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> Iterator[tuple[str, DbUrls]]:
    urls = make_database()
    with serving(urls, tmp_path) as url:
        yield url, urls


def claim_and_book(url: str) -> None:
    """A stranger's card claims Zhang's number; a friend has booked a place for Zhang."""
    with httpx.Client(base_url=url) as client:
        for card, name, number in (
            (DAILY_CARD, "赵小贼", DOCUMENT),
            (LOCAL_CARD, OTHER_NAME, OTHER_DOCUMENT),
        ):
            body = {"card_no": card[0], "pin": card[1], "name": name, "number": number, "is_separate": True}
            made = client.post("/v1/cards/activation", json=body)
            assert made.status_code == 201, made.text
        token = client.post("/v1/session", json={"card_no": LOCAL_CARD[0], "pin": LOCAL_CARD[1]}).json()[
            "token"
        ]
        venue = next(one for one in client.get("/v1/venues").json()["items"] if one["code"] == "lake")
        product = client.get(f"/v1/venues/{venue['code']}").json()["products"][0]["id"]
        asked = {"product_id": product, "from": TODAY.isoformat(), "to": TODAY.isoformat()}
        slots = client.get("/v1/availability", params=asked).json()["slots"]
        booking = {
            "id": str(uuid7()),
            "lines": [
                {"slot_id": slots[0]["slot_id"], "visitors": [0], "price_minor": slots[0]["price_minor"]}
            ],
            "visitors": [{"name": NAME, "number": DOCUMENT}],
        }
        done = client.post("/v1/bookings", json=booking, headers={"authorization": f"Bearer {token}"})
        assert done.status_code == 201, done.text


async def test_they_fit(
    site: tuple[str, DbUrls], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url, urls = site
    await hire(urls, tmp_path, "zhou", {Duty(Role.OPERATOR)}, "周敏")
    claim_and_book(url)
    album = album_for("JOURNEY_SCREENSHOTS", tmp_path_factory)
    async with chromium_here() as browser:
        for look in LOOKS:
            zhou = await blank(browser, url, look)

            async def see(page: Page, name: str, of: str = "-".join(look)) -> None:
                await fits(page, album / f"gate-{name}-{of}.png")

            await signed_in(zhou, url, "gate", "zhou")
            await zhou.check('input[name="venue_id"] >> nth=0', force=True)
            await zhou.fill("#gate", "北门")
            await see(zhou, "setup")
            await zhou.press("#gate", "Enter")
            await zhou.wait_for_selector(".gate-result--ready")
            await zhou.fill('input[name="presented"]', DAILY_CARD[0])
            await zhou.press('input[name="presented"]', "Enter")
            await zhou.wait_for_selector(".gate-result:not(.gate-result--ready)")
            await see(zhou, "show-document")
            await zhou.goto(f"{url}/gate/lookup")
            await see(zhou, "lookup")
            await zhou.goto(f"{url}/gate/holders")
            await see(zhou, "holders")
            await zhou.fill('input[name="name"]', NAME)
            await zhou.fill('input[name="number"]', "1101")
            await zhou.click("main .actions button >> nth=0")
            await see(zhou, "holders-mistyped")
            await zhou.fill('input[name="number"]', DOCUMENT)
            await zhou.check('input[name="none"]', force=True)
            await zhou.click("main .actions button >> nth=0")
            await zhou.wait_for_selector("#outlook")
            await see(zhou, "holders-outlook")
            await zhou.context.close()
