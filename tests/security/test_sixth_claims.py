"""A typed document at the gate and at the counter: it uses up nobody's place, and no clerk alone takes accounts away for good."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.security.test_claims import booked, desk, owner, seen
from tests.support.api_site import Person
from tests.support.card_desk import Desk, sign_in, staff_of
from tests.support.database import DbUrls
from tests.support.gate_scans import NOW as GATE_NOW
from tests.support.gate_scans import at_the_gate, present
from tests.support.gate_world import ADULTS, document
from tests.support.traveller_site import CARD, DAILY_CARD, DOCUMENT, NOW, OTHER_CARD
from wenyue.accounts import Identity, traveller_for
from wenyue.faces.wording_gate import say_scan
from wenyue.gate import Presented, Reason
from wenyue.gate.model import ScanAnswer
from wenyue.kernel.ids import uuid7

pytestmark = pytest.mark.anyio
__all__ = ["desk"]


async def shown(desk: Desk, keeper: Person, presented: str, **more: Any) -> dict[str, Any]:
    """What the gate of the lake says to a card or a document."""
    body = {"scan_id": str(uuid7()), "venue": "lake", "gate": "N", "presented": presented, **more}
    answer = await desk.post("/v1/gate/scans", body, keeper)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def slot_now(desk: Desk) -> int:
    """The lake's session that the gate admits to at this hour."""
    for one in await desk.site.slots("lake", NOW.date()):
        if one["starts_at"] <= NOW.isoformat() < one["ends_at"]:
            return one["slot_id"]
    return (await desk.site.slots("lake", NOW.date()))[0]["slot_id"]


async def squat(desk: Desk) -> Person:
    """Somebody activates a card of their own with Zhang's number, which is no secret, and any name."""
    body = {"card_no": DAILY_CARD[0], "pin": DAILY_CARD[1], "name": "赵小贼", "number": DOCUMENT}
    made = await desk.post("/v1/cards/activation", {**body, "is_separate": True})
    assert made.status_code == 201, made.text
    return Person((await sign_in(desk, *DAILY_CARD)).json()["token"], made.json()["holder_id"])


async def test_security_sixth_S1_a_card_that_only_claims_the_document_uses_up_nobodys_place(
    desk: Desk,
) -> None:
    me, keeper = await owner(desk), await desk.site.staff()
    await squat(desk)
    made = await booked(desk, me, await slot_now(desk))
    assert made.status_code == 201, made.text
    refused = await shown(desk, keeper, DAILY_CARD[0])
    assert refused["reason"] == "show_document"
    told = [refused.get(one) for one in ("booking_id", "product", "starts_at", "name", "document")]
    assert [one for one in told if one] == []  # nor is the owner's visit told to whoever has such a card
    assert refused.get("others") in ([], None)
    admitted = await shown(desk, keeper, DOCUMENT)
    assert (admitted["reason"], admitted["booking_id"]) == ("admit", made.json()["id"])


async def test_security_sixth_S1_a_card_presents_what_its_own_account_booked(desk: Desk) -> None:
    keeper, thief = await desk.site.staff(), await squat(desk)
    made = await booked(desk, thief, await slot_now(desk))
    assert made.status_code == 201, made.text
    assert (await shown(desk, keeper, DAILY_CARD[0]))["booking_id"] == made.json()["id"]


async def test_security_sixth_S1_once_staff_saw_the_document_the_card_presents_what_others_booked(
    desk: Desk,
) -> None:
    friend = Person((await sign_in(desk, *CARD)).json()["token"])
    await owner(desk)
    made = await booked(desk, friend, await slot_now(desk))
    assert made.status_code == 201, made.text
    keeper, operator = await desk.site.staff(), await staff_of(desk, "op")
    assert (await shown(desk, keeper, OTHER_CARD[0]))["reason"] == "show_document"
    both = await seen(desk, operator, card_nos=[OTHER_CARD[0], CARD[0]])
    assert both.status_code == 200, both.text
    assert (await shown(desk, keeper, OTHER_CARD[0]))["reason"] == "admit"


async def test_security_sixth_S1_a_table_is_entered_with_the_card_of_whoever_booked_it(
    make_database: Callable[[], DbUrls],
) -> None:
    async with at_the_gate(make_database()) as world:
        accounts = [
            await traveller_for(
                world.tx, world.desk.vault, Identity(name, document(ADULTS[0], GATE_NOW.date())), GATE_NOW,
                is_separate=True,
            )
            for name in ("王小明", "赵小贼")
        ]  # fmt: skip
        for number, holder_id in zip(("6000202600000019", "6000202600000027"), accounts, strict=True):
            card_id = await world.card(number, holder=ADULTS[0])
            await world.tx.execute("UPDATE cards.card SET holder_id = %s WHERE id = %s", [holder_id, card_id])
        await world.book(quantity=4, documents=(), holder_id=accounts[0])
        assert (await present(world, "6000202600000027")).reason is Reason.NO_BOOKING
        assert (await present(world, "6000202600000019")).reason is Reason.ADMIT


@pytest.mark.parametrize(("locale", "word"), [("zh-CN", "请出示证件"), ("en", "Show the document")])
def test_security_sixth_S1_the_gate_says_what_to_show(locale: str, word: str) -> None:
    answer = ScanAnswer(
        scan_id=uuid7(), at=NOW, venue_id=1, gate="N", reason=Reason.SHOW_DOCUMENT, presented=Presented.CARD
    )
    assert say_scan(answer, locale).word == word
