"""A phone that strangers wrote down: few texts of theirs go there, and its own account's share stays whole."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.support.database import DbUrls
from tests.support.gate_fixtures import document
from tests.support.message_stage import DAY, NOW, PHONE, Recorder, Stage, open_stage
from wenyue.accounts import Identity, traveller_for
from wenyue.booking import ChangeKind, EventKind
from wenyue.core.limits import (
    CODES_TO_PHONE_PER_DAY,
    NOTICES_OF_KIND_LEAST,
    NOTICES_OF_SHARED_PER_DAY,
    NOTICES_OF_SHARED_PER_HOUR,
    TEXTS_OF_SHARED_PER_DAY,
    WARNINGS_TO_PHONE_PER_DAY,
)
from wenyue.core.personal import Secret
from wenyue.locale import Message
from wenyue.notifications import CODE, Notice, TextLimits, note_proved, notify, send_notices

pytestmark = pytest.mark.anyio
NUMBERS = ("110105199003071239", "44011219920518002X", "110101199001011237")
OWNER, STRANGER, OTHER_STRANGER = 0, 1, 2


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with open_stage(make_database()) as made:
        yield made


async def account(stage: Stage, which: int) -> int:
    """An account with the owner's phone on record."""
    identity = Identity("张小三", document(NUMBERS[which], DAY), PHONE)
    return await traveller_for(stage.tx, stage.vault, identity, NOW)


async def booked(stage: Stage, holder_id: int, day: int = 0) -> int:
    """How many texts a booking that is made and cancelled brings."""
    slots = await stage.slots("table")
    made = await stage.book(slots[day % 2], names=("李雷",), holder_id=holder_id)
    sent = await _sent(stage, EventKind.CONFIRMED, made)
    await stage.change(ChangeKind.CANCEL, made)
    return sent + await _sent(stage, EventKind.CANCELLED, made)


async def _sent(stage: Stage, kind: EventKind, booking_id: UUID) -> int:
    recorder = Recorder()
    await stage.deliver(kind, booking_id)
    assert await stage.send(kind, recorder, booking_id)
    return len(recorder.sent)


async def told(
    stage: Stage, holder_id: int, kind: str, count: int = 1, *, limits: TextLimits | None = None
) -> int:
    """So many notices are written to the owner's phone; how many leave."""
    recorder = Recorder()
    for _ in range(count):
        words = Notice(uuid4(), kind, holder_id, Secret(PHONE), Message("Code"), "zh-CN")
        await notify(stage.tx, stage.vault, words, stage.now)
    while await _send(stage, recorder, limits or TextLimits()):
        pass
    return len(recorder.sent)


async def _send(stage: Stage, recorder: Recorder, limits: TextLimits) -> bool:
    async with stage.tx.transaction():
        return await send_notices(stage.tx, stage.vault, stage.now, sms=recorder, limits=limits)


async def test_security_fourth_F4_bookings_of_strangers_with_ones_phone_do_not_silence_it(
    stage: Stage,
) -> None:
    owner, one, two = [await account(stage, which) for which in (OWNER, STRANGER, OTHER_STRANGER)]
    assert await booked(stage, owner) == 2
    stage.limits = TextLimits(phone=20, account=10)
    sent = sum([await booked(stage, who, day) for who in (one, two) for day in range(6)])
    assert sent == TEXTS_OF_SHARED_PER_DAY
    assert [await booked(stage, owner, day) for day in range(4)] == [2] * 4


async def test_security_fourth_F4_codes_and_warnings_of_strangers_are_few_and_the_owners_go_on(
    stage: Stage,
) -> None:
    owner, one, two = [await account(stage, which) for which in (OWNER, STRANGER, OTHER_STRANGER)]
    assert await told(stage, owner, CODE) == 1
    assert await told(stage, one, CODE, 3) == 3
    assert await told(stage, two, "card-added", 30) == NOTICES_OF_SHARED_PER_HOUR - 3
    stage.now = NOW + timedelta(hours=2)
    assert await told(stage, one, CODE, 30) == NOTICES_OF_SHARED_PER_HOUR
    stage.now = NOW + timedelta(hours=4)
    least = NOTICES_OF_KIND_LEAST  # the share of the day is used up
    assert (await told(stage, two, CODE, 30), 2 * NOTICES_OF_SHARED_PER_HOUR) == (
        least,
        NOTICES_OF_SHARED_PER_DAY,
    )
    assert await told(stage, owner, CODE, 3) == 3
    assert await told(stage, owner, "recovery-told", 3) == 3
    stage.now = NOW + timedelta(days=1, hours=5)
    assert await told(stage, one, CODE) == 1


async def test_security_fourth_F4_codes_and_warnings_of_the_owner_have_shares_apart(stage: Stage) -> None:
    owner = await account(stage, OWNER)
    assert await told(stage, owner, CODE, CODES_TO_PHONE_PER_DAY + 9) == CODES_TO_PHONE_PER_DAY
    assert await told(stage, owner, "card-added", WARNINGS_TO_PHONE_PER_DAY + 9) == WARNINGS_TO_PHONE_PER_DAY
    assert await booked(stage, owner) == 2


async def test_security_fourth_F4_a_stranger_who_was_first_loses_the_phone_to_who_proves_it(
    stage: Stage,
) -> None:
    stranger, owner = [await account(stage, which) for which in (STRANGER, OWNER)]
    assert await told(stage, stranger, "card-added", 2) == 2
    assert await told(stage, owner, CODE) == 1  # of the share of everybody who is not first
    await note_proved(stage.tx, stage.vault, owner, Secret(PHONE), stage.now)
    assert await told(stage, stranger, "card-added", 30) == NOTICES_OF_SHARED_PER_HOUR - 2
    assert await told(stage, owner, CODE, 9) == 9


async def test_security_fourth_F4_a_text_counts_when_it_left_however_long_it_waited(stage: Stage) -> None:
    stage.limits = TextLimits(phone=2)
    owner, slots = await account(stage, OWNER), await stage.slots("table")
    waiting = [await stage.book(slots[0], names=("李雷",), holder_id=owner) for _ in range(2)]
    await stage.deliver(EventKind.CONFIRMED, *waiting)
    out_of_order = Recorder(accepts=0)
    assert not await stage.send(EventKind.CONFIRMED, out_of_order, *waiting)
    stage.now = NOW + timedelta(hours=30)
    recorder = Recorder()
    assert await stage.send(EventKind.CONFIRMED, recorder, *waiting)
    assert len(recorder.sent) == 2  # what was only queued counted for nothing
    assert await booked(stage, owner) == 0
    stage.now = NOW + timedelta(hours=55)
    assert await booked(stage, owner) == 2


async def test_security_fourth_F4_what_is_withheld_is_not_sent_later_and_its_account_is_noted(
    stage: Stage,
) -> None:
    owner, stranger = [await account(stage, which) for which in (OWNER, STRANGER)]
    assert await told(stage, owner, CODE) == 1
    noted: list[int] = []
    for _ in range(8):
        await notify(
            stage.tx, stage.vault, Notice(uuid4(), CODE, stranger, Secret(PHONE), Message("Code"), "en"), NOW
        )
    recorder = Recorder()
    async with stage.tx.transaction():
        await send_notices(stage.tx, stage.vault, NOW, sms=recorder, withheld=noted.append)
    assert noted == [stranger] * 3
    rows = await stage.tx.execute(
        "SELECT state, count(*), max(length(sealed)) FROM notifications.notice WHERE holder_id = %s GROUP BY state",
        (stranger,),
    )
    assert sorted(await rows.fetchall()) == [("sent", 5, 0), ("withheld", 3, 0)]


async def test_security_fifth_8_each_account_has_a_minimum_of_each_kind_that_no_other_uses_up(
    stage: Stage,
) -> None:
    eldest, stranger, holder = [await account(stage, which) for which in (OWNER, STRANGER, OTHER_STRANGER)]
    assert await told(stage, eldest, CODE) == 1
    assert await told(stage, stranger, CODE, 30) == NOTICES_OF_SHARED_PER_HOUR
    assert await told(stage, holder, CODE, 30) == NOTICES_OF_KIND_LEAST
    assert await told(stage, holder, "recovery-told", 30) == NOTICES_OF_KIND_LEAST
    stage.now = NOW + timedelta(minutes=61)
    assert await told(stage, holder, CODE, 30) == NOTICES_OF_KIND_LEAST


async def test_security_fifth_8_codes_to_a_phone_stay_bounded_and_who_had_none_still_gets_theirs(
    stage: Stage,
) -> None:
    """Two an hour of an account end with the phone's day; the first two of any other account do not."""
    eldest, stranger, holder = [await account(stage, which) for which in (OWNER, STRANGER, OTHER_STRANGER)]
    assert await told(stage, eldest, "card-added") == 1
    came = 0
    for hour in range(12):
        stage.now = NOW + timedelta(hours=hour, minutes=hour)
        came += await told(stage, stranger, "card-added", 30)
    assert came == WARNINGS_TO_PHONE_PER_DAY
    assert await told(stage, holder, "card-added", 30) == NOTICES_OF_KIND_LEAST
    assert await told(stage, holder, CODE, 30) == NOTICES_OF_KIND_LEAST
    assert await told(stage, eldest, "card-added", 3) == 3


async def test_security_fifth_9_what_was_withheld_waits_anew_when_it_is_written_again(stage: Stage) -> None:
    eldest, stranger = [await account(stage, which) for which in (OWNER, STRANGER)]
    assert await told(stage, eldest, CODE) == 1
    assert await told(stage, stranger, CODE, 9) == NOTICES_OF_SHARED_PER_HOUR
    words = Notice(uuid4(), CODE, stranger, Secret(PHONE), Message("Code"), "zh-CN")
    recorder = Recorder()
    for minutes, sent in ((0, 0), (1, 0), (61, 1), (62, 1)):
        stage.now = NOW + timedelta(minutes=minutes)
        await notify(stage.tx, stage.vault, words, stage.now)
        await _send(stage, recorder, TextLimits())
        assert len(recorder.sent) == sent
