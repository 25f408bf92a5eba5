"""Every route of staff as a question that does something when it is allowed, and people of every role at every scope."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx
import psycopg
from msgspec import Struct
from pyotp.totp import TOTP

from tests.support.api_site import NOW, TODAY, TOMORROW, ApiSite, Person
from tests.support.checksums import Checksums
from tests.support.second_factor import secret_of
from tests.support.traveller_site import CARD, CHILD_DOCUMENT, CHILD_NAME, DOCUMENT, NAME
from wenyue.accounts import gate_devices, save_staff, start_login
from wenyue.application.changeables import CHANGEABLES
from wenyue.application.close_slots import CloseSlots
from wenyue.application.operating import Operator
from wenyue.application.propose_change import ProposeChange, propose_change
from wenyue.application.reprice import Reprice
from wenyue.cards import CardState
from wenyue.changes import Change
from wenyue.faces.gate.shift import STATION_COOKIE
from wenyue.faces.shared.session import LOGIN_COOKIE, STAFF_COOKIE, signed
from wenyue.kernel.duties import EVERY_DUTY, Duties, Duty, Role
from wenyue.kernel.ids import uuid7

POST: Final = "北门"
SCOPES: Final = ("destination", "own", "other", "own post", "other post")


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody with one duty; `role` None: a traveller, or nobody."""

    name: str
    role: Role | None
    scope: str
    duties: Duties
    token: str

    @property
    def is_here(self) -> bool:
        """Whether the duty covers the north gate of the lake."""
        return self.scope in {"destination", "own", "own post"}


class Cells:
    """A site with a booking, a card and people; each question is about the lake."""

    def __init__(self, site: ApiSite, owner_url: str, sums: Checksums) -> None:
        self.site, self.owner_url, self.sums = site, owner_url, sums
        self.booking_id, self.admitted = "", ""
        self.venues: dict[str, int] = {}
        self.people: list[Who] = []
        self.root = Person("")
        self.traveller = Person("")
        self.day = self.device_id = self.leaver_id = 0
        self.change: Change

    async def furnish(self) -> None:
        """A booking of today, one that others made, and everybody."""
        self.traveller = await self.site.traveller()
        slots = [one for one in await self.site.slots("lake", TODAY) if one["state"] != "closed"]
        made = await self.site.book(self.traveller, slots[0]["slot_id"])
        assert made.status_code == 201, made.text
        self.booking_id = made.json()["id"]
        other = await self.site.other()
        visitors = [
            {"name": other.name, "number": other.number},
            {"name": CHILD_NAME, "number": CHILD_DOCUMENT},
        ]
        coming = (await self.site.slots("lake", TOMORROW))[0]["slot_id"]
        lines = [{"slot_id": coming, "quantity": 2, "visitors": [0, 1], "price_minor": 0}]
        more = await self.site.book(other, coming, lines=lines, visitors=visitors)
        assert more.status_code == 201, more.text
        async with await psycopg.AsyncConnection.connect(self.owner_url) as tx:
            rows = await (await tx.execute("SELECT code, id FROM catalogue.venue")).fetchall()
            self.venues = dict(rows)
            for role in Role:
                for scope in SCOPES:
                    if "post" in scope and role not in {Role.GATE, Role.DESK}:
                        continue
                    self.people.append(await self._hire(tx, f"{role}-{scope}", role, scope))
            root = frozenset({Duty(Role.OPERATOR), Duty(Role.ADMINISTRATOR)})
            self.root = Person((await self._hire(tx, "root", Role.OPERATOR, "destination", root)).token)
        self.people.append(Who("traveller", None, "", frozenset(), self.traveller.token))
        self.people.append(Who("nobody", None, "", frozenset(), ""))

    async def _hire(
        self,
        tx: psycopg.AsyncConnection[Any],
        name: str,
        role: Role,
        scope: str,
        duties: Duties | None = None,
    ) -> Who:
        place = {
            "destination": (None, ""),
            "own": (self.venues["lake"], ""),
            "other": (self.venues["temple"], ""),
            "own post": (self.venues["lake"], POST),
            "other post": (self.venues["lake"], "南门"),
        }[scope]
        held = duties or frozenset({Duty(role, *place)})
        vault = self.site.app.services.vault
        login = name.replace(" ", "-")
        staff_id = await save_staff(tx, vault, login=login, password=None, duties=held, now=NOW, actor="test")
        return Who(name, role, scope, held, await start_login(tx, staff_id=staff_id, now=NOW))

    async def token_of(self, who: Who) -> str:
        """Another login of the same person, for what ends it."""
        async with await psycopg.AsyncConnection.connect(self.owner_url) as tx:
            row = await (
                await tx.execute(
                    "SELECT id FROM accounts.staff WHERE login = %s", [who.name.replace(" ", "-")]
                )
            ).fetchone()
            return who.token if row is None else await start_login(tx, staff_id=row[0], now=NOW)

    async def api(self, who: Who | Person, method: str, path: str, body: Any = None) -> httpx.Response:
        """A JSON request."""
        headers = {"Authorization": f"Bearer {who.token}"} if who.token else {}
        return await self.site.client.request(method, path, json=body, headers=headers)

    def browser(self, who: Who) -> httpx.AsyncClient:
        """A browser of theirs that stands at the north gate of the lake."""
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.site.app), base_url="http://wenyue.test"
        )
        name = LOGIN_COOKIE if who.role is None else STAFF_COOKIE
        if who.token:
            client.cookies.set(name, who.token)
        station = signed(f"{self.venues['lake']}|{quote(POST)}", self.site.app.services.vault, "station")
        client.cookies.set(STATION_COOKIE, station)
        return client

    async def page(self, who: Who, method: str, path: str, **form: Any) -> httpx.Response:
        """A page, or a form with the token of one of our pages."""
        async with self.browser(who) as client:
            if method == "GET":
                return await client.get(path)
            shown = await client.get("/gate/signin" if who.role is None else "/gate/setup")
            token = re.search(r'name="_csrf" value="([^"]+)"', shown.text)
            assert token is not None, shown.text
            return await client.post(path, data={"_csrf": token[1], **form})

    def scan_body(self) -> dict[str, Any]:
        """The booking, presented at the north gate."""
        return {"scan_id": str(uuid7()), "venue": "lake", "gate": POST, "presented": self.booking_id}

    async def admit(self) -> None:
        """Somebody was let in just now."""
        await self.free()
        body = self.scan_body()
        done = await self.api(self.root, "POST", "/v1/gate/scans", body)
        assert done.json()["admitted"], done.text
        self.admitted = body["scan_id"]

    async def free(self) -> None:
        """Nobody was."""
        async with await psycopg.AsyncConnection.connect(self.owner_url) as tx:
            rows = await (
                await tx.execute(
                    "SELECT s.id FROM gate.scan s LEFT JOIN gate.undo u ON u.scan_id = s.id"
                    " WHERE u.at IS NULL AND s.verdict = 'admit'"
                )
            ).fetchall()
        for (scan_id,) in rows:
            done = await self.api(self.root, "POST", f"/v1/gate/scans/{scan_id}/undo", {"reason": "again"})
            assert done.status_code == 200, done.text

    def next_day(self) -> date:
        """A day of its own each time, beyond those that are open."""
        self.day += 1
        return TODAY + timedelta(days=400 + self.day)

    def new_change(self) -> dict[str, str]:
        """A closure as the console's form sends it."""
        day = self.next_day().isoformat()
        asked = {
            "act": "slots.close",
            "venue": str(self.venues["lake"]),
            "id": str(uuid7()),
            "what": "propose",
        }
        return asked | {"from": day, "to": day, "told": "大雾", "reason": "大雾"}

    async def close_a_day(self) -> None:
        """Somebody closed the lake for a day; it waits for a review."""
        day = self.next_day()
        await self._propose("slots.close", CloseSlots(self.venues["lake"], day, day, "大雾"))

    async def raise_a_price(self) -> None:
        """Somebody proposed a price; it waits for an approval."""
        product = await self.site.product_id("lake")
        await self._propose("prices.set", Reprice(product, {self.next_day(): 4_200}))

    async def _propose(self, kind: str, request: Struct) -> None:
        async with await psycopg.AsyncConnection.connect(self.owner_url) as tx:
            somebody_id = await save_staff(
                tx,
                self.site.app.services.vault,
                login="somebody",
                password=None,
                duties=frozenset({Duty(Role.OPERATOR)}),
                now=NOW,
                actor="test",
            )
            await tx.execute(  # so that the list never fills
                "UPDATE changes.change SET state = 'withdrawn', decided_at = now() WHERE state = 'waiting'"
            )
        somebody = Operator(f"staff:{somebody_id}", duties=EVERY_DUTY)
        asked = ProposeChange(uuid7(), CHANGEABLES[kind], request, "test")
        made = await propose_change(self.site.app.services, somebody, asked)
        assert isinstance(made, Change), made
        self.change = made

    async def allow_device(self) -> None:
        """A device waits for its code."""
        async with await psycopg.AsyncConnection.connect(self.owner_url) as tx:
            made = await gate_devices.add_device(tx, self.venues["lake"], POST, NOW, "test")
            assert made is not None
            self.device_id = made[0]

    async def hire_a_leaver(self) -> None:
        """A gate keeper of the lake is signed in."""
        async with await psycopg.AsyncConnection.connect(self.owner_url) as tx:
            await self._hire(tx, "leaver", Role.GATE, "own")
            rows = await (await tx.execute("SELECT id FROM accounts.staff WHERE login = 'leaver'")).fetchall()
            self.leaver_id = rows[0][0]

    async def forget_replacements(self) -> None:
        """The card is there, and nobody asked for another."""
        async with await psycopg.AsyncConnection.connect(self.owner_url) as tx:
            await tx.execute("DELETE FROM cards.recovery")
            await tx.execute(
                "UPDATE cards.card SET state = %s WHERE state = %s", [CardState.ACTIVE, CardState.FROZEN]
            )

    async def begin_replacement(self) -> None:
        """Somebody asked at the counter."""
        await self.forget_replacements()
        begun = await self.api(self.root, "POST", "/v1/gate/cards/replacement", self.replacement())
        assert begun.status_code == 202, begun.text

    def replacement(self) -> dict[str, Any]:
        """The holder of the card at the counter."""
        return {"id": str(uuid7()), "card_no": CARD[0], "name": NAME, "number": DOCUMENT}

    def holiday(self, act: str) -> dict[str, str]:
        """A day of its own each time."""
        self.day += 1
        date = f"2028-{1 + self.day // 28:02}-{1 + self.day % 28:02}"
        return {"from": date, "to": date, "kind": "holiday", "name": "国庆节", "source": "通知", "act": act}


Ask = Callable[[Cells, Who], Awaitable[httpx.Response]]
Ready = Callable[[Cells], Awaitable[None]]


async def nothing(_: Cells) -> None:
    """Nothing has to be made ready."""


@dataclass(frozen=True, slots=True)
class Question:
    """One route as it is asked. `here`: only a duty that covers the lake (and `at_post`: its north gate) allows it."""

    ask: Ask
    status: int = 200
    changes: frozenset[str] = frozenset()
    here: bool = True
    at_post: bool = False
    of_all: bool = False  # only for somebody of the whole destination
    ready: Ready = nothing
    says: str = ""


def _api(path: str, body: Callable[[Cells], Any], method: str = "POST") -> Ask:
    async def ask(cells: Cells, who: Who) -> httpx.Response:
        return await cells.api(who, method, path.replace("{scan_id}", cells.admitted), body(cells))

    return ask


def _page(method: str, path: str, form: Callable[[Cells], dict[str, Any]] = lambda _: {}) -> Ask:
    async def ask(cells: Cells, who: Who) -> httpx.Response:
        return await cells.page(who, method, path, **form(cells))

    return ask


async def _sign_out(cells: Cells, who: Who) -> httpx.Response:
    token = await cells.token_of(who)
    return await cells.api(Person(token), "DELETE", "/v1/gate/session")


def _changes(method: str, **form: str) -> Ask:
    async def ask(cells: Cells, who: Who) -> httpx.Response:
        more = {"digest": cells.change.digest} if form else {}
        return await cells.page(who, method, f"/console/changes/{cells.change.id}", **form, **more)

    return ask


async def _revoke(cells: Cells, who: Who) -> httpx.Response:
    return await cells.page(who, "POST", f"/console/devices/{cells.device_id}/revoke")


async def _end_others(cells: Cells, who: Who) -> httpx.Response:
    await cells.token_of(who)
    return await cells.page(who, "POST", "/console/me", what="end_others")


async def _enrol(cells: Cells, who: Who) -> httpx.Response:
    shown = (await cells.page(who, "GET", "/console/me/factor")).text
    offer = re.search(r'name="offer" value="([^"]+)"', shown)
    form = {"what": "add", "offer": offer[1] if offer else "", "code": "123456"}
    if offer:
        form["code"] = TOTP(secret_of(shown)).at(NOW)
    return await cells.page(who, "POST", "/console/me/factor", **form)


_SCANNED: Final = frozenset({"gate.scan", "booking.redemption", "audit.entry"} - {"audit.entry"})
QUESTIONS: Final[dict[str, Question]] = {
    "POST /v1/gate/scans": Question(
        _api("/v1/gate/scans", Cells.scan_body),
        changes=_SCANNED,
        at_post=True,
        ready=Cells.free,
        says='"admitted":true',
    ),
    "POST /v1/gate/scans/{scan_id}/undo": Question(
        _api("/v1/gate/scans/{scan_id}/undo", lambda _: {"reason": "x"}),
        changes=frozenset({"gate.undo"}),
        at_post=True,
        ready=Cells.admit,
        says="undone",
    ),
    "POST /v1/gate/lookups": Question(
        _api("/v1/gate/lookups", lambda _: {"venue": "lake", "kind": "name", "text": NAME}),
        changes=frozenset({"gate.lookup"}),
    ),
    "POST /v1/gate/places": Question(
        _api("/v1/gate/places", lambda _: {"venue": "lake", "name": CHILD_NAME, "number": CHILD_DOCUMENT}),
        changes=frozenset({"gate.lookup"}),
    ),
    "POST /v1/gate/holders": Question(
        _api(
            "/v1/gate/holders",
            lambda _: {"venue": "lake", "name": NAME, "number": DOCUMENT, "card_nos": [CARD[0]]},
        ),
        changes=frozenset({"gate.lookup"}),
    ),
    "POST /v1/gate/cards/replacement": Question(
        _api("/v1/gate/cards/replacement", Cells.replacement),
        status=202,
        changes=frozenset({"cards.recovery"}),
        here=False,
        ready=Cells.forget_replacements,
    ),
    "POST /v1/gate/cards/objection": Question(
        _api("/v1/gate/cards/objection", lambda _: {"name": NAME, "number": DOCUMENT}),
        changes=frozenset({"cards.recovery"}),
        here=False,
        ready=Cells.begin_replacement,
    ),
    "DELETE /v1/gate/session": Question(
        _sign_out, status=204, changes=frozenset({"accounts.login"}), here=False
    ),
    "GET /gate": Question(_page("GET", "/gate"), at_post=True, says="data-gate"),
    "GET /gate/scans": Question(_page("GET", "/gate/scans"), status=303, here=False),
    "POST /gate/scans": Question(
        _page("POST", "/gate/scans", lambda cells: {"scan_id": str(uuid7()), "presented": cells.booking_id}),
        changes=_SCANNED,
        at_post=True,
        ready=Cells.free,
    ),
    "GET /gate/undo": Question(_page("GET", "/gate/undo"), status=303, here=False),
    "POST /gate/undo": Question(
        _page("POST", "/gate/undo", lambda cells: {"scan_id": cells.admitted, "reason": "x"}),
        changes=frozenset({"gate.undo"}),
        at_post=True,
        ready=Cells.admit,
    ),
    "GET /gate/setup": Question(_page("GET", "/gate/setup"), here=False),
    "POST /gate/setup": Question(
        _page("POST", "/gate/setup", lambda cells: {"venue_id": cells.venues["lake"], "gate": POST}),
        status=303,
        at_post=True,
    ),
    "GET /gate/lookup": Question(_page("GET", "/gate/lookup"), at_post=True),
    "POST /gate/lookup": Question(
        _page("POST", "/gate/lookup", lambda _: {"kind": "name", "text": NAME}),
        changes=frozenset({"gate.lookup"}),
        at_post=True,
    ),
    "GET /console/me": Question(_page("GET", "/console/me"), here=False, says="登录中的设备"),
    "POST /console/me": Question(_end_others, status=303, changes=frozenset({"accounts.login"}), here=False),
    "GET /console/me/factor": Question(_page("GET", "/console/me/factor"), here=False, says="staff-qr"),
    "POST /console/me/factor": Question(
        _enrol,
        changes=frozenset({"accounts.factor", "accounts.recovery_code"}),
        here=False,
        says="staff-codes",
    ),
    "GET /console/sessions": Question(_page("GET", "/console/sessions"), here=False),
    "POST /console/sessions": Question(
        _page("POST", "/console/sessions", lambda cells: {"staff": cells.leaver_id}),
        status=303,
        changes=frozenset({"accounts.login"}),
        ready=Cells.hire_a_leaver,
    ),
    "GET /console/changes": Question(_page("GET", "/console/changes"), here=False),
    "GET /console/changes/{id}": Question(_changes("GET"), ready=Cells.close_a_day),
    "POST /console/changes/{id}": Question(
        _changes("POST", what="review"),
        status=303,
        changes=frozenset({"changes.change"}),
        ready=Cells.close_a_day,
    ),
    "GET /console/changes/new": Question(_page("GET", "/console/changes/new"), here=False),
    "POST /console/changes/new": Question(
        _page("POST", "/console/changes/new", Cells.new_change),
        status=303,
        changes=frozenset({"changes.change", "catalogue.closure"}),
    ),
    "GET /gate/holders": Question(_page("GET", "/gate/holders"), at_post=True),
    "POST /gate/holders": Question(
        _page(
            "POST",
            "/gate/holders",
            lambda _: {"name": NAME, "number": DOCUMENT, "kind": "resident_id", "cards": CARD[0]},
        ),
        changes=frozenset({"gate.lookup"}),
        at_post=True,
    ),
    "GET /gate/pin": Question(_page("GET", "/gate/pin"), at_post=True),
    "POST /gate/pin": Question(
        _page("POST", "/gate/pin", lambda _: {"pin": "295173", "again": "295173"}),
        changes=frozenset({"accounts.clerk_pin"}),
        at_post=True,
    ),
    "GET /console/devices": Question(_page("GET", "/console/devices"), here=False),
    "POST /console/devices": Question(
        _page("POST", "/console/devices", lambda _: {"venue": "lake", "post": POST}),
        changes=frozenset({"accounts.gate_device"}),
        says="登记码",
    ),
    "POST /console/devices/{id}/revoke": Question(
        _revoke, status=303, changes=frozenset({"accounts.gate_device"}), ready=Cells.allow_device
    ),
    "GET /console": Question(_page("GET", "/console"), status=303, here=False),
    "GET /console/live": Question(_page("GET", "/console/live"), here=False, says="data-live"),
    "GET /console/live.json": Question(_page("GET", "/console/live.json"), here=False, says="series"),
    "GET /console/runbooks": Question(_page("GET", "/console/runbooks"), here=False),
    "GET /console/runbooks/{name}": Question(_page("GET", "/console/runbooks/drain"), here=False),
    "GET /console/duties": Question(_page("GET", "/console/duties"), here=False, says="console-rights"),
    "GET /console/holidays": Question(_page("GET", "/console/holidays"), here=False),
    "POST /console/holidays": Question(
        _page("POST", "/console/holidays", lambda cells: cells.holiday("preview")),
        here=False,
        says="如果录入",
    ),
}
# The same route with another right for what it does.
MORE: Final = {
    "changes.approve": Question(
        _changes("POST", what="approve"),
        status=303,
        changes=frozenset({"changes.change", "catalogue.price"}),
        ready=Cells.raise_a_price,
    ),
    "holidays.set": Question(
        _page("POST", "/console/holidays", lambda cells: cells.holiday("apply")),
        changes=frozenset({"policy.holiday_override"}),
        of_all=True,
        says="已录入",
    ),
}
