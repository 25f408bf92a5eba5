"""A lost card is replaced at the counter: by an operator who sees the document, told first, after a delay."""

from datetime import timedelta

import pytest

from tests.support.card_desk import Desk, sign_in, staff_of
from tests.support.traveller_site import CARD, DOCUMENT, NAME, OTHER_DOCUMENT, OTHER_NAME
from wenyue.core.ids import uuid7

pytestmark = pytest.mark.anyio


async def test_security_H2_staff_replace_at_the_counter_after_a_delay(desk: Desk) -> None:
    operator, keeper = await staff_of(desk, "op"), await desk.site.staff()
    body = {"id": str(uuid7()), "card_no": CARD[0], "name": NAME, "number": DOCUMENT}
    path = "/v1/gate/cards/replacement"
    assert (await desk.post(path, body, keeper)).status_code == 403
    other = body | {"number": OTHER_DOCUMENT, "name": OTHER_NAME, "id": str(uuid7())}
    assert (await desk.post(path, other, operator)).status_code == 404
    waits = await desk.post(path, body, operator)
    assert waits.status_code == 202, waits.text
    assert "停止" in await desk.deliver()
    assert (await desk.post(path, body, operator)).status_code == 202
    desk.clock.now += timedelta(minutes=30)
    made = await desk.post(path, body, operator)
    assert made.status_code == 201, made.text
    person = {"name": NAME, "number": DOCUMENT}
    assert (await desk.post("/v1/gate/cards/objection", person, keeper)).status_code == 403
    assert (await desk.post("/v1/gate/cards/objection", person, operator)).json() == {"is_stopped": True}
    assert (await sign_in(desk, made.json()["card_no"], made.json()["pin"])).json()[
        "outcome"
    ] == "card_frozen"
