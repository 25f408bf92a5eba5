"""Every route × who asks: nobody sees or changes what is somebody else's. Generated from the API's own description."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.support.api_site import TOMORROW, ApiSite, Person, api_site
from tests.support.database import DbUrls
from tests.support.room import ROOM, open_a_room
from tests.support.traveller_site import CARD, CHILD_DOCUMENT, CHILD_NAME, DOCUMENT, NAME, OTHER_CARD
from wenyue.core.ids import uuid7

pytestmark = pytest.mark.anyio
OPEN: Final = {"/v1/venues", "/v1/venues/{code}", "/v1/products/{product_id}", "/v1/availability"}
EVERYBODYS: Final = {"/v1/rooms/{event}/pass"}  # whoever asks gets a place of their own
UNPROVEN: Final = "/v1/cards/{card_no}/replacement"  # whatever the number: nobody proved to be a holder
UNSEEN: Final = "/v1/places-by-others/{slot_id}/disowning"  # whosever place: nobody has seen the document
ANOTHERS_PASS: Final = "/v1/rooms/{event}/token"  # found, but the pass is not the asker's
SIGN_IN: Final = {
    "/v1/session",
    "/v1/gate/session",
    "/v1/cards/activation",
    "/v1/cards/lost",
    "/v1/cards/lost/{request_id}/code",
    "/v1/cards/objection",
}  # POST: the secret is in the body


class Matrix:
    """An owner with a booking, a visitor and a card, and three others: a stranger, another traveller, a gate keeper."""

    def __init__(self, site: ApiSite, owner: Person, other: Person, staff: Person) -> None:
        self.site, self.owner, self.other, self.staff = site, owner, other, staff
        self.values: dict[str, str] = {}
        self.slot_id = self.product_id = 0
        self.room_pass = ""

    @classmethod
    async def make(cls, site: ApiSite) -> "Matrix":
        """What is the owner's to lose."""
        matrix = cls(site, await site.traveller(), await site.other(), await site.staff())
        owner = matrix.owner
        matrix.product_id = await site.product_id("lake")
        matrix.slot_id = (await site.slots("lake"))[1]["slot_id"]
        held = await site.book(owner, matrix.slot_id, hold=True)
        child = {"name": CHILD_NAME, "number": CHILD_DOCUMENT}
        visitor = await site.client.post("/v1/visitors", json=child, headers=owner.headers)
        matrix.values = {
            "{booking_id}": held.json()["id"],
            "{visitor_id}": str(visitor.json()["id"]),
            "{card_no}": owner.card_no,
            "{card_id}": str(owner.card_id),
            "{code}": "lake",
            "{product_id}": str(matrix.product_id),
            "{scan_id}": str(uuid7()),
            "{event}": ROOM,
            "{request_id}": str(uuid7()),
            "{slot_id}": str(matrix.slot_id),
        }
        await open_a_room(site, matrix.product_id)
        taken = await site.client.post(f"/v1/rooms/{ROOM}/pass", headers=owner.headers)
        matrix.room_pass = taken.json()["pass"]
        return matrix

    def operations(self) -> list[tuple[str, str]]:
        """(method, template) of every operation in the description; signing out comes last, it ends the asker's token."""
        paths = self.site.app.rest.openapi()["paths"]
        found = [(method.upper(), path) for path, item in paths.items() for method in item]
        return sorted(
            found, key=lambda operation: operation[0] == "DELETE" and operation[1].endswith("/session")
        )

    async def ask(self, method: str, template: str, who: Person | None) -> httpx.Response:
        """The operation on what is the owner's, as `who`."""
        path = template
        for name, value in self.values.items():
            path = path.replace(name, value)
        assert "{" not in path, f"{template}: tell this test what to put there"
        params = {"product_id": str(self.product_id), "from": TOMORROW.isoformat()}
        headers = (who.headers if who else {}) | {"Idempotency-Key": str(uuid7())}
        return await self.site.client.request(
            method, path, params=params, json=self.body(method, template, who), headers=headers
        )

    def body(self, method: str, template: str, who: Person | None) -> Any:
        """A body that would do harm if it were allowed."""
        bodies: dict[str, Any] = {
            "/v1/session": {"card_no": OTHER_CARD[0], "pin": "0000"},
            "/v1/gate/session": {"login": "gate", "password": "guess"},
            "/v1/cards/activation": {"card_no": CARD[0], "pin": "0000", "name": NAME, "number": DOCUMENT},
            "/v1/cards/lost": {"id": str(uuid7()), "name": NAME, "number": DOCUMENT, "phone": "13800138000"},
            "/v1/cards/lost/{request_id}/code": {"code": "123456"},
            "/v1/cards/objection": {"code": "AAAAA-AAAAA"},
            "/v1/gate/cards/replacement": {
                "id": str(uuid7()),
                "card_no": CARD[0],
                "name": NAME,
                "number": DOCUMENT,
            },
            "/v1/gate/cards/objection": {"name": NAME, "number": DOCUMENT},
            "/v1/bookings": {
                "lines": [{"slot_id": self.slot_id, "visitors": [0], "on_card": True}],
                "visitors": [
                    {
                        "name": (who or self.owner).name or NAME,
                        "number": (who or self.owner).number or DOCUMENT,
                    }
                ],
                "card_id": self.owner.card_id,
            },
            "/v1/bookings/{booking_id}/reschedule": {"moves": [{"line_no": 0, "slot_id": self.slot_id}]},
            "/v1/bookings/{booking_id}/cancellation": {"reason": "x"},
            "/v1/rooms/{event}/token": {"pass": self.room_pass},
            "/v1/visitors": {"name": "赵小刚", "number": "110101199003070599"},
            "/v1/gate/scans": {
                "scan_id": str(uuid7()),
                "venue": "lake",
                "gate": "北门",
                "presented": DOCUMENT,
            },
            "/v1/gate/scans/{scan_id}/undo": {"reason": "x"},
            "/v1/names": {"name": "MOU REN"},
            "/v1/gate/places": {"venue": "lake", "name": NAME, "number": DOCUMENT},
            "/v1/gate/holders": {"venue": "lake", "name": NAME, "number": DOCUMENT, "card_nos": [CARD[0]]},
            "/v1/gate/lookups": {"venue": "lake", "kind": "name", "text": "王小明"},
        }
        return bodies.get(template) if method == "POST" else None

    async def state(self) -> tuple[Any, ...]:
        """Everything of the owner's that an attack could change."""
        headers = self.owner.headers
        read = [
            await self.site.client.get(path, headers=headers)
            for path in ("/v1/session", "/v1/visitors", f"/v1/bookings/{self.values['{booking_id}']}")
        ]
        assert [answer.status_code for answer in read] == [200, 200, 200]
        return tuple(answer.json() for answer in read)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no answer to anybody else may contain."""
        booking, visitor = self.values["{booking_id}"], self.values["{visitor_id}"]
        return (
            DOCUMENT,
            NAME,
            CHILD_NAME,
            self.owner.token,
            self.room_pass,
            f'"id":"{booking}"',
            f'"id":{visitor},',
            "张*",
        )


@pytest.fixture
async def matrix(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Matrix]:
    async with api_site(make_database, tmp_path) as site:
        yield await Matrix.make(site)


async def test_nobody_reads_or_changes_what_is_somebody_elses(matrix: Matrix) -> None:
    before = await matrix.state()
    asked: dict[tuple[str, str, str], int] = {}
    for method, template in matrix.operations():
        for name, who in (("nobody", None), ("other", matrix.other), ("staff", matrix.staff)):
            answer = await matrix.ask(method, template, who)
            asked[method, template, name] = answer.status_code
            assert answer.status_code < 500, (method, template, name, answer.text)
            if not (name == "staff" and template.startswith("/v1/gate/")):
                leaked = [secret for secret in matrix.secrets if secret in answer.text]
                assert leaked == [], (method, template, name)
        assert await matrix.state() == before, (method, template)
    assert len(asked) == 3 * len(matrix.operations()) >= 60
    for (method, template, name), status in asked.items():
        is_open = template in OPEN or (method == "POST" and template in SIGN_IN)
        if name == "nobody" and not is_open:
            assert status == 401, (method, template)
        if name == "staff" and not is_open and not template.startswith("/v1/gate/"):
            assert status in (401, 403), (method, template)
        if name == "other" and template.startswith("/v1/gate/") and template not in SIGN_IN:
            assert status in (401, 403), (method, template)
        if name != "other" or is_open or "{" not in template or template.startswith("/v1/gate/"):
            continue
        wanted = {ANOTHERS_PASS: 403, UNPROVEN: 403, UNSEEN: 403} | dict.fromkeys(EVERYBODYS, 201)
        assert status == wanted.get(template, 404), (method, template, status)


async def test_the_owner_is_let_in_where_others_are_not(matrix: Matrix) -> None:
    """The matrix can fail: what is refused to others works for the owner."""
    for method, template in (
        ("GET", "/v1/bookings/{booking_id}"),
        ("GET", "/v1/cards/{card_id}/availability"),
        ("POST", "/v1/bookings/{booking_id}/confirmation"),
        ("POST", "/v1/bookings/{booking_id}/cancellation"),
        ("DELETE", "/v1/visitors/{visitor_id}"),
        ("POST", "/v1/cards/{card_no}/loss"),
    ):
        answer = await matrix.ask(method, template, matrix.owner)
        assert answer.status_code < 300, (method, template, answer.text)
