"""A code is worded in the language of whoever asks for it; a warning in the language that its holder last used."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.card_desk import PHONE, Desk, open_desk
from tests.support.database import DbUrls
from tests.support.traveller_site import DOCUMENT, NAME
from wenyue.kernel.ids import uuid7

pytestmark = pytest.mark.anyio


@pytest.fixture
async def desk(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(make_database(), tmp_path) as found:
        yield found


@pytest.mark.parametrize(("asked", "says"), [("en", "Code "), ("zh-CN", "验证码")])
async def test_security_fourth_codes_are_worded_in_the_language_of_the_request(
    desk: Desk, asked: str, says: str
) -> None:
    body = {"id": str(uuid7()), "name": NAME, "number": DOCUMENT, "phone": PHONE}
    answer = await desk.post("/v1/cards/lost", body, None, **{"Accept-Language": asked})
    assert answer.status_code == 202
    assert says in await desk.deliver()
