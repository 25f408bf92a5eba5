"""Lists of products: what a row makes, that a later list is a difference, what it may not change, what stands in the way."""

import csv
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.catalogue_lists import PRODUCTS, SESSIONS, VENUES, Lists
from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue import catalogue
from wenyue.catalogue import listing
from wenyue.ops.imports import app
from wenyue.platform.fault import SetupError

pytestmark = pytest.mark.anyio
HEADER = "场馆,代码,产品名称,价格\n"


@pytest.fixture
async def lists(make_database: Any, tmp_path: Path) -> AsyncIterator[Lists]:
    """An installation with venues and nothing that they sell."""
    async with await psycopg.AsyncConnection.connect(make_database().owner_url, autocommit=True) as tx:
        found = Lists(tx, tmp_path)
        await found.venues()
        yield found


async def products(lists: Lists) -> dict[str, catalogue.Product]:
    venues = await catalogue.venues_by_code(lists.tx, ["lake", "inn", "grill", "line"])
    return {one.code: one for one in await listing.products_at(lists.tx, [one.id for one in venues.values()])}


async def test_each_kind_of_venue_sells_as_it_usually_does(lists: Lists) -> None:
    assert (await lists.products(is_dry_run=True)).verdicts == "new new new new"
    assert await products(lists) == {}
    brought = await lists.products()
    assert brought.verdicts == "new new new new"
    assert [one.what for one in brought.outcomes] == ["lake/day", "inn/twin", "grill/dinner", "line/ride"]
    found = await products(lists)
    assert {code: (one.kind, one.price_minor, one.policy_code) for code, one in found.items()} == {
        "day": ("session", 7_550, "default"),
        "twin": ("night", 185_600, "hotel"),
        "dinner": ("table", 12_800, "table"),
        "ride": ("seat", 0, "shuttle"),
    }
    assert (found["day"].needs_visitors, found["day"].person_rule, found["day"].is_first_gate) == (
        True,
        "venue_day",
        True,
    )
    assert (found["twin"].needs_visitors, found["twin"].is_first_gate) == (False, False)
    assert found["day"].name == {"zh-CN": "日票", "en": "Day ticket"}
    assert (await lists.products()).verdicts == "same same same same"


async def test_a_list_says_the_rules_by_code_or_name(lists: Lists) -> None:
    header = "场馆,产品名称,类型,价格,币种,预约规则,实名,每人限次,计入承载量\n"
    row = "lake,夜游,门票,50,CNY,故宫博物院,否,不限,否\n"
    [outcome] = (await lists.products(header + row)).outcomes
    [found] = (await products(lists)).values()
    assert outcome.what == f"lake/{found.code}"
    assert (found.policy_code, found.needs_visitors, found.person_rule, found.is_first_gate) == (
        "gugong",
        False,
        "none",
        False,
    )
    [again] = (await lists.products(header + row.replace("故宫博物院", "gugong"))).outcomes
    assert (again.verdict.value, again.known_by) == ("same", "name")
    refused = (await lists.products(header + row.replace("故宫博物院", "随便"))).refusal
    assert refused.reason.value == "unknown-word"
    assert "gugong" in refused.fix.say("en")


async def test_what_nobody_can_book_yet_is_corrected_by_the_next_list(lists: Lists) -> None:
    await lists.products()
    brought = await lists.products(PRODUCTS.replace("¥75.50", "80").replace("日票", "一日票"))
    assert brought.verdicts == "changed same same same"
    assert [(one.field, one.before, one.after) for one in brought.outcomes[0].differences] == [
        ("name zh-CN", "日票", "一日票"),
        ("price", "75.50", "80.00"),
    ]
    assert (await products(lists))["day"].price_minor == 8_000


async def test_what_is_sold_keeps_its_price_and_rules(lists: Lists) -> None:
    await lists.products()
    await lists.sessions()
    cheaper = PRODUCTS.replace("¥75.50", "1")
    brought = await lists.products(cheaper)
    assert brought.verdicts == "kept same same same"
    [left] = brought.outcomes[0].differences
    assert (left.field, left.before, left.after, left.is_applied) == ("price", "75.50", "1.00", False)
    renamed = await lists.products(cheaper.replace("日票", "一日票"))
    assert renamed.verdicts == "changed same same same"
    found = (await products(lists))["day"]
    assert (found.name["zh-CN"], found.price_minor, found.policy_code) == ("一日票", 7_550, "default")


async def test_what_a_list_has_no_more_is_told_and_stays(lists: Lists) -> None:
    await lists.products()
    brought = await lists.products("\n".join(PRODUCTS.splitlines()[:3]) + "\n")
    assert brought.taken.gone == ["grill/dinner", "line/ride"]
    assert len(await products(lists)) == 4


@pytest.mark.parametrize(
    ("row", "reason", "said"),
    [
        ("nowhere,x,票,1", "unknown-venue", "import the venues first"),
        ("lake,day2,票,", "missing", "costs"),
        ("lake,day2,票,-1", "negative", "at least"),
        ("lake,day,另一张票,1", "key-twice", "line 2 "),
        ("lake,day,日票,1", "key-twice", "line 2 "),
    ],
)
async def test_a_refused_row_says_why_and_the_others_come_in(
    lists: Lists, row: str, reason: str, said: str
) -> None:
    brought = await lists.products(HEADER + f"lake,day,日票,75\n{row}\ninn,twin,双床房,100\n")
    assert brought.verdicts == "new refused new"
    assert brought.refusal.reason.value == reason
    assert said in brought.refusal.fix.say("en")
    assert len(await products(lists)) == 2


async def test_what_would_make_another_product_of_one_is_refused(lists: Lists) -> None:
    await lists.products()
    header = "场馆,代码,产品名称,类型,币种,价格\n"
    for row, said in (
        ("lake,day,日票,客房,,75", "another kind"),
        ("lake,day,日票,,USD,75", "another currency"),
        ("lake,new,夜票,,USD,75", "sells in another currency"),
    ):
        assert said in (await lists.products(f"{header}{row}\n")).refusal.fix.say("en")
    await lists.venues(VENUES + "lake-2,测试湖,景区,江苏,,\n")
    ambiguous = (await lists.products(f"{header}测试湖,x,票,,,1\n")).refusal
    assert "lake, lake-2" in ambiguous.fix.say("en")


async def test_a_venue_sells_at_most_as_many_products_as_its_page_lists(lists: Lists) -> None:
    rows = "".join(f"lake,p{n},票{n},1\n" for n in range(listing.PRODUCTS_OF_VENUE_MAX + 2))
    brought = await lists.products(HEADER + rows)
    assert brought.verdicts.split().count("new") == listing.PRODUCTS_OF_VENUE_MAX
    assert "at most 200" in brought.refusal.fix.say("en")


async def test_a_column_twice_is_refused(lists: Lists) -> None:
    with pytest.raises(SetupError, match="twice"):
        await lists.products("场馆,产品名称,价格,价格\nlake,票,1,2\n")


def test_the_commands_report_every_row_and_give_the_refused_back(
    db_urls: DbUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_installation(monkeypatch, db_urls, tmp_path / "home")
    monkeypatch.setenv("WENYUE_LANG", "en")
    paths = {
        name: tmp_path / f"{name}.csv" for name in ("venues", "products", "report", "refused", "sessions")
    }
    paths["venues"].write_text(VENUES, encoding="utf-8")
    paths["products"].write_text(PRODUCTS + 'lake,x,"=HYPERLINK(""http://x"")",-5\n', encoding="utf-8")
    paths["sessions"].write_text(SESSIONS, encoding="utf-8")
    said_by(app, "venues", str(paths["venues"]))
    files = ["--report", str(paths["report"]), "--refused", str(paths["refused"])]
    dry = said_by(app, "products", str(paths["products"]), *files, "--dry-run")
    assert "DRY RUN" in dry
    assert "new: lake/day" in dry
    said_by(app, "products", str(paths["products"]), *files)
    with paths["report"].open(encoding="utf-8-sig", newline="") as file:
        assert [row["verdict"] for row in csv.DictReader(file)] == ["new"] * 4 + ["refused"]
    mended = paths["refused"].read_text(encoding="utf-8-sig")
    assert "'=HYPERLINK" in mended
    paths["refused"].write_text(mended.replace("-5", "5"), encoding="utf-8")
    assert "unchanged" in said_by(app, "products", str(paths["refused"]))
    would = said_by(app, "sessions", str(paths["sessions"]), "--dry-run")
    assert "sessions would be opened" in would
    assert "sessions were opened" in said_by(app, "sessions", str(paths["sessions"]))
    with psycopg.connect(db_urls.owner_url) as connection:
        actions = connection.execute("SELECT action FROM audit.entry ORDER BY id").fetchall()
    assert [one for (one,) in actions if one.endswith(".imported")] == [
        "venues.imported",
        "products.imported",
        "products.imported",
        "sessions.imported",
    ]
