"""A code is worded in the language of whoever asks for it; a warning in the language that its holder last used."""

import pytest

from tests.support.card_desk import PHONE, Desk
from tests.support.traveller_site import DOCUMENT, NAME
from wenyue.core.ids import uuid7

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("asked", "says"), [("en", "Code "), ("zh-CN", "验证码")])
async def test_security_fourth_codes_are_worded_in_the_language_of_the_request(
    desk: Desk, asked: str, says: str
) -> None:
    body = {"id": str(uuid7()), "name": NAME, "number": DOCUMENT, "phone": PHONE}
    answer = await desk.post("/v1/cards/lost", body, None, **{"Accept-Language": asked})
    assert answer.status_code == 202
    assert says in await desk.deliver()
