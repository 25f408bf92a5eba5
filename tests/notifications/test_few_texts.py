"""Texts are few: for one phone, for one account, for a phone that is nobody's on record, and to the countries allowed."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import pytest

from tests.support.database import DbUrls
from tests.support.message_stage import PHONE, Recorder, Stage, open_stage
from wenyue.booking import ChangeKind, EventKind
from wenyue.core.limits import TEXTS_TO_OTHERS_PER_DAY
from wenyue.notifications import TextLimits, messages_of
from wenyue.notifications.texts import Counts, Queued, leaving

pytestmark = pytest.mark.anyio
STRANGER = "+8613911112222"


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with open_stage(make_database()) as made:
        yield made


async def _to(stage: Stage, kind: EventKind, *ids: UUID) -> list[str]:
    """The phones that are sent a text."""
    recorder = Recorder()
    await stage.deliver(kind, *ids)
    assert await stage.send(kind, recorder, *ids)
    return [one.phone.reveal() for one in recorder.sent]


async def test_security_third_1_a_strangers_phone_hears_of_no_move_and_of_few_bookings(stage: Stage) -> None:
    slots, holder_id = await stage.slots("table"), await stage.holder()
    one = await stage.book(slots[0], names=("张小三",), contact_phone=STRANGER, holder_id=holder_id)
    assert await _to(stage, EventKind.CONFIRMED, one) == [STRANGER]
    for number in range(6):
        await stage.change(ChangeKind.MOVE, one, moves=((number, slots[1 - number % 2]),))
        assert await _to(stage, EventKind.RESCHEDULED, one) == []
    told = [message.kind for message in await messages_of(stage.tx, stage.vault, holder_id)]
    assert told.count(EventKind.RESCHEDULED) == 6  # the holder reads of each
    sent = 1
    for _ in range(6):
        made = await stage.book(slots[0], names=("李雷",), contact_phone=STRANGER, holder_id=holder_id)
        sent += len(await _to(stage, EventKind.CONFIRMED, made))
        await stage.change(ChangeKind.CANCEL, made)
        sent += len(await _to(stage, EventKind.CANCELLED, made))
    assert sent == TEXTS_TO_OTHERS_PER_DAY
    own = await stage.book(slots[0], names=("韩梅",), holder_id=holder_id)
    assert await _to(stage, EventKind.CONFIRMED, own) == [PHONE]
    assert set(stage.withheld) == {holder_id}
    states = await stage.tx.execute(
        "SELECT state, count(*) FROM notifications.message WHERE channel = 'sms' GROUP BY state"
    )
    assert dict(await states.fetchall()) == {"sent": sent + 1, "withheld": 6 + 13 - sent}


@pytest.mark.parametrize("limits", [TextLimits(phone=3), TextLimits(account=3)])
async def test_security_third_1_a_phone_and_an_account_have_so_many_texts_a_day(
    stage: Stage, limits: TextLimits
) -> None:
    stage.limits = limits
    slots, holder_id = await stage.slots("table"), await stage.holder()
    one = await stage.book(slots[0], names=("张小三",), holder_id=holder_id)
    sent = await _to(stage, EventKind.CONFIRMED, one)
    for number in range(5):
        await stage.change(ChangeKind.MOVE, one, moves=((number, slots[1 - number % 2]),))
        sent += await _to(stage, EventKind.RESCHEDULED, one)
    assert sent == [PHONE] * 3


async def test_security_third_1_of_several_moves_the_last_is_told(stage: Stage) -> None:
    slots = await stage.slots("table")
    one = await stage.book(slots[0], names=("张小三",))
    for number in range(3):
        await stage.change(ChangeKind.MOVE, one, moves=((number, slots[1 - number % 2]),))
        await stage.deliver(EventKind.RESCHEDULED, one)
    recorder = Recorder()
    assert await stage.send(EventKind.RESCHEDULED, recorder, one)
    [text] = recorder.sent
    assert "13:00" in text.text
    assert stage.withheld == []  # the last one says it


async def test_security_third_1_other_countries_get_no_text(stage: Stage) -> None:
    slots, holder_id = await stage.slots("table"), await stage.holder()
    sent: list[str] = []
    for slot, phone in zip(slots, ("+19005550123", "+85291234567"), strict=True):
        one = await stage.book(slot, names=("张小三",), contact_phone=phone, holder_id=holder_id)
        sent += await _to(stage, EventKind.CONFIRMED, one)
    assert sent == ["+85291234567"]


def test_security_third_1_texts_of_one_batch_count_too() -> None:
    texts = [
        Queued(number, EventKind.CONFIRMED, PHONE, b"own", b"other", 7, number % 2 == 0, is_told_later=False)
        for number in range(30)
    ]
    counts = Counts(Counter({b"other": 2}), Counter())
    found = leaving(texts, counts, TextLimits(phone=10, account=100))
    assert sum(number % 2 == 0 for number in found) == TEXTS_TO_OTHERS_PER_DAY - 2
    assert len(found) + 2 == 10
