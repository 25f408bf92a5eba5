"""Staff who are signed out while a request of theirs is under way change nothing; a pass opens what it is for and no more."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

import psycopg
import pytest
from pyotp.totp import TOTP
from starlette.routing import Route

from tests.support.api_site import PASSWORD, ApiSite, api_site, vault_of
from tests.support.database import DbUrls
from tests.support.second_factor import secret_of
from tests.support.traveller_site import CARD, DOCUMENT, NAME, NOW, PageForm, Traveller, forms_of
from wenyue.accounts import end_login, gate_devices, save_staff
from wenyue.application.changeables import CHANGEABLES
from wenyue.application.operating import Operator
from wenyue.application.propose_change import ProposeChange, propose_change
from wenyue.application.reprice import Reprice
from wenyue.changes import Change, State
from wenyue.core.duties import EVERY_DUTY, Duty, Role, duties_of_role
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import Database, Tx
from wenyue.web import console, gate

pytestmark = pytest.mark.anyio
LIVE: Final = {
    "/console",
    "/console/live",
    "/console/live.json",
    "/console/runbooks",
    "/console/runbooks/{name}",
}
BEGIN_OR_END: Final = {
    "/console/signin",
    "/console/signout",
    "/gate/signin",
    "/console/signin/factor",  # the second step of a sign-in
    "/console/signin/enrolment",
    "/gate/signin/factor",
    "/gate/signin/enrolment",
    "/gate/enrol",  # a device begins, by its code
    "/gate/clerk",  # a clerk begins, by their PIN
    "/gate/signout",
    "/v1/gate/session",
}
HOLIDAY: Final = {
    "from": "2027-10-04",
    "to": "2027-10-05",
    "kind": "holiday",
    "name": "国庆节",
    "source": "通知",
    "act": "apply",
}
CHANGE: Final = uuid7()
DEVICE: Final = 1  # the first of an installation
OTHER: Final = 2  # the second of the staff
IDS: Final = {"/console/devices/{id}/revoke": DEVICE, "/console/staff/{id}": OTHER}
PROPOSING: Final = "/console/changes/new?venue=1&act=prices.set"
PROPOSAL: Final = {"product": "1", "from": "2026-03-06", "yuan": "58", "reason": "雨天", "what": "propose"}
# Of each changing page: where its form is, whose action that form has, and what is typed.
PAGES: Final[Mapping[str, tuple[str, str, Mapping[str, str]]]] = {
    "/console/holidays": ("/console/holidays", "/console/holidays", HOLIDAY),
    "/console/changes/new": (PROPOSING, "/console/changes/new", PROPOSAL),
    "/console/changes/{id}": (
        f"/console/changes/{CHANGE}",
        f"/console/changes/{CHANGE}",
        {"what": "approve"},
    ),
    "/console/devices": ("/console/devices", "/console/devices", {"venue": "lake", "post": "南门"}),
    "/console/devices/{id}/revoke": ("/console/devices", f"/console/devices/{DEVICE}/revoke", {}),
    "/console/me": ("/console/me", "/console/signout", {"what": "end_others"}),
    "/console/me/password": (
        "/console/me/password",
        "/console/me/password",
        {
            "what": "choose",
            "present": PASSWORD,
            "wanted": "a password of my own",
            "again": "a password of my own",
        },
    ),
    "/console/me/factor": ("/console/me/factor", "/console/me/factor", {"what": "add"}),
    "/console/staff/new": ("/console/staff/new", "/console/staff/new", {"login": "new", "role": "gate"}),
    "/console/staff/{id}": (
        f"/console/staff/{OTHER}",
        f"/console/staff/{OTHER}",
        {"what": "grant", "role": "auditor"},
    ),
    "/console/sessions": ("/console/me", "/console/signout", {"staff": "2"}),
    "/gate/pin": ("/gate/pin", "/gate/pin", {"pin": "295173", "again": "295173"}),
    "/gate/setup": ("/gate/setup", "/gate/setup", {"venue_id": "1", "gate": "南门"}),
    "/gate/scans": ("/gate", "/gate/scans", {"presented": "nothing"}),
    "/gate/undo": ("/gate", "/gate/scans", {"scan_id": str(uuid7()), "reason": "看错了"}),
    "/gate/lookup": ("/gate/lookup", "/gate/lookup", {"kind": "name", "text": NAME}),
    "/gate/holders": (
        "/gate/holders",
        "/gate/holders",
        {"kind": "resident_id", "name": NAME, "number": DOCUMENT, "none": "1"},
    ),
}
WORKS: Final = {"/gate/undo": 422}  # there is no such scan
HOLDER: Final = {"name": NAME, "number": DOCUMENT}
SCAN: Final = {"scan_id": str(uuid7()), "venue": "lake", "gate": "1", "presented": "nothing"}
BODIES: Final[Mapping[str, Mapping[str, object]]] = {
    "/v1/gate/scans": SCAN,
    "/v1/gate/scans/{scan_id}/undo": {"reason": "x"},
    "/v1/gate/lookups": {"venue": "lake", "kind": "name", "text": NAME},
    "/v1/gate/places": {"venue": "lake", "name": NAME, "number": DOCUMENT},
    "/v1/gate/holders": {"venue": "lake", "name": NAME, "number": DOCUMENT, "card_nos": [CARD[0]]},
    "/v1/gate/cards/replacement": {**HOLDER, "id": str(uuid7()), "card_no": CARD[0]},
    "/v1/gate/cards/objection": HOLDER,
}


class Ending(Database):
    """The database in which a login ends at the moment that a transaction of its request begins."""

    def __init__(self, urls: DbUrls) -> None:
        super().__init__(urls.app_url, size_max=4)
        self._urls, self.token = urls, ""

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        """One more, too late for whoever asked."""
        if self.token:
            async with await psycopg.AsyncConnection.connect(self._urls.owner_url) as tx:
                await end_login(tx, self.token, NOW)
        async with super().transaction() as tx:
            yield tx


@dataclass(slots=True)
class Scene:
    """A site, and what is written in it."""

    site: ApiSite
    urls: DbUrls

    async def written(self) -> list[tuple[object, ...]]:
        """How much there is of what staff change or leave behind."""
        tables = (
            "policy.holiday_override",
            "gate.scan",
            "gate.lookup",
            "cards.recovery",
            "audit.entry",
            "changes.change WHERE decided_at IS NULL",
            "accounts.factor",
            "accounts.gate_device WHERE revoked_at IS NULL",
            "accounts.staff",
            "accounts.duty",
        )
        counts = ", ".join(f"(SELECT count(*) FROM {one})" for one in tables)
        async with await psycopg.AsyncConnection.connect(self.urls.owner_url) as tx:
            return await (await tx.execute(f"SELECT {counts}")).fetchall()

    async def signed_in(self, face: str) -> Traveller:
        """An operator's browser; at the gate it stands at the first venue."""
        browser = Traveller(self.site.app)
        await browser.get(f"/{face}/signin")
        await browser.submit(browser.form(f"/{face}/signin"), {"login": "op", "password": PASSWORD})
        if face == "gate":
            await browser.submit(form_of(browser, "/gate/setup"), {"venue_id": "1", "gate": "北门"})
        return browser


@pytest.fixture
async def scene(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Scene]:
    urls = make_database()
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        await save_staff(
            tx,
            vault_of(tmp_path),
            login="op",
            password=PASSWORD,
            duties=duties_of_role("admin"),
            now=NOW,
            actor="test",
        )
        other = await save_staff(
            tx,
            vault_of(tmp_path),
            login="other",
            password=None,
            duties=frozenset({Duty(Role.OPERATOR)}),
            now=NOW,
            actor="test",
        )
    async with api_site(lambda: urls, tmp_path) as site:
        async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
            made = await gate_devices.add_device(tx, 1, "北门", NOW, "test")
        assert made is not None
        assert made[0] == DEVICE
        await propose(site, other)
        yield Scene(site, urls)


async def propose(site: ApiSite, by: int) -> None:
    """Somebody else wants another price: CHANGE."""
    asked = Reprice(1, {date(2026, 3, 5): 5_000})
    request = ProposeChange(CHANGE, CHANGEABLES["prices.set"], asked, "晴天")
    done = await propose_change(site.app.services, Operator(f"staff:{by}", duties=EVERY_DUTY), request)
    assert isinstance(done, Change), done
    assert done.state is State.WAITING


@asynccontextmanager
async def ending(scene: Scene, token: str) -> AsyncGenerator[None]:
    """Meanwhile every transaction finds this login ended."""
    services = scene.site.app.services
    guard = services.guard
    before, late = services.db, Ending(scene.urls)
    try:
        async with late:
            late.token = token
            services.db = guard._db = late  # pyright: ignore[reportPrivateUsage] # tries of secrets go by the same
            yield
    finally:
        services.db = guard._db = before  # pyright: ignore[reportPrivateUsage]


def form_of(browser: Traveller, action: str) -> PageForm:
    """The first form of the present page that changes something there."""
    return next(
        one
        for one in forms_of(browser.page.text)
        if one.action == action and "_csrf" in {name for name, _ in one.fields}
    )


def factor_of(browser: Traveller) -> dict[str, str]:
    """What an authenticator app says to the page that sets one up; nothing on other pages."""
    if 'name="offer"' not in browser.page.text:
        return {}
    return {"code": TOTP(secret_of(browser.page.text)).at(NOW)}


def changing(routes: list[Route]) -> set[str]:
    """The paths of a face that take forms."""
    return {one.path for one in routes if "POST" in (one.methods or ())} - BEGIN_OR_END


def test_security_L1_every_changing_route_of_the_staff_is_tried() -> None:
    assert changing([*console.routes, *gate.routes]) == set(PAGES)


@pytest.mark.parametrize("path", PAGES)
async def test_security_L1_an_ended_login_changes_nothing_by_any_page(scene: Scene, path: str) -> None:
    where, action, typed = PAGES[path]
    browser = await scene.signed_in(path.split("/")[1])
    await browser.get(where)
    form = replace(form_of(browser, action), action=path.format(id=IDS.get(path, CHANGE)))
    typed = {**typed, **factor_of(browser)}
    before = await scene.written()
    async with ending(scene, browser.client.cookies["wy_staff"]):
        await browser.submit(form, typed)
    assert browser.path == f"/{path.split('/')[1]}/signin", browser.page.text[-3000:]
    assert await scene.written() == before
    again = await scene.signed_in(path.split("/")[1])  # with a login that goes on the same form does its work
    await again.get(where)
    form = replace(form_of(again, action), action=path.format(id=IDS.get(path, CHANGE)))
    typed = {**typed, **factor_of(again)}
    await again.submit(form, typed, status=WORKS.get(path, 200))
    assert "signin" not in again.path


async def test_security_L1_an_ended_login_changes_nothing_by_the_api(scene: Scene) -> None:
    paths = scene.site.app.rest.openapi()["paths"]
    found = {path for path, acts in paths.items() if path.startswith("/v1/gate") and "post" in acts}
    assert found - BEGIN_OR_END == set(BODIES)
    for path, body in BODIES.items():
        signed = await scene.site.client.post("/v1/gate/session", json={"login": "op", "password": PASSWORD})
        token = signed.json()["token"]
        before = await scene.written()
        async with ending(scene, token):
            answer = await scene.site.client.post(
                path.format(scan_id=uuid7()), json=body, headers={"Authorization": f"Bearer {token}"}
            )
        assert (path, answer.status_code) == (path, 401), answer.text
        assert await scene.written() == before


async def test_security_L1_a_pass_opens_the_live_page_and_its_runbooks_only(scene: Scene) -> None:
    browser = await scene.signed_in("console")
    await browser.get("/console/live")
    form_token = browser.form("/console/signout").value("_csrf")
    services = scene.site.app.services
    rules = services._watch  # pyright: ignore[reportPrivateUsage] # it would find the database well
    assert rules is not None
    rules.cancel()
    services.db.outage.note_bad("OperationalError")
    opened: set[str] = set()
    for route in console.routes:
        path = route.path.format(name="database-killed", id=CHANGE)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            form = {"_csrf": form_token, **HOLIDAY} if method == "POST" else None
            answer = await browser.client.request(method, path, data=form)
            assert answer.status_code in {200, 503}, path
            if answer.status_code != 503:
                opened.add(f"{method} {route.path}")
    assert opened == {f"GET {path}" for path in LIVE}
