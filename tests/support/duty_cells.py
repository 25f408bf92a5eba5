"""People of every role at every scope, and a site where each of them may ask; duty_questions.py has what they ask."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx
import psycopg
from msgspec import Struct

from tests.support.api_site import NOW, TODAY, TOMORROW, ApiSite, Person
from tests.support.checksums import Checksums
from tests.support.traveller_site import CARD, CHILD_DOCUMENT, CHILD_NAME, DOCUMENT, NAME
from wenyue.accounts import gate_devices, save_staff, start_login
from wenyue.application.changeables import CHANGEABLES
from wenyue.application.closing import CloseSlots
from wenyue.application.operating import Operator
from wenyue.application.propose_change import ProposeChange, propose_change
from wenyue.application.reprice import Reprice
from wenyue.cards import CardState
from wenyue.changes import Change
from wenyue.core.duties import EVERY_DUTY, Duties, Duty, Role
from wenyue.core.ids import uuid7
from wenyue.web.gate.context import STATION_COOKIE
from wenyue.web.shared.session import LOGIN_COOKIE, STAFF_COOKIE, signed

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
        await self._propose("slots.close", CloseSlots(self.venues["lake"], day, day, {"zh-CN": "大雾"}))

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

    def new_staff(self) -> dict[str, str]:
        """A desk clerk of the lake, as the console's form sends it; another one each time."""
        self.day += 1
        return {"login": f"clerk-{self.day}", "name": "新员工", "role": "desk", "venue": "lake"}

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
