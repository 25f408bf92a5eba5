"""A device at a gate is enrolled once, its clerks change by PIN, and what a PIN opens is that post alone."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.support.api_site import NOW, PASSWORD, ApiSite, furnish, serve_api, settings_for, vault_of
from tests.support.clock import Clock
from tests.support.database import DbUrls
from wenyue.accounts import Caller, save_staff
from wenyue.application.end_sessions import end_own_sessions
from wenyue.application.enrol_factor import enrol_factor
from wenyue.application.operating import Operator
from wenyue.application.recognise import recognise
from wenyue.application.remove_factor import remove_factor
from wenyue.application.renew_codes import renew_codes
from wenyue.application.securing import NotSecured
from wenyue.application.signing_in import Enrolment
from wenyue.core.duties import Duty, Role

pytestmark = pytest.mark.anyio
PIN = "295173"
WAYS_IN = """SELECT (SELECT count(*) FROM accounts.factor), (SELECT count(*) FROM accounts.recovery_code),
                    (SELECT count(*) FROM accounts.login WHERE ended_at IS NULL)"""


class Stage:
    """An installation with a keeper of two venues, who is an operator besides, and somebody of another gate."""

    def __init__(self, site: ApiSite, urls: DbUrls, clock: Clock, lake: int) -> None:
        self.site, self.urls, self.clock, self.lake = site, urls, clock, lake

    def browser(self) -> httpx.AsyncClient:
        """A new browser."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.site.app), base_url="http://wenyue.test"
        )

    async def send(self, browser: httpx.AsyncClient, path: str, at: str = "", **form: str) -> httpx.Response:
        """A form, with the token of the page that it stands on."""
        shown = await browser.get(at or path)
        token = re.search(r'name="_csrf" value="([^"]+)"', shown.text)
        assert token is not None, shown.text
        return await browser.post(path, data={"_csrf": token[1], **form})

    async def signed_in(self, login: str, face: str = "gate") -> httpx.AsyncClient:
        """A browser of this member of staff, by password."""
        browser = self.browser()
        done = await self.send(browser, f"/{face}/signin", login=login, password=PASSWORD)
        assert done.status_code == 303, done.text
        return browser

    async def code(self, post: str = "北门") -> str:
        """A code for a device at the lake."""
        made = await self.send(
            await self.signed_in("boss", "console"), "/console/devices", venue="lake", post=post
        )
        found = re.search(r"<strong>([A-Z0-9]{5}-[A-Z0-9]{5})</strong>", made.text)
        assert found is not None, made.text
        return found[1]

    async def device(self, post: str = "北门") -> httpx.AsyncClient:
        """The browser of an enrolled device."""
        browser = self.browser()
        done = await self.send(browser, "/gate/enrol", code=(await self.code(post)).lower())
        assert (done.status_code, done.headers.get("location")) == (303, "/gate/clerk"), done.text
        return browser

    async def set_pin(self, login: str, pin: str = PIN) -> httpx.Response:
        """Set by whoever it is, with their password."""
        browser = await self.signed_in(login)
        there = await self.send(browser, "/gate/setup", venue_id=str(self.lake), gate="北门")
        assert there.status_code == 303, there.text
        return await self.send(browser, "/gate/pin", pin=pin, again=pin)

    async def turn(self, device: httpx.AsyncClient, login: str, pin: str = PIN) -> httpx.Response:
        """Choose the name and type the PIN."""
        [(number,)] = self.rows("SELECT id FROM accounts.staff WHERE login = %s", login)
        return await self.send(device, "/gate/clerk", at="/gate/enrol", clerk=str(number), pin=pin)

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """What the owner of the database reads."""
        with psycopg.connect(self.urls.owner_url) as tx:
            return tx.execute(statement.encode(), values).fetchall()


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Stage]:
    urls, clock = make_database(), Clock(NOW)
    await furnish(urls, tmp_path)
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        [(lake,)] = await (await tx.execute("SELECT id FROM catalogue.venue WHERE code = 'lake'")).fetchall()
        for login, duties in (
            ("boss", {Duty(Role.ADMINISTRATOR), Duty(Role.OPERATOR)}),
            ("wang", {Duty(Role.GATE, lake)}),
            ("li", {Duty(Role.GATE, lake, "北门"), Duty(Role.AUDITOR)}),
        ):
            await save_staff(
                tx,
                vault_of(tmp_path),
                login=login,
                password=PASSWORD,
                duties=frozenset(duties),
                now=NOW,
                actor="test",
            )
    async with serve_api(settings_for(urls, tmp_path), clock=clock) as site:
        yield Stage(site, urls, clock, lake)


async def test_clerks_of_an_enrolled_device_change_by_pin_and_the_record_names_them(stage: Stage) -> None:
    for login in ("wang", "boss"):
        assert "已设置" in (await stage.set_pin(login)).text
    device = await stage.device()
    for login in ("wang", "boss"):
        turned = await stage.turn(device, login)
        assert (turned.status_code, turned.headers.get("location")) == (303, "/gate"), turned.text
        assert (await device.get("/gate")).status_code == 200
    stored = stage.rows("SELECT pin_hash FROM accounts.clerk_pin") + stage.rows(
        "SELECT secret_hash FROM accounts.gate_device"
    )
    assert PIN not in str(stored)
    assert device.cookies["wy_gate_device"] not in str(stored)
    begun = "SELECT detail ->> 'device' FROM audit.entry WHERE action = 'login.started' AND detail ? 'device'"
    assert stage.rows(begun) == [("1",)] * 2
    [(open_logins,)] = stage.rows(
        "SELECT count(*) FROM accounts.login WHERE device_id = 1 AND ended_at IS NULL"
    )
    assert open_logins == 1, "the turn before has ended"


async def test_a_pin_opens_this_post_alone_whatever_else_the_clerk_may_do(stage: Stage) -> None:
    await stage.set_pin("boss")
    device = await stage.device()
    assert (await stage.turn(device, "boss")).status_code == 303
    for path in ("/console/live", "/console/holidays", "/console/devices"):
        assert (await device.get(path)).status_code == 403, path
    token = device.cookies["wy_staff"]
    body = {
        "scan_id": "0192f000-0000-7000-8000-000000000001",
        "venue": "temple",
        "gate": "北门",
        "presented": "x",
    }
    headers = {"Authorization": f"Bearer {token}"}
    assert (await stage.site.client.post("/v1/gate/scans", json=body, headers=headers)).status_code == 403
    body |= {"venue": "lake", "gate": "南门"}
    assert (await stage.site.client.post("/v1/gate/scans", json=body, headers=headers)).status_code == 403
    body |= {"gate": "北门"}
    assert (await stage.site.client.post("/v1/gate/scans", json=body, headers=headers)).status_code == 200
    assert (await device.get("/gate/pin")).status_code == 403, "a PIN sets no PIN"


async def test_security_eighth_F4_a_pin_makes_no_other_way_in_and_ends_none(stage: Stage) -> None:
    """Six digits at a tablet set up a second factor in the clerk's name, and took the recovery codes."""
    await stage.set_pin("wang")
    home = await stage.signed_in("wang")
    form = await home.get("/console/me/factor")
    assert form.status_code == 200
    device = await stage.device()
    assert (await stage.turn(device, "wang")).status_code == 303
    for path in ("/console/me", "/console/me/factor", "/console/duties"):
        refused = await device.get(path)
        assert (refused.status_code, "请用密码登录" in refused.text) == (403, True), path
    before = stage.rows(WAYS_IN)
    services = stage.site.app.services
    token = device.cookies["wy_staff"]
    login = (await recognise(services.db, [token], NOW))[token]
    staff = login.staff
    assert staff is not None
    operator, made = Operator(f"staff:{staff.id}", login.key, staff.duties), Enrolment("app")
    for done in (
        await enrol_factor(services, operator, staff, Caller("192.0.2.1"), made),
        await renew_codes(services, operator, staff),
        await remove_factor(services, operator, staff, 1),
        await end_own_sessions(services, operator, staff, ""),
    ):
        assert done is NotSecured.BY_PIN
    assert stage.rows(WAYS_IN) == before
    assert (await home.get("/console/me")).status_code == 200


async def test_a_code_is_good_once_and_for_ten_minutes(stage: Stage) -> None:
    code = await stage.code()
    for _ in range(2):
        status = (await stage.send(stage.browser(), "/gate/enrol", code=code)).status_code
        assert status == (303 if _ == 0 else 422)
    late = await stage.code("南门")
    stage.clock.now = NOW + timedelta(minutes=10)
    assert (await stage.send(stage.browser(), "/gate/enrol", code=late)).status_code == 422


async def test_a_revoked_device_opens_nothing_and_its_clerk_is_signed_out(stage: Stage) -> None:
    await stage.set_pin("wang")
    device = await stage.device()
    await stage.turn(device, "wang")
    boss = await stage.signed_in("boss", "console")
    assert "在用" in (await boss.get("/console/devices")).text
    assert (await stage.send(boss, "/console/devices/1/revoke", at="/console/devices")).status_code == 303
    assert (await stage.send(boss, "/console/devices/1/revoke", at="/console/devices")).status_code == 404
    assert (await device.get("/gate")).headers["location"] == "/gate/signin"
    assert (await device.get("/gate/clerk")).headers["location"] == "/gate/enrol"
    assert (await stage.turn(device, "wang")).headers["location"] == "/gate/enrol"


async def test_a_pin_without_the_device_or_the_duty_or_after_a_reset_is_nothing(stage: Stage) -> None:
    await stage.set_pin("wang")
    await stage.set_pin("li")
    assert (await stage.turn(stage.browser(), "wang")).headers["location"] == "/gate/enrol"
    other = await stage.device("南门")
    assert (await stage.turn(other, "li")).status_code == 422, "the duty is at another gate"
    device = await stage.device()
    assert (await stage.turn(device, "li")).status_code == 303
    async with await psycopg.AsyncConnection.connect(stage.urls.owner_url) as tx:
        await tx.execute("DELETE FROM accounts.duty WHERE role = 'gate' AND post <> ''")
        vault = stage.site.app.services.vault
        duties = frozenset({Duty(Role.GATE, stage.lake)})
        await save_staff(tx, vault, login="wang", password=PASSWORD, duties=duties, now=NOW, actor="test")
    assert (await device.get("/gate")).status_code == 403, "the duty was taken away"
    assert (await stage.turn(device, "li")).status_code == 422
    assert (await stage.turn(device, "wang")).status_code == 422, "a new password ends the PIN"


async def test_guessing_a_pin_waits(stage: Stage) -> None:
    await stage.set_pin("wang")
    device = await stage.device()
    statuses = [(await stage.turn(device, "wang", f"84{n}613")).status_code for n in range(7)]
    assert statuses[0] == 422
    assert statuses[-1] == 429
    assert (await stage.turn(device, "wang")).status_code == 429, "the right one waits, too"


@pytest.mark.parametrize("pin", ["12345", "123456", "987654", "111111", "123456789", "12a456", ""])
async def test_a_pin_that_anybody_would_guess_is_refused(stage: Stage, pin: str) -> None:
    assert (await stage.set_pin("wang", pin)).status_code == 422
    assert stage.rows("SELECT 1 FROM accounts.clerk_pin") == []


async def test_security_sixth_a_typed_login_never_counts_against_a_clerks_pin(stage: Stage) -> None:
    await stage.set_pin("wang")
    device = await stage.device()
    [(number,)] = stage.rows("SELECT id FROM accounts.staff WHERE login = 'wang'")
    for login in (f"{stage.lake} {number}", f"pin {stage.lake} {number}"):
        tries = [
            (await stage.send(stage.browser(), "/gate/signin", login=login, password="wrong")).status_code
            for _ in range(8)
        ]
        assert tries[-1] == 429
    assert (await stage.turn(device, "wang")).status_code == 303


async def test_security_sixth_a_device_is_revoked_however_many_codes_were_made_since(stage: Stage) -> None:
    device = await stage.device()
    [(number,)] = stage.rows("SELECT id FROM accounts.gate_device WHERE enrolled_at IS NOT NULL")
    with psycopg.connect(stage.urls.owner_url) as tx:
        tx.execute(
            "INSERT INTO accounts.gate_device (venue_id, post, code_hash, code_until, made_by)"
            " SELECT %s, 'x', sha256(n::text::bytea), %s, 'test' FROM generate_series(1, 600) AS n",
            (stage.lake, NOW - timedelta(minutes=1)),
        )
    boss = await stage.signed_in("boss", "console")
    assert f"/console/devices/{number}/revoke" in (await boss.get("/console/devices")).text
    await stage.send(boss, f"/console/devices/{number}/revoke", at="/console/devices")
    assert (await device.get("/gate/clerk")).headers["location"] == "/gate/enrol"
