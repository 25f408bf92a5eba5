"""A typed document at the gate and at the counter: it uses up nobody's place, and no clerk alone takes accounts away for good."""

from typing import Any

import httpx
import pytest

from tests.security.test_claims import booked, desk, owner, seen
from tests.support.api_site import Person
from tests.support.card_desk import Desk, sign_in, staff_of
from tests.support.traveller_site import CARD, DAILY_CARD, DOCUMENT, NAME, NOW, OTHER_CARD
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


async def test_security_sixth_S1_a_card_that_only_claims_the_document_uses_up_nobodys_place(desk: Desk) -> None:
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
