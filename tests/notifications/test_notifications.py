"""Messages: what they say in both languages, each once, sealed, sent by a transport that may fail."""

import json
import stat
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.database import DbUrls
from tests.support.message_stage import DAY, PHONE, Recorder, Stage, open_stage
from wenyue.booking import ChangeKind, EventKind
from wenyue.core.personal import KeyRing, Secret, Vault
from wenyue.notifications import FileSms, Sms, TextLimits, give_up, messages_of, send_notices, send_queued

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with open_stage(make_database()) as made:
        yield made


async def test_the_text_of_a_booking(stage: Stage) -> None:
    booking = await stage.book((await stage.slots("session"))[0])
    [text] = await stage.texts(EventKind.CONFIRMED, booking)
    assert text.startswith("【稳约旅游卡】张*三等2人已预约10月2日08:00-10:00西湖景区，凭证件原件入园，")
    assert text.endswith("前可取消。")
    assert "张小三" not in text


async def test_the_text_in_english(stage: Stage) -> None:
    holder_id = await stage.holder("en")
    booking = await stage.book((await stage.slots("session"))[0], names=("Jane Doe",), holder_id=holder_id)
    [text] = await stage.texts(EventKind.CONFIRMED, booking)
    assert text.startswith(
        "[Wenyue Card] Booked: West Lake, 2 Oct 08:00-10:00, 1 person (J*** D***). Bring your original ID. Cancel before "
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("night", "10月2日入住西湖景区1晚，凭证件原件入住"),
        ("table", "10月2日08:00西湖景区，凭预约凭证就餐"),
        ("seat", "10月2日08:00-10:00西湖景区，凭证件原件乘车"),
    ],
)
async def test_every_kind_of_product_has_its_own_words(stage: Stage, kind: str, expected: str) -> None:
    booking = await stage.book((await stage.slots(kind))[0], names=("张小三",))
    [text] = await stage.texts(EventKind.CONFIRMED, booking)
    assert f"张*三已预约{expected}" in text
    # 通用预约规则: free until the day begins
    assert text.endswith("，10月1日24:00前可取消。")


async def test_several_nights_and_several_visits_are_one_text(stage: Stage) -> None:
    nights = [(await stage.slots("night", DAY + timedelta(days=n)))[0] for n in range(3)]
    visits = [*(await stage.slots("session"))[:1], *(await stage.slots("seat"))[1:2]]
    first, second = await stage.book(*nights), await stage.book(*visits)
    texts = await stage.texts(EventKind.CONFIRMED, first, second)
    assert "10月2日入住西湖景区3晚" in texts[0]
    assert "10月2日08:00-10:00西湖景区等2项" in texts[1]


async def test_a_cancellation_that_costs_says_so_and_one_that_is_too_late_too(stage: Stage) -> None:
    booking = await stage.book((await stage.slots("seat"))[0], names=("张小三",))
    stage.now = datetime(2026, 10, 1, 16, 30, tzinfo=UTC)  # 00:30 of the day
    [text] = await stage.texts(EventKind.CONFIRMED, booking)
    assert text.endswith("，10月2日08:00前可取消（计违约1次）。")
    other = await stage.book((await stage.slots("seat"))[1], names=("李雷",))
    stage.now = datetime(2026, 10, 2, 8, 0, tzinfo=UTC)
    [text] = await stage.texts(EventKind.CONFIRMED, other)
    assert text.endswith("，不可取消。")


async def test_each_message_is_written_once_and_sealed(stage: Stage) -> None:
    booking = await stage.book((await stage.slots("session"))[0])
    assert await stage.deliver(EventKind.CONFIRMED, booking) == 2
    assert await stage.deliver(EventKind.CONFIRMED, booking) == 0
    rows = await (
        await stage.tx.execute("SELECT channel, state, sealed FROM notifications.message ORDER BY channel")
    ).fetchall()
    assert [row[:2] for row in rows] == [("inapp", "sent"), ("sms", "queued")]
    assert not any("西湖".encode() in row[2] or b"138" in row[2] for row in rows)


async def test_the_list_is_the_holders_own_newest_first(stage: Stage) -> None:
    slots = await stage.slots("session")
    holder_id, stranger = await stage.holder(), await stage.holder("en")
    booking = await stage.book(slots[0], holder_id=holder_id)
    await stage.deliver(EventKind.CONFIRMED, booking)
    await stage.change(ChangeKind.CANCEL, booking)
    await stage.deliver(EventKind.CANCELLED, booking)
    listed = await messages_of(stage.tx, stage.vault, holder_id)
    assert [(one.kind, one.booking_id) for one in listed] == [
        (EventKind.CANCELLED, booking),
        (EventKind.CONFIRMED, booking),
    ]
    assert listed[0].text == "张*三等2人预约的10月2日08:00-10:00西湖景区已取消，名额已退回。"
    assert "张" not in repr(listed)
    assert await messages_of(stage.tx, stage.vault, stranger) == []
    assert len(await messages_of(stage.tx, stage.vault, holder_id, 1)) == 1
    other = Vault(KeyRing({1: bytes(range(32))}, 1, bytes(32)))
    assert await messages_of(stage.tx, other, holder_id) == []


async def test_a_booking_cancelled_meanwhile_is_not_announced(stage: Stage) -> None:
    booking = await stage.book((await stage.slots("session"))[0])
    await stage.change(ChangeKind.CANCEL, booking)
    assert await stage.deliver(EventKind.CONFIRMED, booking) == 0
    assert await stage.deliver(EventKind.CANCELLED, booking) == 2


async def test_every_move_is_told(stage: Stage) -> None:
    today, later = await stage.slots("session"), await stage.slots("session", DAY + timedelta(days=1))
    booking = await stage.book(today[0])
    for line_no, slot_id, expected in (
        (0, today[1], "10月2日13:00-15:00"),
        (1, later[0], "10月3日08:00-10:00"),
    ):
        await stage.change(ChangeKind.MOVE, booking, moves=((line_no, slot_id),))
        [text] = await stage.texts(EventKind.RESCHEDULED, booking)
        assert f"张*三等2人的预约已改为{expected}西湖景区，" in text
        assert await stage.deliver(EventKind.RESCHEDULED, booking) == 0


async def test_security_second_H3_who_booked_is_told_who_took_their_place_out(stage: Stage) -> None:
    [slot] = (await stage.slots("session"))[:1]
    holder = await stage.holder()
    booking = await stage.book(slot, names=("张小三", "李雷", "韩梅"), holder_id=holder)
    rows = await stage.tx.execute(
        "SELECT person_key FROM booking.place WHERE booking_id = %s ORDER BY visitor_no", [booking]
    )
    keys = [bytes(key) for (key,) in await rows.fetchall()]
    for count, key in enumerate(keys[1:], 1):
        await stage.change(ChangeKind.DISOWN, booking, person_key=key, slot_id=slot)
        assert await stage.deliver(EventKind.DISOWNED, booking) == 2  # in the list, and by SMS
        assert await stage.deliver(EventKind.DISOWNED, booking) == 0
        newest = (await messages_of(stage.tx, stage.vault, holder, 10))[0].text
        names = "李*" if count == 1 else "李*、韩*"
        assert newest.startswith(f"{names}表示10月2日")
        assert "其名额已退回，其他人的名额不受影响" in newest
        assert "李雷" not in newest
    await stage.change(ChangeKind.DISOWN, booking, person_key=keys[0], slot_id=slot)
    await stage.deliver(EventKind.DISOWNED, booking)
    assert "此预约已无名额" in (await messages_of(stage.tx, stage.vault, holder, 10))[0].text


async def test_security_second_H3_it_is_told_in_english_too(stage: Stage) -> None:
    [slot] = (await stage.slots("session"))[:1]
    holder = await stage.holder("en")
    booking = await stage.book(slot, names=("ANNA SMITH", "BOB SMITH"), holder_id=holder)
    rows = await stage.tx.execute(
        "SELECT person_key FROM booking.place WHERE booking_id = %s ORDER BY visitor_no", [booking]
    )
    [(_,), (key,)] = await rows.fetchall()
    await stage.change(ChangeKind.DISOWN, booking, person_key=bytes(key), slot_id=slot)
    await stage.deliver(EventKind.DISOWNED, booking)
    newest = (await messages_of(stage.tx, stage.vault, holder, 10))[0].text
    assert "did not agree to being booked for" in newest
    assert "Everyone else keeps theirs" in newest


async def test_holds_are_told_in_the_list_only(stage: Stage) -> None:
    holder_id = await stage.holder()
    booking = await stage.book((await stage.slots("session"))[0], holder_id=holder_id, is_hold=True)
    assert await stage.deliver(EventKind.HELD, booking) == 1
    assert (await messages_of(stage.tx, stage.vault, holder_id))[0].text == (
        "已为张*三等2人保留10月2日08:00-10:00西湖景区，请在10:15前确认，逾期自动释放。"
    )
    stage.now += timedelta(minutes=20)
    await stage.change(ChangeKind.EXPIRE, booking)
    assert await stage.deliver(EventKind.EXPIRED, booking) == 1


async def test_without_a_phone_there_is_no_sms(stage: Stage) -> None:
    booking = await stage.book((await stage.slots("session"))[0], holder_id=await stage.holder(phone=""))
    assert await stage.deliver(EventKind.CONFIRMED, booking) == 1


async def test_a_party_that_cannot_be_opened_is_told_without_names(stage: Stage) -> None:
    booking = await stage.book((await stage.slots("session"))[0], party=b"broken")
    [text] = await stage.texts(EventKind.CONFIRMED, booking)
    assert text.startswith("【稳约旅游卡】您的2人已预约10月2日")


async def test_texts_that_were_not_accepted_stay_queued_and_are_given_up_at_last(stage: Stage) -> None:
    slots = await stage.slots("session")
    ids = [await stage.book(slots[0]), await stage.book(slots[1])]
    await stage.deliver(EventKind.CONFIRMED, *ids)
    recorder = Recorder(accepts=1)
    assert not await stage.send(EventKind.CONFIRMED, recorder, *ids)
    recorder.accepts = 0
    assert not await stage.send(EventKind.CONFIRMED, recorder, *ids)
    assert len(recorder.sent) == 1
    assert await give_up(stage.tx, EventKind.CONFIRMED, ids) == 1
    assert await stage.send(EventKind.CONFIRMED, recorder, *ids)
    states = await stage.tx.execute(
        "SELECT state FROM notifications.message WHERE channel = 'sms' ORDER BY id"
    )
    assert await states.fetchall() == [("sent",), ("failed",)]


async def test_the_file_transport_writes_lines_with_masked_phones(stage: Stage, tmp_path: Path) -> None:
    booking = await stage.book((await stage.slots("session"))[0])
    await stage.deliver(EventKind.CONFIRMED, booking)
    async with stage.tx.transaction():
        transport = FileSms(tmp_path / "messages")
        assert await send_queued(
            stage.tx,
            stage.vault,
            EventKind.CONFIRMED,
            [booking],
            stage.now,
            sms=transport,
            limits=TextLimits(),
        )
    file = tmp_path / "messages" / "sms-2026-09-20.jsonl"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    [line] = [json.loads(one) for one in file.read_text(encoding="utf-8").splitlines()]
    assert line["to"] == "138****8000"
    assert line["text"].startswith("【稳约旅游卡】张*三等2人")
    assert PHONE not in file.read_text(encoding="utf-8")


async def test_a_transport_that_is_out_of_order_leaves_the_texts_queued(stage: Stage, tmp_path: Path) -> None:
    booking = await stage.book((await stage.slots("session"))[0])
    await stage.deliver(EventKind.CONFIRMED, booking)
    (tmp_path / "messages").write_text("isn't a folder")
    with pytest.raises(FileExistsError):
        async with stage.tx.transaction():
            await send_queued(
                stage.tx,
                stage.vault,
                EventKind.CONFIRMED,
                [booking],
                stage.now,
                sms=FileSms(tmp_path / "messages"),
                limits=TextLimits(),
            )
    assert await stage.send(EventKind.CONFIRMED, Recorder(), booking)


async def test_a_notice_that_the_release_before_wrote_leaves_as_it_stands(stage: Stage) -> None:
    about = await stage.book((await stage.slots("session"))[0])
    content = json.dumps({"text": "【稳约旅游卡】登录验证码1", "phone": PHONE}, ensure_ascii=False).encode()
    await stage.tx.execute(
        "INSERT INTO notifications.notice (about, kind, holder_id, phone_key, sealed, created_at)"
        " VALUES (%s, 'recovery-code', %s, %s, %s, %s)",
        [about, await stage.holder(), b"key", stage.vault.seal(content, purpose=b"notice"), stage.now],
    )
    recorder = Recorder()
    async with stage.tx.transaction():
        await send_notices(stage.tx, stage.vault, stage.now, sms=recorder)
    assert [(one.phone.reveal(), one.text) for one in recorder.sent] == [(PHONE, "【稳约旅游卡】登录验证码1")]


def test_a_text_never_shows_its_phone() -> None:
    assert PHONE not in repr(Sms(1, Secret(PHONE), "张*三"))
