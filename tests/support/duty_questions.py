"""Every route of staff as a question that does something when it is allowed."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx
from pyotp.totp import TOTP

from tests.support.api_site import NOW, Person
from tests.support.duty_cells import POST, Cells, Who
from tests.support.second_factor import secret_of
from tests.support.traveller_site import CARD, CHILD_DOCUMENT, CHILD_NAME, DOCUMENT, NAME
from wenyue.core.ids import uuid7

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


async def _days(cells: Cells, who: Who) -> httpx.Response:
    return await cells.page(who, "GET", f"/console/days?venue={cells.venues['lake']}")


async def _revoke(cells: Cells, who: Who) -> httpx.Response:
    return await cells.page(who, "POST", f"/console/devices/{cells.device_id}/revoke")


async def _give(cells: Cells, who: Who) -> httpx.Response:
    form = {"what": "grant", "role": "desk", "venue": "lake"}
    return await cells.page(who, "POST", f"/console/staff/{cells.leaver_id}", **form)


async def _member(cells: Cells, who: Who) -> httpx.Response:
    return await cells.page(who, "GET", f"/console/staff/{cells.leaver_id}")


def _act_on_member(what: str) -> Ask:
    async def ask(cells: Cells, who: Who) -> httpx.Response:
        form = {"what": what, "duty": f"gate@venue:{cells.venues['lake']}"}
        return await cells.page(who, "POST", f"/console/staff/{cells.leaver_id}", **form)

    return ask


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


_CHOSEN: Final = {"what": "choose", "present": "one", "wanted": "another one", "again": "another one"}
_SCANNED: Final = frozenset({"gate.scan", "booking.redemption"})
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
    "GET /console/me/password": Question(
        _page("GET", "/console/me/password"), here=False, says="current-password"
    ),
    "POST /console/me/password": Question(  # as far as the password that they have: nobody here has one
        _page("POST", "/console/me/password", lambda _: _CHOSEN),
        status=422,
        here=False,
        says="现在的密码不对",
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
    "GET /console/days": Question(_days, says="console-change"),
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
    "GET /console/record": Question(
        _page("GET", "/console/record?what=staff&venue=lake"),
        changes=frozenset({"audit.entry"}),
        of_all=True,
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
    "GET /console/staff": Question(_page("GET", "/console/staff"), here=False, says="console-change"),
    "GET /console/staff/new": Question(_page("GET", "/console/staff/new"), here=False, says="role"),
    "POST /console/staff/new": Question(
        _page("POST", "/console/staff/new", Cells.new_staff),
        changes=frozenset({"accounts.staff", "accounts.duty", "audit.entry", "events.event"}),
        says="staff-password",
    ),
    "GET /console/staff/{id}": Question(_member, here=False, ready=Cells.hire_a_leaver),
    "POST /console/staff/{id}": Question(
        _give,
        status=303,
        changes=frozenset({"accounts.duty", "audit.entry", "events.event", "accounts.login"}),
        ready=Cells.hire_a_leaver,
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
# The same route with another right for what it does, or with another act (after a space).
MORE: Final = {
    "staff.manage withdraw": Question(
        _act_on_member("withdraw"),
        status=303,
        changes=frozenset({"accounts.duty", "audit.entry", "accounts.login"}),
        ready=Cells.hire_a_leaver,
    ),
    "staff.manage unlock": Question(
        _act_on_member("unlock"),
        status=303,
        changes=frozenset({"audit.entry"}),
        ready=Cells.hire_a_leaver,
    ),
    "staff.manage reset": Question(
        _act_on_member("reset"),
        changes=frozenset({"accounts.staff", "audit.entry", "accounts.login"}),
        ready=Cells.hire_a_leaver,
        says="staff-password",
    ),
    "staff.manage retire": Question(
        _act_on_member("retire"),
        status=303,
        changes=frozenset({"accounts.staff", "audit.entry", "accounts.login"}),
        ready=Cells.hire_a_leaver,
    ),
    "changes.approve": Question(
        _changes("POST", what="approve"),
        status=303,
        changes=frozenset({"changes.change", "catalogue.price"}),
        ready=Cells.raise_a_price,
    ),
    "holidays.set": Question(
        _page("POST", "/console/holidays", lambda cells: cells.holiday("apply")),
        status=303,
        changes=frozenset({"changes.change"}),
        of_all=True,
    ),
}
