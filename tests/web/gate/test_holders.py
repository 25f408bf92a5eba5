"""The counter's page on which staff who hold a document settle whose account it is: shown first, then done."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.api_site import Person
from tests.support.card_desk import PHONE, Desk, acts, open_desk, sign_in, staff_of
from tests.support.database import DbUrls
from tests.support.traveller_site import CARD, DOCUMENT, NAME, OTHER_CARD, Traveller
from wenyue.core.ids import uuid7

pytestmark = pytest.mark.anyio
HELD = {"kind": "resident_id", "name": NAME, "number": DOCUMENT}
PAGE = "/gate/holders"


@pytest.fixture
async def desk(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Desk]:
    """Here whoever activated CARD with Zhang's document and name is a stranger; OTHER_CARD is Zhang's own."""
    async with open_desk(make_database(), tmp_path) as found:
        mine = {"card_no": OTHER_CARD[0], "pin": OTHER_CARD[1], "name": NAME, "number": DOCUMENT}
        made = await found.post("/v1/cards/activation", {**mine, "phone": "13900139000", "is_separate": True})
        assert made.status_code == 201, made.text
        yield found


async def clerk(desk: Desk, role: str = "operator") -> Traveller:
    """The browser of a member of staff who stands at a counter of the lake."""
    assert role in {"operator", "gate"}
    await staff_of(desk, f"c-{role}", "operator" if role == "operator" else "gate")
    page = Traveller(desk.site.app)
    await page.get("/gate/signin")
    await page.submit(page.form("/gate/signin"), {"login": f"c-{role}", "password": "right horse"})
    await page.get("/gate/setup?q=镜湖")
    venue = dict(page.form("/gate/setup", 1).fields).get("venue_id") or _first_venue(page.page.text)
    await page.submit(page.form("/gate/setup", 1), {"venue_id": venue, "gate": "柜台"})
    return page


def _first_venue(text: str) -> str:
    return text.split('name="venue_id" value="', 1)[1].split('"', 1)[0]


async def test_security_fourth_F1_the_counter_sees_what_will_happen_and_does_it_with_one_button(
    desk: Desk,
) -> None:
    stranger = Person((await sign_in(desk, *CARD)).json()["token"])
    page = await clerk(desk)
    assert PAGE in await page.get("/gate/lookup")
    await page.get(PAGE)
    shown = await page.submit(page.form(PAGE), {**HELD, "cards": OTHER_CARD[0]})
    assert ("由此确认为本人的" in shown, "失去这个证件" in shown) == (True, True)
    assert f"{CARD[0][-4:]}" in shown
    assert CARD[0] not in shown  # somebody else's number is masked
    assert (await acts(desk, stranger)) == 201  # nothing is done yet
    done = await page.submit(page.form(PAGE))
    assert ("已确认" in done, "本人的账户：1 个" in done, "失去这个证件的账户：1 个" in done) == (True,) * 3
    assert (DOCUMENT in done, NAME in done) == (False, False)  # the next person reads the screen, too
    assert (await acts(desk, stranger)) == 401
    assert (await sign_in(desk, *CARD)).json()["outcome"] == "card_frozen"
    await desk.deliver()
    assert f"+86{PHONE}" in desk.phones.to


async def test_security_fourth_F1_the_button_does_only_what_was_shown(desk: Desk) -> None:
    stranger = Person((await sign_in(desk, *CARD)).json()["token"])
    first, second = await clerk(desk), Traveller(desk.site.app)
    second.client.cookies = first.client.cookies
    for page, cards in ((first, OTHER_CARD[0]), (second, f"{OTHER_CARD[0]}，{CARD[0]}")):
        await page.get(PAGE)
        await page.submit(page.form(PAGE), {**HELD, "cards": cards})
    assert "已确认" in await second.submit(second.form(PAGE))  # both accounts are theirs
    again = await first.submit(first.form(PAGE))
    assert ("刚才有变化" in again, "此前已核验，不变" in again) == (True, True)
    assert (await acts(desk, stranger)) == 201
    assert "已确认" in await first.submit(first.form(PAGE))


async def test_security_fourth_F1_the_counters_page_says_what_is_wrong_and_keeps_what_was_typed(
    desk: Desk,
) -> None:
    page = await clerk(desk)
    await page.get(PAGE)
    for cards in ({}, {"cards": CARD[0], "none": "1"}):
        wrong = await page.submit(page.form(PAGE), {**HELD, "cards": "", **cards}, status=422)
        assert ("二者选一" in wrong, f'value="{NAME}"' in wrong) == (True, True)
        await page.get(PAGE)
    many = await page.submit(page.form(PAGE), {**HELD, "cards": ",".join("123456")}, status=422)
    assert "最多填5张卡" in many
    other = await page.submit(page.form(PAGE), {**HELD, "cards": "6217000000000000"}, status=422)
    assert "不在这个证件名下" in other
    typo = await page.submit(
        page.form(PAGE), {**HELD, "number": "110105194912310021", "none": "1"}, status=422
    )
    assert 'aria-invalid="true"' in typo
    english = await page.get(f"{PAGE}?lang=en")
    assert "They have no card" in english


async def test_security_fourth_F1_a_keeper_of_a_gate_settles_nothing(desk: Desk) -> None:
    page = await clerk(desk, "gate")
    assert PAGE not in await page.get("/gate/lookup")
    await page.get(PAGE, status=403)


async def test_security_sixth_S2_the_page_asks_a_second_person_and_gives_back_what_was_taken(
    desk: Desk,
) -> None:
    slot_id = (await desk.site.slots("lake"))[1]["slot_id"]
    holder = Person((await sign_in(desk, *CARD)).json()["token"])
    lines = [{"slot_id": slot_id, "visitors": [0], "price_minor": 0}]
    body = {"id": str(uuid7()), "lines": lines, "visitors": [{"name": NAME, "number": DOCUMENT}]}
    assert (await desk.post("/v1/bookings", body, holder)).status_code == 201
    page = await clerk(desk)
    await page.get(PAGE)
    shown = await page.submit(page.form(PAGE), {**HELD, "none": "1"})
    assert ("确认人账号" in shown, "请另一位负责核验证件的工作人员" in shown) == (True, True)
    alone = await page.submit(page.form(PAGE), status=422)
    assert ("需要另一位工作人员当面确认" in alone, "确认人账号" in alone) == (True, True)
    await staff_of(desk, "second")
    wrong = await page.submit(page.form(PAGE), {"second_login": "second", "second_password": "x"}, status=422)
    assert ("确认人的账号或密码不对" in wrong, 'value="second"' in wrong) == (True, True)
    own = {"second_login": "c-operator", "second_password": "right horse"}
    assert "不能是您本人" in await page.submit(page.form(PAGE), own, status=422)
    assert (await acts(desk, holder)) == 201
    done = await page.submit(page.form(PAGE), {"second_login": "second", "second_password": "right horse"})
    assert "失去这个证件的账户：2 个" in done
    await page.get(PAGE)
    back = await page.submit(page.form(PAGE), {**HELD, "cards": CARD[0]})
    assert ("此前失去这个证件，现在恢复" in back, "确认人账号" in back) == (True, False)
    assert "恢复的账户：1 个" in await page.submit(page.form(PAGE))
    assert (await sign_in(desk, *CARD)).status_code == 201
