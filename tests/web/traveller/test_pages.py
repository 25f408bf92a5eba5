"""The traveller's pages themselves: fields and their errors, search, calendar, preferences."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.database import DbUrls
from tests.support.traveller_pages import one, services, signed_in
from tests.support.traveller_site import (
    CARD,
    DOCUMENT,
    EXTRA_VENUES,
    NAME,
    NOW,
    OTHER_CARD,
    OTHER_DOCUMENT,
    OTHER_NAME,
    Traveller,
    application,
    services_on,
)
from wenyue.core.clock import local_date

pytestmark = pytest.mark.anyio
__all__ = ["one", "services"]
TODAY = local_date(NOW, "Asia/Shanghai")
TOMORROW = TODAY + timedelta(days=1)


async def test_activation_names_every_field_to_mend_and_keeps_what_was_typed(one: Traveller) -> None:
    await one.get("/activate")
    typed = {"card_no": "", "pin": "2468", "name": "张3", "number": "110105194912310021", "phone": "12"}
    page = await one.submit(one.form("/activate"), typed, status=422)
    for text in ("请填写卡号", "姓名不能包含数字", "身份证最后一位不正确"):
        assert page.count(text) == 2, text  # in the list on top and at the field
    for field in ("card_no", "name", "number", "phone"):
        assert f'href="#{field}"' in page
        assert f'id="{field}-error"' in page
    assert 'value="110105194912310021"' in page
    assert 'value="张3"' in page
    assert "2468" not in page


async def test_a_wrong_card_or_pin_is_said_at_its_field(one: Traveller) -> None:
    await one.get("/activate")
    person = {"pin": CARD[1], "name": NAME, "number": DOCUMENT, "kind": "resident_id"}
    page = await one.submit(one.form("/activate"), person | {"card_no": "6000202600000018"}, status=422)
    assert 'id="pin-error"' in page
    assert "卡号或密码不正确" in page
    await one.activate(OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT)
    await one.get("/signin")
    page = await one.submit(one.form("/signin"), {"card_no": OTHER_CARD[0], "pin": "00000000"}, status=422)
    assert "还可以试4次" in page
    page = await one.submit(one.form("/signin"), {"card_no": OTHER_CARD[0], "pin": OTHER_CARD[1]})
    assert "6000 •••• •••• 0027" in page


async def test_a_foreign_passport_names_the_fields_it_needs(one: Traveller) -> None:
    await signed_in(one)
    await one.get("/visitors/new")
    passport = {"kind": "passport", "name": "Maria Silva", "number": "AB1234567"}
    page = await one.submit(one.form("/visitors/new"), passport, status=422)
    assert 'id="nationality-error"' in page
    page = await one.submit(one.form("/visitors/new"), passport | {"nationality": "BRA"}, status=422)
    assert 'id="expires-error"' in page
    page = await one.submit(
        one.form("/visitors/new"), passport | {"nationality": "BRA", "expires": "2030-01-31"}
    )
    assert "Maria Silva" in page  # a visitor of one's own, in full
    assert page.count("M*** S***") == 1  # and named on the card
    page = await one.submit(one.form("/card/companions/remove"))
    assert "M*** S***" not in page
    assert "Maria Silva" in page
    removal = re.findall(r'action="(/visitors/\d+/remove)"', page)[0]
    assert "Maria Silva" not in await one.submit(one.form(removal))


async def test_venues_are_found_by_text_kind_and_province_and_paged(one: Traveller) -> None:
    page = await one.get("/venues?q=湖&kind=restaurant")
    assert "湖鲜馆" in page
    assert "镜湖" not in page
    assert "没有找到" in await one.get("/venues?q=%00%27%22%3Cscript%3E")
    found: list[str] = []
    path = "/venues?province=山东"
    for _ in range(5):
        page = await one.get(path)
        found += re.findall(r'class="place[^"]*" href="/venues/(hill-\d+)"', page)
        more = re.search(r'href="(/venues\?[^"]*after=[^"]*)"', page)
        if more is None:
            break
        path = more[1].replace("&amp;", "&")
    assert len(found) == len(set(found)) == EXTRA_VENUES


async def test_ux_F3_a_misspelt_place_is_met_by_near_names(one: Traveller) -> None:
    for typed in ("jinghu", "jh", "镜 湖", "鏡湖"):
        page = await one.get(f"/venues?q={typed}")
        assert "镜湖" in page
        assert "您要找的是不是" not in page
    page = await one.get("/venues?q=镜胡")
    assert "没有找到“镜胡”，您要找的是不是：" in page
    assert 'href="/venues/lake"' in page


async def test_ux_4_that_it_is_a_demonstration_is_said_once(one: Traveller) -> None:
    for path in ("/", "/venues"):
        assert (await one.get(path)).count("演示数据") == 1


async def test_ux_F3_pages_of_what_was_found_follow_each_other(one: Traveller) -> None:
    found: list[str] = []
    path = "/venues?q=shandong"
    for _ in range(5):
        page = await one.get(path)
        found += re.findall(r'class="place[^"]*" href="/venues/(hill-\d+)"', page)
        more = re.search(r'href="(/venues\?[^"]*after=[^"]*)"', page)
        if more is None:
            break
        path = more[1].replace("&amp;", "&")
    assert len(found) == len(set(found)) == EXTRA_VENUES


async def test_the_calendar_says_every_state_in_words(one: Traveller) -> None:
    page = await one.get("/venues/lake")
    days = [
        " ".join(re.sub(r"<[^>]+>", " ", day).split())
        for day in re.findall(r'<a class="day .*?</a>', page, re.DOTALL)
    ]
    assert "4 3月4日 周三 充足 充足" in days  # the number is for eyes only, the words are its name
    assert "7 3月7日 周六 闭园 闭园（大风）" in days
    assert "刚刚更新" in page
    assert "到店付 ¥60" in page
    assert "上午场" in page
    assert "紧张（余3）" in page
    assert "约满" in await one.get(f"/venues/tower?day={TOMORROW}")
    temple = await one.get(f"/venues/temple?day={TODAY + timedelta(days=9)}")
    assert "未开放（6日08:00放票）" in temple
    await signed_in(one)
    assert "本卡可用" in await one.get("/venues/lake")


async def test_an_english_page_shows_the_chinese_name_and_says_which_english_one_was_formed(
    one: Traveller,
) -> None:
    assert "Romanised name" not in await one.get("/venues/tower")
    assert one.page.text.count("望江楼</h1>") == 1
    assert '<p class="venue__meta"><span lang="zh-CN">望江楼' not in one.page.text
    await one.submit(one.form("/preferences"), {"lang": "en"})
    tower = await one.get("/venues/tower")
    assert "Wangjiang Tower</h1>" in tower
    assert '<span lang="zh-CN">望江楼</span>' in tower
    assert "Name romanised from the Chinese" in tower
    lake = await one.get("/venues/lake")
    assert "Mirror Lake</h1>" in lake
    assert '<span lang="zh-CN">镜湖</span>' in lake
    assert "Romanised name" not in lake  # an established one
    temple = await one.get("/venues/temple")  # no English name yet: the Chinese one is the heading, once
    assert "云岭寺</h1>" in temple
    assert '<span lang="zh-CN">云岭寺</span>' not in temple


async def test_preferences_last_and_never_lead_away(one: Traveller) -> None:
    await one.get("/venues")
    page = await one.submit(one.form("/preferences"), {"size": "large"})
    assert one.path == "/venues"
    assert 'class="is-large"' in page
    page = await one.submit(one.form("/preferences"), {"lang": "en", "back": "https://example.org/"})
    assert one.path == "/"
    assert '<html lang="en" class="is-large"' in page


async def test_a_database_that_is_away_is_said_calmly(
    make_database: Callable[[], DbUrls], tmp_path: Path
) -> None:
    async with services_on(make_database(), tmp_path, lambda: NOW) as own:
        away = Traveller(application(own))
        await own.db.close()
        page = await away.get("/venues", status=503)
    assert "已有的预约不受影响" in page
    assert away.page.headers["retry-after"] == "3"
