"""A second person confirms with a passkey, in a real browser with its virtual authenticator: at the gate and at the counter."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import httpx
import psycopg
import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.api_server import serving_app
from tests.support.api_site import PASSWORD, TODAY, ApiSite, Person, hire
from tests.support.browser import album_for, chromium_here
from tests.support.card_desk import PHONE
from tests.support.database import DbUrls
from tests.support.fitting import fits
from tests.support.traveller_site import CARD, DOCUMENT, NAME, NOW
from tests.system.test_second_factor_browser import AUTHENTICATOR
from tests.system.test_staff_pages_browser import blank, signed_in
from wenyue.app import App
from wenyue.core.duties import Duty, Role
from wenyue.core.ids import uuid7
from wenyue.web.gate.context import STATION_COOKIE

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
ZH, EN = ("phone", "zh-CN", "light"), ("phone", "en", "dark")


class House(NamedTuple):
    """The installation behind a server."""

    url: str
    urls: DbUrls
    app: App

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What the owner of the database sees."""
        with psycopg.connect(self.urls.owner_url) as tx:
            return tx.execute(statement.encode(), values).fetchall()

    def undone(self) -> int:
        """How many admissions were taken back."""
        return self.query("SELECT count(*) FROM gate.undo")[0][0]


@pytest.fixture
def house(make_database: Callable[[], DbUrls], tmp_path: Path) -> Iterator[House]:
    urls = make_database()
    for login in ("ann", "zhou"):
        asyncio.run(hire(urls, tmp_path, login, {Duty(Role.OPERATOR)}))
    with serving_app(urls, tmp_path, "asked") as (url, app):
        yield House(url.replace("127.0.0.1", "localhost"), urls, app)  # passkeys belong to names


@asynccontextmanager
async def at_gate(
    browser: Browser, house: House, look: tuple[str, str, str] = ZH, keeper: str = "gate"
) -> AsyncGenerator[tuple[Page, Any]]:
    """A keeper's browser at a gate of the lake; the authenticator in it has the passkey that `ann` set up, her only factor."""
    page = await blank(browser, house.url, look)
    device: Any = await page.context.new_cdp_session(page)
    await device.send("WebAuthn.enable")
    added = await device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    device.authenticator_id = added["authenticatorId"]
    await signed_in(page, house.url, "console", "ann")
    await page.goto(f"{house.url}/console/me/factor")
    await page.click('form[data-passkey="create"] button')
    await page.wait_for_selector(".staff-codes")
    await page.context.clear_cookies(name="wy_staff")
    await signed_in(page, house.url, "gate", keeper)
    [(lake,)] = house.query("SELECT id FROM catalogue.venue WHERE code = 'lake'")
    await page.check(f'input[name="venue_id"][value="{lake}"]', force=True)
    await page.fill("#gate", "北门")
    await page.press("#gate", "Enter")
    await page.wait_for_selector(".gate-result--ready")
    yield page, device
    await page.context.close()


async def taken_back_once(house: House) -> None:
    """A scan of a place that was taken back before: another undo wants a second person."""
    async with httpx.AsyncClient(base_url=house.url) as client:
        site = ApiSite(house.app, client)
        traveller, keeper = await site.traveller(), await site.staff()
        slots = [one for one in await site.slots("lake", TODAY) if one["state"] != "closed"]
        booked = (await site.book(traveller, slots[0]["slot_id"])).json()["id"]
        for turn in range(2):
            scan = str(uuid7())
            body = {"scan_id": scan, "venue": "lake", "gate": "北门", "presented": booked}
            answered = await client.post("/v1/gate/scans", json=body, headers=keeper.headers)
            assert answered.json()["admitted"], answered.text
            if turn == 0:
                path = f"/v1/gate/scans/{scan}/undo"
                done = await client.post(path, json={"reason": "扫错了人"}, headers=keeper.headers)
                assert done.json()["outcome"] == "undone", done.text


async def ask_undo(page: Page, house: House) -> None:
    """Until the second person is asked for; `ann` has typed her login and her password."""
    await page.goto(f"{house.url}/gate")
    undo = page.locator("[data-gate-rows] .gate-undo").first
    await undo.locator("summary").click()
    await undo.locator('[name="reason"]').fill("扫错了人")
    await undo.locator("button").click()
    await page.fill("#second_login", "ann")
    await page.fill("#second_password", PASSWORD)


async def test_at_the_gate_a_passkey_confirms_an_undo_in_place(
    house: House, tmp_path_factory: pytest.TempPathFactory
) -> None:
    album = album_for("JOURNEY_SCREENSHOTS", tmp_path_factory)
    await taken_back_once(house)
    async with chromium_here() as browser, at_gate(browser, house) as (page, _):
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await ask_undo(page, house)
        use, problem = page.locator("[data-second-passkey]"), page.locator("[data-second-problem]")
        await page.fill("#second_password", "wrong horse")
        await use.click()
        await expect(problem).to_contain_text("账号或密码不对")
        await expect(page.locator("#second_login")).to_have_value("ann")
        await expect(page.locator("#second_password")).to_have_value("wrong horse")  # nothing typed is lost
        await expect(page.locator("#second_login")).to_be_focused()
        await fits(page, album / "second-passkey-wrong.png")
        await page.route("**/gate/undo", lambda route: route.abort())
        await use.click()
        await expect(problem).to_contain_text("没有用成通行密钥")  # not what was said of the try before
        await page.unroute("**/gate/undo")
        await page.fill("#second_password", PASSWORD)
        await use.click()
        await expect(page.locator("[data-gate-note]")).to_contain_text("名额恢复")
        assert house.undone() == 2
        assert faults == []
    said = "SELECT detail ->> 'by' FROM audit.entry WHERE action = 'factor.proved' AND actor ="
    assert house.query(f"{said} (SELECT 'staff:' || id FROM accounts.staff WHERE login = 'ann')") == [
        ("passkey",)
    ]


async def test_what_was_signed_is_good_for_this_act_once_and_tries_are_counted(house: House) -> None:
    await taken_back_once(house)
    async with chromium_here() as browser, at_gate(browser, house) as (page, _):
        await ask_undo(page, house)
        signed: list[str] = []

        async def keep(route: Any) -> None:
            body = route.request.post_data or ""
            if "second_answer" in body:
                signed.append(body)
                await route.abort()
            else:
                await route.continue_()

        await page.route("**/gate/undo", keep)
        await page.click("[data-second-passkey]")
        await expect(page.locator("[data-gate-hint]")).to_be_visible()
        fields = parse_qsl(signed[0], keep_blank_values=True)

        async def send(by: Page, **instead: str) -> str:
            body = str(httpx.QueryParams([(name, instead.get(name, value)) for name, value in fields]))
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            answered = await by.request.post(f"{house.url}/gate/undo", data=body, headers=kind)
            return await answered.text()

        later = str(int(NOW.timestamp()) - 301)
        for instead in ({"reason": "另一个原因"}, {"scan_id": str(uuid7())}, {"second_at": later}):
            assert "通行密钥没有通过" in await send(page, **instead), instead
        other = await blank(browser, house.url, ZH)  # the same keeper in another login
        station = next(one for one in await page.context.cookies() if one.get("name") == STATION_COOKIE)
        await other.context.add_cookies(
            [{"name": STATION_COOKIE, "value": station.get("value", ""), "url": house.url}]
        )
        await signed_in(other, house.url, "gate", "gate")
        token = await other.locator('input[name="_csrf"]').first.input_value()
        assert "通行密钥没有通过" in await send(other, _csrf=token)
        assert house.undone() == 1
        assert "名额恢复" in await send(page)
        assert house.undone() == 2
        # a synced passkey counts nothing: it is the time of its use that makes the answer good once
        with psycopg.connect(house.urls.owner_url) as tx:
            tx.execute(
                "UPDATE accounts.factor SET sign_count = sign_count - 1, used_at = used_at + interval '1 s'"
            )
        assert "通行密钥没有通过" in await send(page)
        said = [await send(page) for _ in range(12)]
        assert "尝试次数太多" in said[-1]


async def test_an_authenticator_without_their_passkey_changes_nothing_and_a_code_still_does(
    house: House,
) -> None:
    await taken_back_once(house)
    async with chromium_here() as browser, at_gate(browser, house) as (page, device):
        codes = house.query("SELECT count(*) FROM accounts.recovery_code")
        assert codes == [(10,)]
        await ask_undo(page, house)
        await device.send("WebAuthn.clearCredentials", {"authenticatorId": device.authenticator_id})
        await page.click("[data-second-passkey]")
        await expect(page.locator("[data-second-problem]")).to_contain_text("没有用成通行密钥")
        await expect(page.locator("#second_password")).to_have_value(PASSWORD)
        await page.fill("#second_login", "zhou")  # who has none
        await page.click("[data-second-passkey]")
        await expect(page.locator("[data-second-problem]")).to_contain_text("没有可以在这里用的通行密钥")
        assert house.undone() == 1
        await page.fill("#second_login", "ann")
        await page.press("#second_login", "Enter")
        await expect(page.locator("[data-gate-note]")).to_contain_text("或用通行密钥")


@pytest.mark.parametrize("look", [ZH, EN])
async def test_at_the_counter_a_passkey_settles_a_document(
    house: House, look: tuple[str, str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    album = album_for("JOURNEY_SCREENSHOTS", tmp_path_factory)
    async with httpx.AsyncClient(base_url=house.url) as client:
        person = {"name": NAME, "number": DOCUMENT}
        card = {"card_no": CARD[0], "pin": CARD[1]}
        assert (await client.post("/v1/cards/activation", json=card | person | {"phone": PHONE})).is_success
        site = ApiSite(house.app, client)
        holder = Person(
            (await client.post("/v1/session", json=card)).json()["token"], 0, 0, "", NAME, DOCUMENT
        )
        assert (await site.book(holder, (await site.slots("lake"))[1]["slot_id"])).is_success
    async with chromium_here() as browser, at_gate(browser, house, look, keeper="zhou") as (page, _):
        await page.goto(f"{house.url}/gate/holders")
        await page.fill('input[name="name"]', NAME)
        await page.fill('input[name="number"]', DOCUMENT)
        await page.check('input[name="none"]', force=True)
        await page.click("main .actions button >> nth=0")
        await page.fill("#second_login", "ann")
        await page.fill("#second_password", PASSWORD)
        await fits(page, album / f"second-passkey-counter-{'-'.join(look)}.png")
        await page.click("[data-second-passkey]")
        await expect(page.locator("main")).to_contain_text(re.compile("已确认|Confirmed"))
    assert house.query("SELECT count(*) FROM audit.entry WHERE action = 'holder.claim_lost'") == [(1,)]


@pytest.mark.parametrize("look", [ZH, EN])
async def test_without_a_script_the_form_says_what_somebody_with_a_passkey_alone_does(
    house: House, look: tuple[str, str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    album = album_for("JOURNEY_SCREENSHOTS", tmp_path_factory)
    await taken_back_once(house)
    async with chromium_here() as browser, at_gate(browser, house, look) as (page, _):
        state = await page.context.storage_state()
        context = await browser.new_context(
            locale="zh-CN",
            viewport={"width": 390, "height": 844},
            storage_state=state,
            java_script_enabled=False,
        )
        plain = await context.new_page()
        await ask_undo(plain, house)
        await expect(plain.locator("[data-second-passkey]")).to_be_hidden()
        await expect(plain.locator("noscript p")).to_contain_text("JavaScript")
        await plain.screenshot(path=album / f"second-passkey-plain-{'-'.join(look)}.png", full_page=True)
        await plain.press("#second_password", "Enter")
        await expect(plain.locator(".error-list")).to_contain_text(re.compile("恢复码|recovery code"))
        await expect(plain.locator("#second_login")).to_have_value("ann")
        await context.close()
