"""A document that was only typed is a claim: it keeps its owner out of nothing, and ends when staff see the document.

Whoever activated CARD here, with Zhang's document, name and a phone of their own, is a stranger.
"""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.support.api_site import Person
from tests.support.card_desk import PHONE, Desk, acts, counter, open_code, sign_in, staff_of
from tests.support.traveller_site import CARD, DAILY_CARD, DOCUMENT, NAME, NOW, OTHER_CARD, Traveller
from wenyue.booking import account_subject
from wenyue.core.ids import uuid7
from wenyue.core.limits import CLAIMS_PER_DOCUMENT_MAX

pytestmark = pytest.mark.anyio
MINE = {"card_no": OTHER_CARD[0], "pin": OTHER_CARD[1], "name": NAME, "number": DOCUMENT}
MY_PHONE = "13900139000"


async def owner(desk: Desk, **more: Any) -> Person:
    """Zhang, whose document it is, activates a card of their own and is signed in."""
    made = await desk.post("/v1/cards/activation", {**MINE, "phone": MY_PHONE, "is_separate": True, **more})
    assert made.status_code == 201, made.text
    return Person((await sign_in(desk, *OTHER_CARD)).json()["token"], made.json()["holder_id"])


async def seen(desk: Desk, who: Person, **more: Any) -> httpx.Response:
    """Staff hold Zhang's document."""
    return await desk.post(
        "/v1/gate/holders", {"venue": "lake", "name": NAME, "number": DOCUMENT, **more}, who
    )


async def booked(desk: Desk, who: Person, slot_id: int) -> httpx.Response:
    """A place in Zhang's name."""
    body = {
        "id": str(uuid7()),
        "lines": [{"slot_id": slot_id, "visitors": [0], "price_minor": 0}],
        "visitors": [{"name": NAME, "number": DOCUMENT}],
    }
    return await desk.post("/v1/bookings", body, who)


async def actions(desk: Desk) -> set[str]:
    """What the record has."""
    async with desk.site.app.services.db.connection() as tx:
        return {one for (one,) in await (await tx.execute("SELECT action FROM audit.entry")).fetchall()}


async def test_security_fourth_F1_the_owner_activates_beside_a_strangers_claim(desk: Desk) -> None:
    asked = await desk.post("/v1/cards/activation", MINE)
    assert (asked.status_code, asked.json()["outcome"]) == (403, "card_holder_claimed")
    stranger = Person((await sign_in(desk, *CARD)).json()["token"])
    me = await owner(desk)
    assert len((await desk.site.client.get("/v1/session", headers=me.headers)).json()["cards"]) == 1
    theirs = (await desk.site.client.get("/v1/session", headers=stranger.headers)).json()
    assert (theirs["holder_id"] != me.holder_id, [one["card_no"] for one in theirs["cards"]]) == (
        True,
        [CARD[0]],
    )


async def test_security_fourth_F1_on_the_page_the_owner_says_that_the_card_is_not_theirs(desk: Desk) -> None:
    page = Traveller(desk.site.app)
    await page.get("/activate")
    typed = {**MINE, "kind": "resident_id"}
    refused = await page.submit(page.form("/activate"), typed, status=422)
    assert "那张卡不是我的" in refused
    assert ('href="#separate"' in refused, 'id="separate"' in refused) == (
        True,
        True,
    )  # the error leads to the tick
    await page.submit(page.form("/activate"), {"pin": OTHER_CARD[1], "separate": "1"})
    assert page.path == "/", page.page.text


async def test_security_fourth_F1_codes_go_to_the_phone_of_the_account_that_is_meant(desk: Desk) -> None:
    me = await owner(desk)
    request_id = str(uuid7())
    assert (await desk.begin(request_id, phone=MY_PHONE)).status_code == 202
    await desk.deliver()
    assert desk.phones.to[-1] == f"+86{MY_PHONE}"
    path, code = await open_code(desk)  # the stranger's own, to the stranger's phone
    assert (desk.phones.to[-1], (await desk.post(path, {"code": code})).status_code) == (f"+86{PHONE}", 201)
    assert (await acts(desk, me)) == 201  # and nothing of the owner's ended with it
    lost = await counter(desk, await staff_of(desk, "op"), str(uuid7()), card_no=OTHER_CARD[0])
    assert lost.status_code == 202
    assert (await sign_in(desk, *OTHER_CARD)).json()["outcome"] == "card_frozen"


async def test_security_fourth_F1_the_counter_gives_the_document_to_its_owner(desk: Desk) -> None:
    slot_id = (await desk.site.slots("lake"))[1]["slot_id"]
    stranger = Person((await sign_in(desk, *CARD)).json()["token"])
    assert (await booked(desk, stranger, slot_id)).status_code == 201
    me, operator = await owner(desk), await staff_of(desk, "op")
    assert (await booked(desk, me, slot_id)).json()["outcome"] == "person_twice"
    await desk.deliver()
    told = len(desk.phones.to)
    path, code = await open_code(desk)  # the stranger asks for a way back in
    await staff_of(desk, "second")
    second = {"login": "second", "password": "right horse"}  # somebody booked with that account
    for lost in (1, 0):  # again: the same
        done = await seen(desk, operator, card_nos=[OTHER_CARD[0]], second=second)
        assert done.json() == {
            "accounts": 1,
            "claims_lost": lost,
            "claims_back": 0,
            "is_name_noted": True,
        }, done.text
    await desk.deliver()
    assert sorted(desk.phones.to[told + 1 :]) == sorted([f"+86{PHONE}", f"+86{MY_PHONE}"])
    assert (await acts(desk, stranger)) == 401
    assert (await sign_in(desk, *CARD)).json()["outcome"] == "card_frozen"
    assert (await desk.post(path, {"code": code})).status_code == 403
    assert (
        await counter(desk, operator, str(uuid7()))
    ).status_code == 202  # of the owner's account, not of that card
    assert {"holder.document_seen", "holder.claim_lost", "card.frozen", "gate.looked_up"} <= await actions(
        desk
    )


async def test_security_fourth_F1_the_owner_takes_back_what_the_stranger_booked(desk: Desk) -> None:
    slot_id = (await desk.site.slots("lake"))[1]["slot_id"]
    stranger = Person((await sign_in(desk, *CARD)).json()["token"])
    assert (await booked(desk, stranger, slot_id)).status_code == 201
    me, operator = await owner(desk), await staff_of(desk, "op")
    for who in (stranger, me):  # both have only typed it
        unseen = await desk.site.client.get("/v1/places-by-others", headers=who.headers)
        assert unseen.json()["outcome"] == "document_unseen"
    await staff_of(desk, "second")
    second = {"login": "second", "password": "right horse"}
    assert (await seen(desk, operator, card_nos=[OTHER_CARD[0]], second=second)).status_code == 200
    listed = await desk.site.client.get("/v1/places-by-others", headers=me.headers)
    assert [one["slot_id"] for one in listed.json()["items"]] == [slot_id]
    assert (await desk.post(f"/v1/places-by-others/{slot_id}/disowning", None, me)).status_code == 200
    assert (await booked(desk, me, slot_id)).status_code == 201


async def test_security_fourth_F1_an_owner_without_a_card_is_seen_and_then_activates(desk: Desk) -> None:
    operator = await staff_of(desk, "op")
    done = await seen(desk, operator, has_no_card=True)
    assert done.json() == {"accounts": 0, "claims_lost": 1, "claims_back": 0, "is_name_noted": True}
    body = {"card_no": DAILY_CARD[0], "pin": DAILY_CARD[1], "number": DOCUMENT}
    squats = await desk.post("/v1/cards/activation", {**body, "name": "随便谁"})
    assert (squats.status_code, squats.json()["outcome"]) == (403, "card_holder_known")
    assert (await desk.post("/v1/cards/activation", MINE)).status_code == 201


async def test_security_fourth_F1_nobody_claims_a_document_whose_account_is_settled(desk: Desk) -> None:
    me, operator = await owner(desk), await staff_of(desk, "op")
    assert (await seen(desk, operator, card_nos=[OTHER_CARD[0]])).status_code == 200
    body = {"card_no": DAILY_CARD[0], "pin": DAILY_CARD[1], "number": DOCUMENT, "name": NAME}
    claims = await desk.post("/v1/cards/activation", {**body, "is_separate": True})
    assert (claims.status_code, claims.json()["outcome"]) == (403, "card_holder_known")
    refused = await seen(desk, operator, has_no_card=True)
    assert (refused.status_code, refused.json()["outcome"]) == (409, "holder_seen")
    assert (await acts(desk, me)) == 201
    admin = await staff_of(desk, "adm", "admin")
    assert (await seen(desk, admin, has_no_card=True)).json()["claims_lost"] == 1
    assert (await acts(desk, me)) == 401


async def test_security_fourth_F1_the_counter_says_what_is_wrong_and_counts_it(desk: Desk) -> None:
    operator, keeper = await staff_of(desk, "op"), await staff_of(desk, "keep", "gate")
    for body in ({}, {"card_nos": [CARD[0]], "has_no_card": True}):
        both = await seen(desk, operator, **body)
        assert [one["pointer"] for one in both.json()["errors"]] == ["/card_nos"]
    assert (await seen(desk, keeper, has_no_card=True)).status_code == 403
    other = await seen(desk, operator, card_nos=[CARD[0], OTHER_CARD[0]])  # one that nobody has activated
    assert (other.status_code, other.json()["outcome"]) == (404, "holder_unknown")
    assert (await sign_in(desk, *CARD)).status_code == 201
    assert "gate.looked_up" in await actions(desk)


async def test_security_fourth_F1_claims_of_one_document_are_bounded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CLAIMS_PER_DOCUMENT_MAX >= 2
    monkeypatch.setattr("wenyue.cards.activation.CLAIMS_PER_DOCUMENT_MAX", 1)
    full = await desk.post("/v1/cards/activation", {**MINE, "is_separate": True})
    assert (full.status_code, full.json()["outcome"]) == (403, "card_holder_known")


async def test_security_fourth_F1_a_ban_of_one_account_holds_for_all_that_turn_out_to_be_the_persons(
    desk: Desk,
) -> None:
    """An account that was only claimed gets nobody else's ban, else strangers would keep the owner out by their own misses."""
    me, operator = await owner(desk), await staff_of(desk, "op")
    slot_id = (await desk.site.slots("lake"))[1]["slot_id"]
    stranger = (await sign_in(desk, *CARD)).json()["holder_id"]
    async with desk.site.app.services.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO policy.ban (subject_key, policy_code, until, reason) VALUES (%s, '', %s, 'no_show')",
            [account_subject(stranger), NOW + timedelta(days=30)],
        )
    first = await booked(desk, me, slot_id)
    assert first.status_code == 201, first.text
    gone = await desk.post(f"/v1/bookings/{first.json()['id']}/cancellation", None, me)
    assert gone.status_code == 200, gone.text
    assert (await seen(desk, operator, card_nos=[OTHER_CARD[0], CARD[0]])).json()["accounts"] == 2
    again = await booked(desk, me, slot_id)
    assert (again.status_code, again.json()["outcome"]) == (403, "account_banned")
