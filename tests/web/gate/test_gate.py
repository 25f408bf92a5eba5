"""The gate's pages over HTTP, for a keeper."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from tests.support.database import DbUrls
from tests.support.gate_fixtures import ADULTS, CHILD
from tests.support.gate_house import NOW, PASSWORD, House, gate_house, panel
from wenyue.core.ids import uuid7
from wenyue.gate import Presented, Reason, ScanAnswer, UndoOutcome, index_bookings
from wenyue.web.gate.views import party_view
from wenyue.web.wording.gate import GATE_TEXTS
from wenyue.web.wording.gate_undo import UNDO_TEXTS

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[House]:
    async with gate_house(make_database(), tmp_path) as made:
        yield made


async def test_strangers_see_only_the_sign_in(house: House) -> None:
    for path in ("/gate", "/gate/setup"):
        assert (await house.page(path)).headers["location"] == "/gate/signin"
    for path in ("/gate/scans", "/gate/undo", "/gate/setup"):
        assert (await house.page(path, scan_id="x")).headers["location"] == "/gate/signin"
    assert (await house.client.post("/gate/scans", data={"presented": "x"})).status_code == 403
    wrong = await house.page("/gate/signin", login="gate", password="wrong")
    assert wrong.status_code == 422
    assert "账号或密码不对" in wrong.text


async def test_wrong_passwords_make_the_next_try_wait(house: House) -> None:
    tries = [await house.page("/gate/signin", login="gate", password="wrong") for _ in range(6)]
    assert [answer.status_code for answer in tries] == [422] * 5 + [429]
    assert "1分钟后再试" in tries[-1].text
    assert (await house.token()).status_code == 429


async def test_a_keeper_sets_up_once_and_signs_out(house: House) -> None:
    await house.page("/gate/signin", login="gate", password=PASSWORD)
    assert (await house.page("/gate")).headers["location"] == "/gate/setup"
    assert (
        "请填写闸口名称" in (await house.page("/gate/setup", venue_id=house.fixtures.here, gate=" \t")).text
    )
    assert "请选择场馆" in (await house.page("/gate/setup", venue_id="nonsense", gate="北门")).text
    assert "没有找到场馆" in (await house.page("/gate/setup?q=zzz")).text
    await house.stand()
    shown = await house.page("/gate")
    assert "灵隐飞来峰" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert "请扫码" in panel(shown.text)
    await house.page("/gate/signout", x="1")
    assert (await house.page("/gate")).headers["location"] == "/gate/signin"


async def test_a_keeper_works_only_at_their_venues(house: House) -> None:
    await house.page("/gate/signin", login="palace", password=PASSWORD)
    assert "灵隐" not in (await house.page("/gate/setup")).text
    refused = await house.page("/gate/setup", venue_id=house.fixtures.here, gate="北门")
    assert refused.status_code == 422
    await house.page("/gate/signout", x="1")
    await house.stand()  # this device stood at 灵隐 before
    await house.page("/gate/signout", x="1")
    await house.page("/gate/signin", login="palace", password=PASSWORD)
    assert (await house.page("/gate")).headers["location"] == "/gate/setup"


async def test_admitted_then_already_used_then_undone(house: House) -> None:
    await house.stand()
    voucher = house.fixtures.voucher(await house.fixtures.book())
    admitted = panel(await house.scan(voucher))
    assert admitted.startswith("放行 请入园")
    assert "王*明 11****1949********" in admitted
    second = await house.scan(voucher)
    assert panel(second).startswith("不放行 已核销 09:00 在“北门”核销过。")
    offered = re.findall(r'name="scan_id" value="([^"]+)">\s*<label class="small"', second)
    assert len(offered) == 2  # with the answer, and in the list
    assert len(set(offered)) == 1
    unreasoned = await house.page("/gate/undo", scan_id=offered[0], reason=" ")
    assert (unreasoned.status_code, "请写明撤销原因" in unreasoned.text) == (422, True)
    undone = await house.page("/gate/undo", scan_id=offered[0], reason="扫错了人")
    assert (undone.status_code, "名额恢复为未核销" in undone.text) == (200, True)
    assert panel(await house.scan(voucher)).startswith("放行")


@pytest.mark.parametrize("path", ["/gate/scans", "/gate/undo"])
async def test_the_address_of_an_answer_leads_back_to_the_gate(house: House, path: str) -> None:
    await house.stand()
    assert (await house.page(path)).headers["location"] == "/gate"


async def test_reloading_a_scan_changes_nothing(house: House) -> None:
    await house.stand()
    voucher, scan_id = house.fixtures.voucher(await house.fixtures.book()), str(uuid7())
    await house.page("/gate/scans", scan_id=scan_id, presented=voucher)
    again = await house.page("/gate/scans", scan_id=scan_id, presented=voucher)
    assert panel(again.text).startswith("放行")
    assert "没有重复核销" in again.text
    other = await house.page("/gate/scans", scan_id=scan_id, presented=ADULTS[0])
    assert other.headers["location"] == "/gate"


async def test_security_ninth_F3_a_scan_that_was_taken_back_says_so_on_the_page(house: House) -> None:
    await house.stand()
    voucher, scan_id = house.fixtures.voucher(await house.fixtures.book()), str(uuid7())
    await house.page("/gate/scans", scan_id=scan_id, presented=voucher)
    await house.page("/gate/undo", scan_id=scan_id, reason="扫错了人")
    again = await house.page("/gate/scans", scan_id=scan_id, presented=voucher)
    assert panel(again.text).startswith("先别放行 已撤销")
    assert "请入园" not in panel(again.text)
    assert "已核销。" not in panel(again.text)


def test_security_ninth_F3_a_party_of_which_all_were_taken_back_is_not_green() -> None:
    one = ScanAnswer(
        scan_id=uuid7(),
        at=NOW,
        venue_id=1,
        gate="北门",
        reason=Reason.UNDONE,
        presented=Presented.VOUCHER,
        undone_at=NOW,
    )
    shown = party_view([one, one], "zh-CN")
    assert (shown.tone, shown.word, shown.verdict, shown.count) == ("ask", "已撤销", "先别放行", "")


async def test_a_party_is_chosen_from_or_let_in_together(house: House) -> None:
    await house.stand()
    booking_id = await house.fixtures.book(documents=(*ADULTS[:2], CHILD))
    asked = await house.scan(house.fixtures.voucher(booking_id))
    assert panel(asked).startswith("先别放行 哪一位")
    assert "全部入园（3）" in asked
    assert "须成人先入园" in asked
    single = await house.scan(str(booking_id), place="0.1")
    assert panel(single).startswith("放行 请入园")
    assert "李*" in panel(single)
    rest = await house.scan(str(booking_id), place=["0.0", "0.2"])
    assert panel(rest).startswith("放行 请入园 2 人")
    assert "王*明 · 请入园" in panel(rest)
    assert panel(await house.scan(str(booking_id), place=["0.0", "0.2"])).startswith("不放行 已核销")


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
async def test_every_reason_is_worded(locale: str) -> None:
    assert set(GATE_TEXTS) == set(Reason)
    assert set(UNDO_TEXTS) == set(UndoOutcome)
    for reason, text in GATE_TEXTS.items():
        sentences = [part.say(locale) for part in (text.word, text.why, text.next_step)]
        assert all(sentences)
        assert text.tone == ("good" if reason is Reason.ADMIT else text.tone)
        if locale == "en":
            assert not any(re.search("[一-鿿]", sentence) for sentence in sentences), reason


async def test_english_pages_are_english(house: House) -> None:
    await house.stand()
    house.client.cookies.set("wy_lang", "en")
    voucher = house.fixtures.voucher(await house.fixtures.book(documents=ADULTS[:1]))
    assert panel(await house.scan(voucher)).startswith("Open Admit")
    shown = await house.scan("nonsense")
    body = shown.partition("<main")[2].partition("</main>")[0]
    text = re.sub(r"<[^>]+>", " ", body)
    foreign = {"北门", "王*明"}
    assert set(re.findall("[一-鿿*]+", text)) - foreign == set()


@pytest.mark.parametrize(
    "presented",
    [
        "<script>alert(1)</script>",
        "' OR 1=1",
        "\x00",
        "ü" * 400,
        "WY1:" + "A" * 500,
        "😀",
        "9" * 512,
        "-" * 12,
    ],
)
async def test_hostile_input_is_an_ordinary_refusal(house: House, presented: str) -> None:
    await house.stand()
    answered = await house.page(
        "/gate/scans", scan_id=str(uuid7()), presented=presented, place=["x", "9999.9999", "²"]
    )
    assert answered.status_code in {200, 303}
    assert "<script>alert" not in answered.text


async def test_security_M5_on_the_page_a_second_person_confirms(house: House) -> None:
    await house.stand()
    booking_id = await house.fixtures.book()

    async def scan_and_undo() -> tuple[str, httpx.Response]:
        assert "放行" in panel(await house.scan(str(booking_id)))
        rows = (await house.page("/gate")).text
        last: str = re.findall(r'name="scan_id" value="([^"]+)"', rows)[1]
        return last, await house.page("/gate/undo", scan_id=last, reason="扫错了人")

    assert UNDO_TEXTS[UndoOutcome.UNDONE].say("zh-CN") in (await scan_and_undo())[1].text
    scan_id, answered = await scan_and_undo()
    assert "请第二人确认撤销" in answered.text
    assert "扫错了人" in answered.text
    wrong = await house.page(
        "/gate/undo", scan_id=scan_id, reason="扫错了人", second_login="boss", second_password="no"
    )
    assert (wrong.status_code, "确认人的账号或密码不对" in wrong.text) == (422, True)
    assert 'value="boss"' in wrong.text
    own = await house.page(
        "/gate/undo", scan_id=scan_id, reason="扫错了人", second_login="gate", second_password=PASSWORD
    )
    assert (own.status_code, UNDO_TEXTS[UndoOutcome.SECOND_UNFIT].say("zh-CN") in own.text) == (422, True)
    done = await house.page(
        "/gate/undo", scan_id=scan_id, reason="扫错了人", second_login="boss", second_password=PASSWORD
    )
    assert (done.status_code, UNDO_TEXTS[UndoOutcome.UNDONE].say("zh-CN") in done.text) == (200, True)


async def test_somebody_is_looked_up_on_the_page_and_let_in(house: House) -> None:
    booking_id = await house.fixtures.book()
    async with house.services.db.transaction() as tx:
        await index_bookings(tx, house.services.vault, [booking_id], NOW, days=1)
    assert (await house.page("/gate/lookup", text="王小明")).headers["location"] == "/gate/signin"
    await house.stand()
    assert "查找预约" in (await house.page("/gate/lookup")).text
    nobody = await house.page("/gate/lookup", kind="name", text="无此人")
    assert (nobody.status_code, "没有找到" in nobody.text) == (200, True)
    empty = await house.page("/gate/lookup", kind="phone", text="123")
    assert (empty.status_code, 'value="123"' in empty.text) == (422, True)
    found = await house.page("/gate/lookup", kind="name", text="王 小明")
    assert found.status_code == 200
    assert "王*明" in found.text
    assert "11010519491231002X" not in found.text
    place = re.search(r'name="place" value="([^"]+)"', found.text)
    assert place is not None
    assert str(booking_id) in found.text
    assert "放行" in panel(await house.scan(str(booking_id), place=place[1]))
    assert "已核销" in (await house.page("/gate/lookup", kind="name", text="王小明")).text
    asked = [await house.page("/gate/lookup", kind="reference", text="x1") for _ in range(10)]
    assert (asked[-1].status_code, "太频繁" in asked[-1].text) == (429, True)
