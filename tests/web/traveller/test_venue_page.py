"""A venue's page: what it says of the place, what it costs, and the rules in plain words."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from html import unescape
from pathlib import Path

import msgspec
import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.traveller_pages import one, signed_in
from tests.support.traveller_site import NOW, Traveller, services_on
from wenyue import catalogue
from wenyue.booking import SlotState, SlotView
from wenyue.catalogue import OpeningHours, Product, Venue
from wenyue.catalogue.directory import Directory, Entry
from wenyue.catalogue.facts import VenueFacts
from wenyue.catalogue.model import ProductKind
from wenyue.container import Services
from wenyue.core.clock import local_date
from wenyue.policy import CancelTerms, Preset
from wenyue.policy.store import shipped_presets
from wenyue.web.traveller.venue_facts import facts_view, map_address
from wenyue.web.wording.house_rules import VisitFacts, house_rules

pytestmark = pytest.mark.anyio
__all__ = ["one"]
TODAY = local_date(NOW, "Asia/Shanghai")
FACTS = VenueFacts(
    address={"zh-CN": "西湖区法云弄 1 号", "en": "1 Fayun Lane"},
    entrance={"zh-CN": "只有东门验卡"},
    directions={
        "zh-CN": "地铁：3 号线黄龙洞站；自驾：停九里松",
        "en": "Metro: line 3; Car: park at Jiulisong",
    },
    access={"zh-CN": "东门借轮椅"},
    sights={"zh-CN": "卢舍那佛会；布袋弥勒"},
    hours_note={"zh-CN": "森林防火日不开放山道"},
    phone="0571-8796 0000",
)


@pytest.fixture(scope="module")
def urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    return make_database()


@pytest.fixture(scope="module")
async def services(urls: DbUrls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    home: Path = tmp_path_factory.mktemp("home")
    async with services_on(urls, home, lambda: NOW) as started:
        yield started


def words(page: str) -> str:
    """What a person reads of the main part."""
    main = re.sub(r"<(script|style|symbol).*?</\1>", "", page.partition("<main")[2], flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", main)))


def preset(code: str) -> Preset:
    return shipped_presets()[code]


def product(kind: ProductKind, *, is_named: bool = True) -> Product:
    return Product(
        venue_id=1, code="p", kind=kind, name={"en": "p"}, price_minor=100, needs_visitors=is_named
    )


def said(code: str, item: Product, facts: VisitFacts, locale: str = "zh-CN") -> list[tuple[str, str]]:
    return [(one.tone, one.text) for one in house_rules(preset(code), item, facts, locale)]


def no_terms() -> VisitFacts:
    return VisitFacts(None, "Asia/Shanghai")


async def test_ux_5_a_venue_says_hours_address_phone_and_ways(one: Traveller, urls: DbUrls) -> None:
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        lake = await catalogue.venue(tx, "lake")
        assert lake is not None
        changed = msgspec.structs.replace(
            lake, facts=FACTS, latitude=30.25, longitude=120.15, summary={"zh-CN": "湖边慢慢走两小时。"}
        )
        await catalogue.upsert_venues(tx, [changed])
        week = [OpeningHours(lake.id, day, time(7), time(17, 45), time(17)) for day in range(7)]
        await catalogue.replace_weeks(tx, {lake.id: week})
    raw = await one.get("/venues/lake")
    page = words(raw)
    for text in (
        "湖边慢慢走两小时。", "今天 07:00–17:45", "17:00 停止入园", "森林防火日不开放山道", "西湖区法云弄 1 号", "只有东门验卡",
        "0571-8796 0000", "3 号线黄龙洞站", "停九里松", "东门借轮椅", "卢舍那佛会", "布袋弥勒",
    ):  # fmt: skip
        assert text in page, text
    assert 'href="tel:05718796' in raw
    assert "https://uri.amap.com/marker?position=120.15%2C30.25" in raw
    await one.submit(one.form("/preferences"), {"lang": "en"})
    english = await one.get("/venues/lake")
    assert "1 Fayun Lane" in english
    assert "https://www.openstreetmap.org/?mlat=30.25" in english
    assert "Last entry 17:00" in words(english)


async def test_ux_5_the_price_stays_when_the_card_pays(one: Traveller) -> None:
    assert "每位 ¥60" in words(await one.get("/venues/lake"))
    await signed_in(one)
    page = words(await one.get("/venues/lake"))
    assert "本卡可用" in page
    assert page.count("单买 ¥60") == 3  # at both sessions, and beside the card


async def test_ux_5_a_venue_without_facts_or_products_is_a_page(one: Traveller) -> None:
    page = words(await one.get("/venues/hill-1"))
    assert "这里还没有可以预约的项目" in page or "山东" in page
    assert "导航" not in page


def test_ux_5_a_tick_only_says_what_one_may() -> None:
    until = datetime(2026, 3, 9, 9, 0, tzinfo=NOW.tzinfo)
    closed = [
        (date(2026, 3, 7), {"zh-CN": "防火", "en": "Fire risk"}),
        (date(2026, 3, 8), {"zh-CN": "防火", "en": "Fire risk"}),
        (date(2026, 3, 10), {"zh-CN": "大风"}),
    ]
    facts = VisitFacts(
        CancelTerms(is_allowed=True, strike=None, until=until),
        "Asia/Shanghai",
        closed,
        [date(2026, 5, 1), date(2026, 5, 2)],
    )
    rules = said("lingyin", product("session"), facts)
    good = [text for tone, text in rules if tone == "good"]
    bad = [text for tone, text in rules if tone == "bad"]
    assert good == ["3月9日 17:00 前取消、改期都不收费，次数退回卡里", "70 岁及以上不用预约，带证件直接来"]
    assert bad == [
        "不接受当天预约",
        "3月7日 周六 – 3月8日 周日 不开放（防火）",
        "3月10日 周二 不开放（大风）",
        "5月1日 周五 – 5月2日 周六 本卡停用，可以单独买票",
    ]
    assert ("warn", "约了不来也不取消，记 1 次。满 1 次，停约 30 天") in rules
    assert ("warn", "14 岁及以下要有大人同行，一位大人最多带 3 个孩子") in rules
    english = said("lingyin", product("session"), facts, "en")
    assert ("bad", "Tue 10 Mar: closed") in english  # its reason is in Chinese only
    assert len(english) == len(rules)


def test_ux_5_cancelling_is_good_noted_or_impossible() -> None:
    until = datetime(2026, 3, 9, 9, 0, tzinfo=NOW.tzinfo)
    free = CancelTerms(is_allowed=True, strike=None, until=until)
    for terms, tone in (
        (free, "good"),
        (replace(free, strike="late_cancel"), "warn"),
        (replace(free, is_allowed=False), "bad"),
    ):
        rules = said("default", product("session"), VisitFacts(terms, "Asia/Shanghai"))
        assert [one for one, text in rules if "取消" in text and "不来" not in text] == [tone]


@pytest.mark.parametrize(
    ("code", "kind", "right", "wrong"),
    [
        ("hotel", "night", "一晚最多订 20 间", "人"),
        ("table", "table", "一轮最多订 20 桌", "人"),
        ("shuttle", "seat", "一班最多订 9 座", "每次最多"),
    ],
)
def test_ux_F4_rules_count_what_is_booked(code: str, kind: ProductKind, right: str, wrong: str) -> None:
    rules = [text for _, text in said(code, product(kind, is_named=False), no_terms())]
    assert right in rules
    assert not any(wrong in text or "入园" in text for text in rules)


def test_ux_F4_a_hotel_has_check_in_and_check_out_instead_of_opening_hours() -> None:
    inn = Venue(code="inn", kind="hotel", name={"zh-CN": "客栈"}, city="杭州")
    starts = datetime(2026, 3, 4, 6, 0, tzinfo=NOW.tzinfo)
    night = SlotView(
        slot_id=1, on_date=TODAY, starts_at=starts, ends_at=starts + timedelta(hours=22), label={}, price_minor=1,
        currency="CNY", release_at=NOW, closes_at=starts, state=SlotState.PLENTY, left=3, capacity=5, reason={},
    )  # fmt: skip
    for locale, text in (
        ("zh-CN", "14:00 起入住，12:00 前退房"),
        ("en", "Check-in from 14:00, check-out by 12:00"),
    ):
        assert facts_view(inn, [], [night], TODAY, locale).facts[0].text == text
    assert [one.icon for one in facts_view(inn, [], [], TODAY, "zh-CN").facts] == ["pin"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [("attraction", "16:00 停止入园"), ("restaurant", "16:00 后不再安排入座"), ("transport", "末班 16:00")],
)
def test_ux_F4_the_last_of_a_day_is_called_as_it_is(kind: catalogue.VenueKind, text: str) -> None:
    place = Venue(code="p", kind=kind, name={"zh-CN": "p"})
    week = [OpeningHours(1, day, time(9), time(17), time(16)) for day in range(7)]
    hours = facts_view(place, week, [], TODAY, "zh-CN").facts[0]
    assert hours.more == f"{text}。每天一样"
    assert hours.week == ()


def test_ux_5_a_week_that_differs_is_listed_whole() -> None:
    place = Venue(code="p", kind="attraction", name={"zh-CN": "p"})
    week = [OpeningHours(1, day, time(9), time(17 + day // 5), time(16)) for day in range(1, 7)]
    hours = facts_view(place, week, [], date(2026, 3, 2), "zh-CN").facts[0]  # a Monday
    assert hours.text == "今天休息"
    assert hours.week[0] == ("周一", "休息")
    assert hours.week[6] == ("周日", "09:00–18:00")
    assert map_address(place, "zh-CN") == ""


async def test_ux_F8_what_is_counted_has_room(one: Traveller) -> None:
    page = await one.get("/venues/inn")
    assert 'class="session session--counted"' in page
    assert page.count("<option") == 7


def test_ux_5_places_near_are_the_nearest_active_ones_within_reach() -> None:
    def at(number: int, latitude: float, *, is_active: bool = True) -> Entry:
        return Entry(number, f"v{number}", "attraction", "", "", latitude, 120.0, frozenset(), is_active)

    entries = [
        at(1, 30.0),
        at(2, 30.3),
        at(3, 30.1),
        at(4, 30.05, is_active=False),
        at(5, 30.5),
        at(6, 29.85),
    ]
    unplaced = Entry(7, "v7", "hotel", "", "", None, None, frozenset(), is_active=True)
    directory = Directory("1", [*entries, unplaced], [])
    assert directory.near(1) == directory.near(1) == (3, 6, 2)
    assert directory.near(7) == directory.near(99) == ()
