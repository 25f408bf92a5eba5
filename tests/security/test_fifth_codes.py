"""A phone that strangers wrote down first: its holder's code comes all the same, and what did not leave is sent when it can."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.support.card_desk import PHONE, Desk, begin_from
from wenyue.cards.recovery import CODES_A_DAY_MAX
from wenyue.core.ids import uuid7
from wenyue.core.limits import NOTICES_OF_KIND_LEAST, NOTICES_OF_SHARED_PER_HOUR
from wenyue.core.personal import Secret
from wenyue.locale import Message
from wenyue.notifications import CODE, SHARED_CODE, Notice, notify

pytestmark = pytest.mark.anyio
SHARED = r"\d{5}-\d{5}-\d{5}"
ELDEST, STRANGER = -2, -1  # accounts that were there before the holder's
E164 = "+86" + PHONE


async def _texts(desk: Desk, holder_id: int, kind: str, count: int) -> int:
    """So many texts of an account are written to the holder's phone; how many leave."""
    services, before = desk.site.app.services, len(desk.phones.texts)
    async with services.db.transaction() as tx:
        for _ in range(count):
            words = Notice(uuid4(), kind, holder_id, Secret(E164), Message("Code"), "zh-CN")
            await notify(tx, services.vault, words, desk.clock())
    await desk.deliver()
    return len(desk.phones.texts) - before


async def _strangers(desk: Desk) -> None:
    """Two accounts with the holder's phone use up what others than its own may have in an hour."""
    assert await _texts(desk, ELDEST, CODE, 1) == 1
    assert await _texts(desk, STRANGER, CODE, 5) == NOTICES_OF_SHARED_PER_HOUR


async def _holder(desk: Desk) -> int:
    async with desk.site.app.services.db.connection() as tx:
        [(holder_id,)] = await (await tx.execute("SELECT id FROM accounts.traveller")).fetchall()
    return holder_id


async def test_security_fifth_8_the_holders_code_for_a_lost_card_comes_beside_strangers_codes(
    desk: Desk,
) -> None:
    await _strangers(desk)
    before = len(desk.phones.texts)
    mine = str(uuid7())
    assert (await begin_from(desk, "203.0.113.50", mine)).status_code == 202
    found = re.search(r"验证码(\d{6})", await desk.deliver())
    assert found is not None
    assert len(desk.phones.texts) == before + 1
    answer = await desk.post(f"/v1/cards/lost/{mine}/code", {"code": found[1]})
    assert answer.status_code == 201, answer.text
    await desk.deliver()  # the warning that the card is being replaced leaves, too
    assert len(desk.phones.texts) == before + 2


async def test_security_fifth_8_codes_that_strangers_have_sent_for_the_holder_leave_the_shared_one(
    desk: Desk,
) -> None:
    """Whoever knows document and phone can ask in the holder's name; what then comes serves the holder's request."""
    await _strangers(desk)
    for number in range(CODES_A_DAY_MAX):
        assert (await begin_from(desk, f"203.0.113.{number}", str(uuid7()))).status_code == 202
    await desk.deliver()
    mine = str(uuid7())
    assert (await begin_from(desk, "203.0.113.50", mine)).status_code == 202
    found = re.search(SHARED, await desk.deliver())
    assert found is not None
    assert (await desk.post(f"/v1/cards/lost/{mine}/code", {"code": found[0]})).status_code == 201


async def test_security_fifth_9_a_shared_code_that_was_withheld_is_sent_when_there_is_room(
    desk: Desk,
) -> None:
    desk.clock.now += timedelta(
        minutes=10
    )  # so that the hour of these ends within the half hour of one shared code
    await _strangers(desk)
    assert await _texts(desk, await _holder(desk), SHARED_CODE, 9) == NOTICES_OF_KIND_LEAST
    desk.clock.now += timedelta(minutes=59)
    assert await _texts(desk, STRANGER, "card-added", 9) == NOTICES_OF_KIND_LEAST
    desk.clock.now += timedelta(seconds=50)
    before = len(desk.phones.texts)
    for number in range(CODES_A_DAY_MAX + 1):
        await begin_from(desk, f"203.0.113.{number}", str(uuid7()))
    await desk.deliver()
    assert not [text for text in desk.phones.texts[before:] if re.search(SHARED, text)]
    desk.clock.now += timedelta(seconds=20)
    for _ in range(2):
        assert (await begin_from(desk, "203.0.113.60", str(uuid7()))).status_code == 202
        await desk.deliver()
    sent = [found[0] for text in desk.phones.texts[before:] if (found := re.search(SHARED, text))]
    assert len(sent) == 1  # and only once
    answer = await desk.post(f"/v1/cards/lost/{uuid7()}/code", {"code": sent[0], "is_lost": False})
    assert answer.status_code == 201, answer.text
