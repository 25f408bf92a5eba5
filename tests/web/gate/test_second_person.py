"""The second person at a gate proves as much as to sign in: the password, and a factor or the PIN of an enrolled device."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.support.api_site import PASSWORD, TODAY, Person, vault_of
from tests.support.card_desk import PHONE
from tests.support.database import DbUrls
from tests.support.second_factor import Staffed, staffed
from tests.support.traveller_site import CARD, DOCUMENT, NAME
from wenyue.accounts import Caller, Throttled, gate_devices, start_login
from wenyue.accounts.model import Staff
from wenyue.core.ids import uuid7
from wenyue.web.gate.context import STATION_COOKIE
from wenyue.web.shared.caller import GATE_DEVICE_COOKIE
from wenyue.web.shared.session import STAFF_COOKIE, signed

pytestmark = pytest.mark.anyio
PIN = "295173"


@pytest.fixture
async def house(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Staffed]:
    async with staffed(make_database(), tmp_path) as made:
        yield made


async def keeper_of(house: Staffed) -> Person:
    """The gate keeper, signed in."""
    answered = await house.site.client.post("/v1/gate/session", json={"login": "gate", "password": PASSWORD})
    assert answered.status_code == 200, answered.text
    return Person(answered.json()["token"])


async def taken_back_once(house: Staffed, keeper: Person) -> str:
    """A scan of a place that was taken back before: another undo wants a second person."""
    traveller = await house.site.traveller()
    slots = [one for one in await house.site.slots("lake", TODAY) if one["state"] != "closed"]
    booked = (await house.site.book(traveller, slots[0]["slot_id"])).json()["id"]
    scan = ""
    for scan_no in range(2):
        scan = str(uuid7())
        body = {"scan_id": scan, "venue": "lake", "gate": "北门", "presented": booked}
        answered = await house.site.client.post("/v1/gate/scans", json=body, headers=keeper.headers)
        assert answered.json()["admitted"], answered.text
        if scan_no == 0:
            assert (await undo(house, keeper, scan)).json()["outcome"] == "undone"
    last = await undo(house, keeper, scan)
    assert (last.status_code, last.json()["outcome"]) == (403, "second_needed")
    return scan


async def undo(house: Staffed, keeper: Person, scan: str, **second: str) -> httpx.Response:
    """Take it back, perhaps with somebody who confirms it."""
    body: dict[str, Any] = {"reason": "扫错了人"}
    if second:
        body["second"] = {"password": PASSWORD} | second
    return await house.site.client.post(f"/v1/gate/scans/{scan}/undo", json=body, headers=keeper.headers)


async def test_over_json_a_password_alone_confirms_nothing(house: Staffed) -> None:
    keeper = await keeper_of(house)
    scan = await taken_back_once(house, keeper)

    async def outcome(**second: str) -> tuple[int, str]:
        answered = await undo(house, keeper, scan, **second)
        return answered.status_code, answered.json()["outcome"]

    assert await outcome(login="ann") == (403, "staff_factor_needed")  # she has not set one up yet
    await house.enrolled("ann")
    assert await outcome(login="ann") == (403, "staff_code_needed")
    assert await outcome(login="ann", code="000000") == (403, "staff_code_wrong")
    assert await outcome(login="ann", code=house.code("ann")) == (
        403,
        "staff_code_wrong",
    )  # used to set it up
    assert await outcome(login="ann", code=house.next_code("ann"), password="no") == (403, "staff_wrong")
    assert house.query("SELECT count(*) FROM gate.undo") == [(1,)]
    assert await outcome(login="ann", code=house.code("ann")) == (200, "undone")
    assert house.query("SELECT count(*) FROM gate.undo") == [(2,)]
    [(confirmed,)] = house.query(
        "SELECT detail->>'confirmed_by' FROM audit.entry WHERE detail ? 'confirmed_by'"
    )
    assert confirmed == f"staff:{house.query('SELECT id FROM accounts.staff WHERE login = %s', 'ann')[0][0]}"


async def test_a_recovery_code_confirms_once_and_codes_are_slowed(house: Staffed) -> None:
    keeper = await keeper_of(house)
    scan = await taken_back_once(house, keeper)
    await house.enrolled("bo")
    said = [(await undo(house, keeper, scan, login="bo", code="000000")).status_code for _ in range(12)]
    assert said[0] == 403
    assert said[-1] == 429  # though the password was right each time
    house.pass_by(minutes=30)
    done = await undo(house, keeper, scan, login="bo", code=house.codes["bo"][0])
    assert done.json()["outcome"] == "undone", done.text


async def test_a_document_is_settled_by_a_second_person_who_proves_as_much(house: Staffed) -> None:
    post = house.site.client.post
    person = {"name": NAME, "number": DOCUMENT}
    card = {"card_no": CARD[0], "pin": CARD[1]}
    assert (await post("/v1/cards/activation", json=card | person | {"phone": PHONE})).status_code == 201
    holder = Person((await post("/v1/session", json=card)).json()["token"])
    slot = (await house.site.slots("lake"))[1]["slot_id"]
    booking = {"lines": [{"slot_id": slot, "visitors": [0], "price_minor": 0}], "visitors": [person]}
    made = await post("/v1/bookings", json=booking | {"id": str(uuid7())}, headers=holder.headers)
    assert made.status_code == 201, made.text
    await house.enrolled("ann")
    signs = {"login": "ann", "password": PASSWORD, "code": house.next_code("ann")}
    clerk = Person((await post("/v1/gate/session", json=signs)).json()["token"])
    [(venue,)] = house.query("SELECT code FROM catalogue.venue WHERE id = 1")

    async def settled(**second: str) -> tuple[int, str, str]:
        body: dict[str, Any] = {"venue": venue, "has_no_card": True} | person
        if second:
            body["second"] = {"login": "desk", "password": PASSWORD} | second
        answered = await post("/v1/gate/holders", json=body, headers=clerk.headers)
        said = answered.json()
        return (
            answered.status_code,
            said.get("outcome", ""),
            said.get("errors", [{"pointer": ""}])[0]["pointer"],
        )

    assert (await settled())[:2] == (403, "holder_second")
    assert (await settled(code=""))[:2] == (403, "staff_factor_needed")
    await house.enrolled("desk")
    assert await settled(code="") == (403, "staff_code_needed", "/second/code")
    assert await settled(code="000000") == (403, "staff_code_wrong", "/second/code")
    assert house.query("SELECT count(*) FROM audit.entry WHERE action = 'holder.claim_lost'") == [(0,)]
    assert (await settled(code=house.next_code("desk")))[0] == 200
    assert house.query("SELECT count(*) FROM audit.entry WHERE action = 'holder.claim_lost'") == [(1,)]


async def test_on_an_enrolled_device_a_pin_stands_for_the_factor(house: Staffed) -> None:
    keeper = await keeper_of(house)
    scan = await taken_back_once(house, keeper)
    await house.enrolled("ann")
    vault = vault_of(house.home)
    async with await psycopg.AsyncConnection.connect(house.urls.owner_url) as tx:
        rows = await (await tx.execute("SELECT code, id FROM catalogue.venue")).fetchall()
        venues: dict[str, int] = dict(rows)
        staff = await (await tx.execute("SELECT id, login FROM accounts.staff")).fetchall()
        ids: dict[str, int] = {login: id_ for id_, login in staff}
        ann = Staff(ids["ann"], "ann", "", frozenset())
        for venue in ("lake", "temple"):
            await gate_devices.set_pin(tx, vault, staff=ann, venue_id=venues[venue], pin=PIN, now=house.now)
        made: dict[str, str] = {}
        for venue in ("lake", "temple"):
            allowed = await gate_devices.add_device(tx, venues[venue], "北门", house.now, "test")
            assert allowed is not None
            enrolled = await gate_devices.enrol(tx, allowed[1], house.now)
            assert enrolled is not None
            made[venue] = enrolled[1]
        token = await start_login(tx, staff_id=ids["gate"], now=house.now)

    async def on_page(device: str, **proof: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=house.site.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://wenyue.test") as client:
            client.cookies.set(STAFF_COOKIE, token)
            station = signed(f"{venues['lake']}|%E5%8C%97%E9%97%A8", vault, "station")
            client.cookies.set(STATION_COOKIE, station)
            if device:
                client.cookies.set(GATE_DEVICE_COOKIE, device)
            shown = (await client.get("/gate/setup")).text
            form = {"_csrf": shown.split('name="_csrf" value="')[1].split('"')[0]}
            form |= {
                "scan_id": scan,
                "reason": "扫错了人",
                "second_login": "ann",
                "second_password": PASSWORD,
            }
            return await client.post("/gate/undo", data=form | proof)

    needed = await on_page("")
    assert (needed.status_code, "请确认人再填写验证码" in needed.text) == (422, True)
    assert 'value="ann"' in needed.text
    assert ('href="#second_code"' in needed.text, "second_pin" in needed.text) == (True, False)
    for device in ("", "unknown", made["temple"]):  # a PIN is good on a device of the venue alone
        wrong = await on_page(device, second_pin=PIN)
        assert (wrong.status_code, "确认人的 PIN 不对" in wrong.text) == (422, True)
    assert 'href="#second_pin"' in (await on_page(made["lake"], second_pin="295174")).text
    assert "确认人的验证码不对" in (await on_page(made["lake"], second_code=PIN)).text  # a PIN is no code
    assert house.query("SELECT count(*) FROM gate.undo") == [(1,)]
    # Guesses are counted where a clerk's are at the device, and where neither codes nor logins are.
    guesses = [(await on_page(made["lake"], second_pin="295174")).text for _ in range(12)]
    assert "尝试次数太多" in guesses[-1]
    name = gate_devices.name_of_pin(venues["lake"], ids["ann"])
    with pytest.raises(Throttled):
        async with house.site.app.services.guard.attempt("pin", name, Caller("127.0.0.1"), house.now):
            pass
    house.pass_by(minutes=30)
    assert (await on_page(made["lake"], second_pin=PIN)).status_code == 200
    assert house.query("SELECT count(*) FROM gate.undo") == [(2,)]
