"""What somebody types finds the place they mean: however it is spelt, in any order, and nearly right as well."""

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenyue import catalogue
from wenyue.catalogue import Venue
from wenyue.catalogue.search import fold, query_of, search_text
from wenyue.catalogue.search.near import distance
from wenyue.catalogue.search.query import STAGES
from wenyue.catalogue.searching import SEARCH_FILLED_AT_ONCE
from wenyue.platform.database.db import Tx, queries

pytestmark = pytest.mark.anyio


def place(
    code: str, name: str, city: str, english: str = "", *aliases: str, summary: str = "", **facts: Any
) -> Venue:
    texts = {"zh-CN": name} | ({"en": english} if english else {})
    province, _, town = city.partition(" ")
    return Venue(
        code=code, kind="attraction", name=texts, province=province, city=town or province, aliases=aliases,
        summary={"zh-CN": summary} if summary else {}, **facts,
    )  # fmt: skip


VENUES = [
    place("inn", "西湖边酒店", "浙江 杭州"),
    place("other", "惠州西湖", "广东 惠州"),
    place("westlake", "西湖", "浙江 杭州", "West Lake"),
    place("scenic", "杭州市西湖风景名胜区", "浙江 杭州"),
    place("palace", "故宫博物院", "北京", "Palace Museum", "故宫", "紫禁城", "Forbidden City"),
    place("summer", "颐和园", "北京", "Summer Palace", summary="从故宫坐车一小时"),
    place("wall", "八达岭长城", "北京", "The Great Wall at Badaling"),
    place("carvings", "大足石刻", "重庆", "Dazu Rock Carvings"),
    place("buddha", "乐山大佛", "四川 乐山"),
    place("lvshun", "旅顺口", "辽宁 大连"),
    place("mansion", "恭王府", "北京", "Prince Gong's Mansion"),
    place("gone", "旧西湖", "浙江 杭州", is_active=False),
]


@pytest.fixture
async def tx(make_database: Any) -> AsyncIterator[Tx]:
    async with await psycopg.AsyncConnection.connect(
        make_database().owner_url, autocommit=True
    ) as connection:
        await catalogue.upsert_venues(connection, VENUES)
        yield connection


async def found(tx: Tx, text: str, **wanted: Any) -> list[str]:
    return [one.code for one in await catalogue.venues(tx, text=text, **wanted)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("gugong", "palace"), ("gu gong", "palace"), ("GuGong", "palace"), ("gg", "palace"), ("ggbwy", "palace"),
        ("故宫", "palace"), ("故 宫", "palace"), ("故　宫", "palace"), ("故宮", "palace"), ("故\u200b宫", "palace"),
        ("紫禁城", "palace"), ("zijincheng", "palace"), ("forbidden CITY", "palace"), ("Palace museum", "palace"),
        ("museum palace", "palace"), ("北京故宫", "palace"), ("故宫北京", "palace"), ("bowuyuan", "palace"),
        ("GREAT  WALL", "wall"), ("changcheng", "wall"), ("bdlcc", "wall"), ("长城", "wall"), ("長城", "wall"),
        ("summer palace yuan", "summer"), ("頤和園", "summer"), ("颐和園", "summer"), ("summerpalace", "summer"),
        ("杭州西湖", "westlake"), ("杭州 西湖", "westlake"), ("西湖杭州", "scenic"), ("杭州市西湖", "scenic"),
        ("ＷＥＳＴ ＬＡＫＥ", "westlake"), ("westlake", "westlake"), ("xihu", "westlake"), ("hangzhou xihu", "westlake"),
        ("西\u200b湖", "westlake"), ("西湖\ufeff", "westlake"), ("惠州 xihu", "other"),
        ("chongqing", "carvings"), ("zhongqing", "carvings"), ("cq dzsk", "carvings"), ("leshan", "buddha"),
        ("leshandafo", "buddha"), ("lvshun", "lvshun"), ("lushun", "lvshun"), ("lüshun", "lvshun"),
        ("prince gongs", "mansion"), ("Prince Gong’s", "mansion"),
    ],
)  # fmt: skip
async def test_ux_F3_finds(tx: Tx, typed: str, first: str) -> None:
    assert (await found(tx, typed))[:1] == [first]


async def test_ux_F3_the_name_comes_first_then_its_beginning_then_the_rest(tx: Tx) -> None:
    assert await found(tx, "西湖") == ["westlake", "other", "scenic", "inn"]
    assert await found(tx, "故宫") == ["palace", "summer"]  # another name of one, a word about the other
    assert await found(tx, "西湖", province="广东") == ["other"]
    assert await found(tx, "西湖", kind="hotel") == []
    assert "westlake" in await found(tx, "浙江省西湖")


async def test_ux_F3_pages_of_finds_follow_each_other(tx: Tx) -> None:
    whole = await catalogue.searching.found_venues(tx, "北京")
    after, seen = 0, list[str]()
    while page := await catalogue.searching.found_venues(tx, "北京", after=after, limit=1):
        after = page[0][0]
        seen.append(page[0][1].code)
    assert seen == [one.code for _, one in whole]
    assert len(seen) == len(set(seen)) == 4


@pytest.mark.parametrize("blank", ["", "  ", "\u200b", "\u3000\t"])
async def test_ux_F3_what_cannot_be_seen_is_no_question(tx: Tx, blank: str) -> None:
    assert len(await found(tx, blank)) == len(VENUES) - 1


@pytest.mark.parametrize("signs", ["%", "---", "'", "' | '", "':*", "!", "\\", "()"])
async def test_ux_F3_signs_find_nothing(tx: Tx, signs: str) -> None:
    assert await found(tx, signs) == []
    assert await catalogue.searching.near_venues(tx, signs, 5) == []


@pytest.mark.parametrize(
    ("typed", "near"),
    [("故公", "palace"), ("gugang", "palace"), ("forbiden city", "palace"), ("杭洲西湖", "scenic"), ("summer palce", "summer"),
     ("八达领长城", "wall"), ("乐山大拂", "buddha")],
)  # fmt: skip
async def test_ux_F3_a_misspelt_name_is_near_to_one(tx: Tx, typed: str, near: str) -> None:
    assert await found(tx, typed) == []
    ids = await catalogue.searching.near_venues(tx, typed, 3)
    places = await catalogue.venues_by_id(tx, ids)
    assert near in [places[one].code for one in ids]


@pytest.mark.parametrize("typed", ["qqzzxxvv", "完全不相干的一句话", "x"])
async def test_ux_F3_what_is_near_to_nothing_offers_nothing(tx: Tx, typed: str) -> None:
    assert await catalogue.searching.near_venues(tx, typed, 5) == []


async def test_ux_F3_whoever_writes_without_the_search_text_leaves_a_row_that_is_filled(tx: Tx) -> None:
    assert await catalogue.searching.waiting_for_search(tx) == 0
    await tx.execute("""UPDATE catalogue.venue SET name = '{"zh-CN": "瘦西湖"}' WHERE code = 'wall'""")
    await tx.execute(
        "INSERT INTO catalogue.venue (code, kind, name) VALUES ('raw', 'hotel', '{\"zh-CN\": \"裸行\"}')"
    )
    await tx.execute("UPDATE catalogue.venue SET search_version = 0 WHERE code = 'palace'")
    await tx.execute("UPDATE catalogue.venue SET level = '5A', is_active = true WHERE code = 'gone'")
    assert await catalogue.searching.waiting_for_search(tx) == 3
    async with tx.transaction():
        assert await catalogue.searching.fill_search(tx) == 3
    assert await catalogue.searching.fill_search(tx) == 0
    assert await found(tx, "瘦西湖") == ["wall"]
    assert await found(tx, "luoxing") == ["raw"]
    assert await found(tx, "长城") == []


async def test_ux_F3_filling_is_bounded_and_two_workers_share_it(tx: Tx) -> None:
    await tx.execute(
        "INSERT INTO catalogue.venue (code, kind, name) SELECT 'v-' || n, 'hotel', jsonb_build_object('zh-CN', '店' || n)"
        " FROM generate_series(1, %s) n",
        [SEARCH_FILLED_AT_ONCE + 3],
    )
    url = tx.info.dsn
    async with (
        await psycopg.AsyncConnection.connect(
            url, password=tx.info.password or None, autocommit=True
        ) as other,
        tx.transaction(),
    ):
        assert await catalogue.searching.fill_search(tx) == SEARCH_FILLED_AT_ONCE
        async with other.transaction():
            assert await catalogue.searching.fill_search(other) == 3
    assert await catalogue.searching.waiting_for_search(tx) == 0


async def test_ux_F3_the_index_answers_at_ten_thousand(tx: Tx) -> None:
    rows = [place(f"p-{at}", f"第{at}号客栈", "浙江 杭州") for at in range(1_000)]
    await catalogue.upsert_venues(tx, rows)
    await tx.execute(
        "INSERT INTO catalogue.venue (code, kind, name, search, search_version)"
        " SELECT code || '-' || n, kind, name, search, search_version"
        " FROM catalogue.venue, generate_series(1, 9) n WHERE code LIKE 'p-%'"
    )
    await tx.execute("ANALYZE catalogue.venue")
    query = query_of("西湖")
    assert query is not None
    wanted: dict[str, object] = {f"query_{at}": one for at, one in enumerate(query.stages())}
    wanted |= {f"after_{at}": 0 for at in range(STAGES)} | {"province": None, "kind": None, "limit": 21}
    cursor = await tx.execute("EXPLAIN " + queries("wenyue.catalogue", "searching.sql")["found"], wanted)
    plan = "\n".join(row[0] for row in await cursor.fetchall())
    assert (
        plan.count("venue_search_idx") >= STAGES // 2
    )  # the rest by id, where it expects to fill the page early
    assert "Seq Scan" not in plan
    assert (await found(tx, "杭州西湖"))[:1] == ["westlake"]


def test_ux_F3_what_is_stored_is_bounded() -> None:
    text = search_text(
        {"zh-CN": "重乐长" * 40, "en": "word " * 200},
        "省" * 20,
        "市" * 20,
        ["重" * 60] * 30,
        {"zh-CN": "长" * 2_000},
    )
    assert len(text.lexemes) < 100_000
    assert len(text.names) <= 60
    assert max(len(one) for one in text.lexemes.split()) < 80


@given(st.text(max_size=80))
def test_ux_F3_any_text_is_a_question_or_none(typed: str) -> None:
    query = query_of(typed)
    assert query is None or all(stage.count("'") % 2 == 0 for stage in query.stages())
    assert fold(fold(typed)) == fold(typed)


@given(st.text("abc湖", min_size=1, max_size=8), st.text("abc湖", max_size=10))
def test_ux_F3_distance_is_that_of_the_textbook(wanted: str, name: str) -> None:
    before = list(range(len(wanted) + 1))
    best = before[-1]
    for at, other in enumerate(name[: len(wanted) + 2], 1):
        row = [at]
        for number, character in enumerate(wanted, 1):
            row.append(min(before[number] + 1, row[-1] + 1, before[number - 1] + (character != other)))
        before, best = row, min(best, row[-1])
    assert distance(wanted, name) == best
