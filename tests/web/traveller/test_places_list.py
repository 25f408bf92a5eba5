"""The list of places: by date, people, what is free, what the card is good for, distance; its rows and its empty state."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import quote, urlencode

import pytest

from tests.support.traveller_pages import one, services
from tests.support.traveller_site import DAILY_CARD, NOW, Traveller, application
from wenyue.container import Services
from wenyue.core.clock import local_date

pytestmark = pytest.mark.anyio
__all__ = ["one", "services"]
TODAY = local_date(NOW, "Asia/Shanghai")
CLOSED = TODAY + timedelta(days=3)  # at the lake
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture(autouse=True)
async def known_days(services: Services) -> None:
    """What is free on the dates of the strip has been read: a page waits for it only for a moment."""
    strip = [TODAY + timedelta(days=n) for n in range(14)]
    assert set(await services.outlook.days(strip, first=None, wait_s=60)) == set(strip)


def rows(page: str) -> dict[str, str]:
    """The rows of a list by the venue's code, as they are read: without tags."""
    found = re.findall(r'<a class="place[^"]*" href="/venues/([\w-]+)[^"]*">(.*?)</a>', page, re.DOTALL)
    return {code: " ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for code, row in found}


def codes(page: str) -> list[str]:
    """The codes of a list, in its order."""
    return list(rows(page))


async def test_ux_4_a_row_says_the_first_free_date_and_the_price(one: Traveller) -> None:
    shown = rows(await one.get("/venues"))
    assert "最早 今天 08:00 · 余位充足" in shown["lake"]
    assert "¥60 /位" in shown["lake"]
    assert "¥300 /晚" in shown["inn"]
    assert "余 5 间" in shown["inn"]
    assert "¥50 /桌" in shown["kitchen"]
    assert "暂时还不能约" in shown["hill-0"]
    assert "满" not in " ".join(shown.values())


async def test_ux_4_on_a_day_a_row_says_the_hour_and_what_is_full_says_when_it_is_not(one: Traveller) -> None:
    page = await one.get(f"/venues?day={TOMORROW}&party=2")
    shown = rows(page)
    assert "08:00 起有空 · 余位充足" in shown["lake"]
    assert "18:00 起有桌 · 余 6 桌" in shown["kitchen"]
    assert "间" in shown["inn"]
    assert "近两周没有空位" in shown["tower"]  # one place a day: never for two
    assert "3月5日，5 处有 2 位的空" in page
    shown = rows(await one.get(f"/venues?day={CLOSED}"))
    assert "最早 3月8日 周日 · 3月7日闭园" in shown["lake"]


async def test_ux_4_only_what_has_room_and_how_many_there_are_each_day(one: Traveller) -> None:
    page = await one.get(f"/venues?day={TOMORROW}&party=2&free=1&province=浙江")
    assert set(codes(page)) == {"lake", "temple", "inn", "kitchen", "bus"}
    chips = re.findall(r'<a class="chip"[^>]*>(?:<svg.*?</svg>)?([^<]*)<span class="num">(\d+)', page)
    counts = {name.strip(): int(count) for name, count in chips}
    assert counts["全部"] == len(codes(page))
    assert counts["酒店"] == counts["餐厅"] == 1
    links = re.findall(r'<a class="date[^>]*>(.*?)</a>', page)
    dates = [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", link)).strip() for link in links]
    assert len(dates) == 14
    assert all(re.search(r"\d+ 处$", label) for label in dates)
    assert dates[0].startswith("今天 3月4日")


async def test_ux_4_every_filter_stands_in_every_address(one: Traveller) -> None:
    page = await one.get(f"/venues?q=湖&kind=attraction&day={TOMORROW}&party=3&free=1&province=浙江")
    for href in re.findall(r'<a class="date[^"]*" href="([^"]*)"', page):
        for part in ("party=3", "free=1", "kind=attraction", f"q={quote('湖')}", f"province={quote('浙江')}"):
            assert part in unescape(href)
    for name, value in (("kind", "attraction"), ("free", "1")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in page
    assert f'name="day" type="date" value="{TOMORROW}"' in page
    assert 'name="party" type="number" inputmode="numeric" value="3"' in page


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"day": "2026-02-30"}, "day", "不是日期"),
        ({"day": "<b>tomorrow"}, "day", "不是日期"),
        ({"day": "2026-03-03"}, "day", "已经过了"),
        ({"day": "2199-01-01"}, "day", "太远了"),
        ({"party": "0"}, "party", "请填 1 到 50 的数字"),
        ({"party": "51"}, "party", "请填 1 到 50 的数字"),
        ({"party": "two"}, "party", "请填 1 到 50 的数字"),
        ({"party": "３"}, "party", "请填 1 到 50 的数字"),
        ({"sort": "near", "from": ""}, "from", "从哪里算距离"),
        ({"sort": "near", "from": "<script>nowhere"}, "from", "在哪里"),
        ({"from": "91,181"}, "from", "在哪里"),
    ],
)
async def test_ux_4_what_is_mistyped_is_said_at_its_field_and_nothing_is_lost(
    one: Traveller, typed: dict[str, str], field: str, said: str
) -> None:
    page = await one.get(f"/venues?{urlencode({'q': '湖'} | typed)}", status=422)
    error = re.search(rf'id="{field}-error">.*?<span>([^<]*)</span>', page, re.DOTALL)
    assert error is not None
    assert said in error[1]
    assert f'href="#{field}"' in page  # the summary leads there
    assert f'aria-describedby="{field}-error"' in page
    kept = re.search(rf'<input[^>]* name="{field}"[^>]* value="([^"]*)"', page)
    assert kept is not None
    assert unescape(kept[1]) == typed[field]
    assert 'value="湖"' in page
    assert "lake" in codes(page)  # the rest of what was asked for holds
    assert "<script>nowhere" not in page


async def test_ux_4_nothing_free_offers_three_single_changes_with_their_counts(one: Traveller) -> None:
    page = await one.get(f"/venues?q=望江楼&day={TOMORROW}&party=2&free=1")
    assert codes(page) == []
    assert "3月5日，没有接得下 2 位的地方" in page
    offered = re.findall(r'<li><a href="([^"]*)"><span>([^<]*)</span><small>(\d+) 处</small>', page)
    assert 1 <= len(offered) <= 3
    assert offered[0][1] == "分两批进，1 位一批"
    for href, _, count in offered:
        followed = await one.get(unescape(href))
        assert len(codes(followed)) == int(count)


async def test_ux_4_what_the_card_covers_is_sealed_and_can_be_had_alone(services: Services) -> None:
    own = Traveller(application(services))
    await own.activate(DAILY_CARD)
    page = await own.get(f"/venues?day={TOMORROW}")
    assert "本卡可用 单买 ¥60 /位" in rows(page)["lake"].replace("卡 本卡", "本卡")
    assert "本卡可用" not in rows(page)["tower"]
    assert codes(await own.get("/venues?card=1")) == ["lake"]
    stranger = Traveller(application(services))
    assert "本卡可用" not in await stranger.get("/venues")
