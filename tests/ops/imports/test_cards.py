"""Cards of another system come in whole: holders, validity, what is left; a later list changes what still is as it was left."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.support.api_site import TODAY, furnish
from tests.support.card_desk import PHONE, Desk, counter, open_desk, staff_of
from tests.support.card_lists import (
    HEADER,
    WANG,
    ZHANG,
    CardLists,
    book,
    held,
    list_of,
    outcomes,
    scan,
    sign_in,
)
from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from tests.support.traveller_site import DOCUMENT, NAME, OTHER_CARD, OTHER_DOCUMENT, OTHER_NAME
from wenyue.accounts import sealing
from wenyue.cards import CardState
from wenyue.core.ids import uuid7
from wenyue.imports.columns import known_names
from wenyue.imports.reading import InputError, open_sheet
from wenyue.ops import exports, imports

pytestmark = pytest.mark.anyio
CASE_G = Path(__file__).parents[2] / "data" / "imports" / "G-card-members.csv"
MAP_G = """
kind = "cards"
source = "old-cards"
[columns]
card_no = "卡号"
name = "姓名"
document = "身份证号"
phone = "手机"
type = "卡种"
valid_from = "生效日期"
valid_to = "到期日期"
[words.type]
"年卡" = "demo"
"""
DAY_1, DAY_365 = date(2026, 1, 1), date(2026, 12, 31)


@pytest.fixture
async def desk(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncGenerator[Desk]:
    async with open_desk(make_database(), tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def lists(desk: Desk, tmp_path: Path) -> CardLists:
    return CardLists(desk.urls, tmp_path / "home", tmp_path)


async def test_imports_G(lists: CardLists, tmp_path: Path) -> None:
    """The ruined row is refused with the reason, the good one is in whole, and the mended file comes in whole."""
    refused = tmp_path / "refused.csv"
    found = await lists.bring(CASE_G, map_text=MAP_G, refused=refused)
    assert outcomes(found) == {"new": 1, "refused": 1}
    assert found.reasons == Counter({"key-ruined": 1})
    assert await lists.cards() == [("6000202600009001", "demo", CardState.ACTIVE, DAY_1, DAY_365)]
    [(sealed,)] = await lists.ask(
        "SELECT t.sealed FROM accounts.traveller t JOIN cards.card c ON c.holder_id = t.id WHERE c.card_no = '6000202600009001'"
    )
    holder = sealing.open_identity(lists.vault, sealed, purpose=sealing.TRAVELLER)
    assert (holder.document_number.reveal(), holder.phone.reveal()) == (DOCUMENT, "+8613800138001")

    back = open_sheet(refused, known_names())
    [row] = back.rows()
    assert row.cells[:7] == ["6.00020E+15", "李样例", "1.10105E+17", "13800138002", "年卡", "46023", "46387"]
    assert "key-ruined" in row.cells[7]

    mended = refused.read_text(encoding="utf-8-sig").replace("6.00020E+15", "6000202600009002")
    mended = mended.replace("1.10105E+17", "110101201503078116")
    assert outcomes(await lists.bring(mended, map_text=MAP_G)) == {"new": 1}
    assert (await lists.cards())[1] == ("6000202600009002", "demo", CardState.ACTIVE, DAY_1, DAY_365)


@pytest.mark.parametrize("number", ["琼A-00/12", "8", "NO.000123", "ABCD-1234-EFGH-5678-JKLM-9012-NPQ"])
async def test_a_holder_signs_in_books_and_walks_in(desk: Desk, lists: CardLists, number: str) -> None:
    """Nobody knows a PIN of an imported card: document, name, and a code to the phone on file let its holder in."""
    row = WANG.replace("挂失", "正常").replace("A-1002", number)
    assert outcomes(await lists.bring(list_of(row))) == {"new": 1}
    for pin in ("-", "0000", OTHER_DOCUMENT[-6:], ""):
        assert (await desk.post("/v1/session", {"card_no": number, "pin": pin})).status_code in {
            403,
            422,
            429,
        }
    holder = await sign_in(desk, OTHER_NAME, OTHER_DOCUMENT, "13900139000")
    [card] = await held(desk, holder)
    assert (card["state"], [one["left"] for one in card["entitlements"]]) == ("active", [None, 10, 12, 20])
    assert await book(desk, holder, card["card_id"]) == "confirmed"
    admitted = await scan(desk, f" {number.lower()} ")
    assert (admitted["admitted"], admitted["name"]) == (True, "王*同"), admitted


async def test_what_is_left_is_what_can_be_booked_and_the_books_are_right(
    desk: Desk, lists: CardLists
) -> None:
    await lists.bring(list_of(WANG.replace("挂失", "正常").replace("2:10", "2:1")))
    holder = await sign_in(desk, OTHER_NAME, OTHER_DOCUMENT, "13900139000")
    [card] = await held(desk, holder)
    assert await book(desk, holder, card["card_id"], "inn") == "confirmed"
    assert await book(desk, holder, card["card_id"], "inn", TODAY + timedelta(days=1)) == "card_exhausted"
    broken = await lists.ask(
        "SELECT e.no, e.used, l.n FROM cards.entitlement e LEFT JOIN (SELECT card_id, entitlement_no, sum(quantity) AS n"
        " FROM booking.line WHERE is_live AND card_id IS NOT NULL GROUP BY 1, 2) l ON l.card_id = e.card_id"
        " AND l.entitlement_no = e.no WHERE e.used <> coalesce(l.n, 0)"
    )
    assert broken == []


async def test_a_lost_card_is_frozen_and_a_cancelled_one_dead(desk: Desk, lists: CardLists) -> None:
    cancelled = WANG.replace("A-1002", "A-1003").replace("挂失", "注销")
    assert outcomes(await lists.bring(list_of(WANG, cancelled))) == {"new": 2}
    assert (await scan(desk, "A1002"))["reason"] == "card_frozen"
    assert (await scan(desk, "A1003"))["reason"] == "card_dead"


async def test_at_the_counter_a_holder_without_a_phone_gets_a_number_and_a_pin(
    desk: Desk, lists: CardLists
) -> None:
    await lists.bring(list_of(WANG.replace("13900139000", "")))
    staff = await staff_of(desk, "desk")
    made = await counter(desk, staff, str(uuid7()), card_no="A-1002", name=OTHER_NAME, number=OTHER_DOCUMENT)
    assert made.status_code == 202, made.text  # the new number waits for an objection, as for everybody


async def test_two_cards_of_one_person_come_to_one_account(lists: CardLists) -> None:
    other_phone = WANG.replace("A-1002", "A-1004").replace("13900139000", "13700137000")
    rows = (
        WANG.replace("挂失", "正常"),
        WANG.replace("A-1002", "A-1003").replace("挂失", "正常"),
        other_phone,
    )
    await lists.bring(list_of(*rows))
    found = await lists.ask("SELECT card_no, holder_id FROM cards.card WHERE card_no LIKE 'A100%' ORDER BY 1")
    assert found[0][1] == found[1][1] != found[2][1]
    later = WANG.replace("A-1002", "A-1005").replace(
        "挂失", "正常"
    )  # of a later list: to the account that is there
    await lists.bring(list_of(*rows, later))
    [(holder_id,)] = await lists.ask("SELECT holder_id FROM cards.card WHERE card_no = 'A1005'")
    assert holder_id == found[0][1]


async def test_a_card_does_not_come_to_an_account_that_only_typed_the_document(
    desk: Desk, lists: CardLists
) -> None:
    """Whoever activated a card of theirs with somebody else's document does not get what the list brings."""
    typed = await desk.site.traveller(OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT)
    await lists.bring(list_of(WANG.replace("挂失", "正常")))
    [(holder_id,)] = await lists.ask("SELECT holder_id FROM cards.card WHERE card_no = 'A1002'")
    assert holder_id != typed.holder_id
    assert len(await held(desk, typed)) == 1
    await lists.ask(
        "UPDATE accounts.traveller SET document_seen_at = now() WHERE id = %s RETURNING id", typed.holder_id
    )
    await lists.bring(
        list_of(WANG.replace("挂失", "正常"), WANG.replace("A-1002", "A-1003").replace("挂失", "正常"))
    )
    [(holder_id,)] = await lists.ask("SELECT holder_id FROM cards.card WHERE card_no = 'A1003'")
    assert holder_id == typed.holder_id  # staff saw whose it is
    other_name = WANG.replace("A-1002", "A-1004").replace("王大同", "王小同").replace("挂失", "正常")
    found = await lists.bring(list_of(other_name))
    assert found.reasons == Counter({"conflict": 1})


async def test_a_dry_run_writes_nothing_and_shows_the_first_rows(lists: CardLists) -> None:
    await lists.bring(list_of(WANG))
    tables = ("cards.card", "cards.imported", "accounts.traveller", "audit.entry", "events.event")
    before = [await lists.ask(f"SELECT count(*), max(xmin::text::bigint) FROM {one}") for one in tables]
    rows = [ZHANG.replace("A-1001", f"D-{n}") for n in range(20)]
    found = await lists.bring(list_of(WANG.replace("12-31", "12-30"), *rows), is_dry_run=True)
    assert outcomes(found) == {"changed": 1, "new": 20}
    assert [
        await lists.ask(f"SELECT count(*), max(xmin::text::bigint) FROM {one}") for one in tables
    ] == before
    assert len(found.shown) == 10
    [change] = found.shown[0].changes
    assert (change.field, change.before, change.after) == ("valid_to", "2026-12-31", "2026-12-30")
    shown = str([one.fields for one in found.shown])
    assert "D-0" in shown
    for secret in (NAME, DOCUMENT, PHONE, OTHER_NAME, OTHER_DOCUMENT):
        assert secret not in shown


async def test_hostile_cells_are_harmless(lists: CardLists, tmp_path: Path) -> None:
    hostile = '=HYPERLINK("http://evil.example")'
    rows = (
        f'"{hostile.replace(chr(34), chr(34) * 2)}",demo,@SUM(1),{DOCUMENT},13800138000,2026-01-01,2026-12-31,正常,2:6',
        "D-1,[red]demo[/red],张演示,11010519491231002X,13800138000,2026-01-01,2026-12-31,正常,2:6",
        "D-2,demo,张演示,11010519491231002X,13800138000,2026-01-01,2026-12-31,'; DROP TABLE cards.card; --,2:6",
        "D-3,demo,张演示,11010519491231002X,13800138000,2026-12-31,2026-01-01,正常,2:6",
        "D-4,demo,张演示,11010519491231002X,13800138000,2026-01-01,2026-12-31,正常,2:11",
        "D-5,demo,张演示,11010519491231002X,13800138000,2026-01-01,2026-12-31,正常,7",
        "D-6,demo,,,,2026-01-01,2026-12-31,正常,",
    )
    report, refused = tmp_path / "report.csv", tmp_path / "refused.csv"
    found = await lists.bring(list_of(*rows), report=report, refused=refused)
    assert outcomes(found) == {"refused": 7}
    for path in (report, refused):
        for line in path.read_text(encoding="utf-8-sig").splitlines():
            assert not any(
                cell.lstrip('"').startswith(("=", "@", "+", "-")) for cell in re.split(r",(?=\S)", line)
            )
    assert DOCUMENT not in report.read_text(encoding="utf-8-sig")


async def test_what_a_map_calls_a_type_is_one(lists: CardLists) -> None:
    with pytest.raises(InputError, match="gold"):
        await lists.bring(CASE_G, map_text=MAP_G.replace('"demo"', '"gold"'))
    assert await lists.cards() == []


async def test_a_bad_map_or_an_unsure_file_is_refused_as_a_whole_at_the_terminal(
    lists: CardLists, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_installation(monkeypatch, lists.urls, lists.home)
    path = tmp_path / "unsure.csv"
    path.write_text("姓名,到期日期\n王小明,2027-01-31\n", encoding="utf-8")
    with pytest.raises(InputError, match="card_no"):
        await asyncio.to_thread(said_by, imports.app, "cards", str(path))
    assert await lists.cards() == []


@pytest.mark.parametrize(
    ("ending", "language"), [("csv", "zh"), ("xlsx", "zh"), ("csv", "en"), ("xlsx", "en")]
)
async def test_an_export_comes_in_elsewhere_and_is_exported_as_the_same(
    lists: CardLists,
    make_database: Callable[[], DbUrls],
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
    language: str,
) -> None:
    """Every state, documents of every kind, companions, what is left, no phone: nothing is lost on the way."""
    header = f"{HEADER},证件类型,国籍,同行人,办卡日期"
    rows = (
        f"{ZHANG},身份证,,李小明 110101201503078116; JOHN SMITH 护照 USA 123456789,2025-11-01",
        f"{WANG},,,,",
        "琼A-1,demo,MARY JONES,X1234567,+44 7911 123456,2026-01-01,2026-12-31,正常,3:7;4:0,护照,GBR,,2025-11-02",
        "A-3,demo,陈大文,H12345678,,2025-01-01,2025-12-31,过期,,回乡证,,,2024-12-01",
        "A-4,demo,,,,,,未激活,,,,,2025-11-03",
        "A-5,demo,,,,,,未发卡,,,,,2025-11-03",
        f"A-6,demo,{OTHER_NAME},{OTHER_DOCUMENT},,2026-01-01,2026-12-31,注销,2:3,,,,2025-11-04",
        f"A-7,hainan-annual,{OTHER_NAME},{OTHER_DOCUMENT},13900139000,2026-01-01,2026-12-31,正常,,,,,2025-11-05",
    )
    assert outcomes(await lists.bring(list_of(*rows, header=header))) == {"new": 8}
    use_installation(monkeypatch, lists.urls, lists.home)
    first = lists.folder / f"first.{ending}"
    said = await asyncio.to_thread(said_by, exports.app, "cards", str(first), "--lang", language)
    [(count,)] = await lists.ask("SELECT count(*) FROM cards.card")
    assert f"{count} cards" in said
    assert (await lists.ask("SELECT detail->>'cards' FROM audit.entry WHERE action = 'cards.exported'")) == [
        (str(count),)
    ]

    urls, home = make_database(), lists.folder / "elsewhere"
    await furnish(urls, home)
    other = CardLists(urls, home, lists.folder)
    await other.ask("DELETE FROM cards.card RETURNING id")
    assert outcomes(await other.bring(first)) == {"new": count}
    use_installation(monkeypatch, urls, home)
    second = lists.folder / f"second.{ending}"
    await asyncio.to_thread(said_by, exports.app, "cards", str(second), "--lang", language)
    rows_of = [[row.cells for row in open_sheet(path, known_names()).rows()] for path in (first, second)]
    assert rows_of[0] == rows_of[1]
    assert len(rows_of[0]) == count
    assert outcomes(await other.bring(second)) == {"same": count}


async def test_the_command_shows_first_then_writes_and_gives_refused_rows_back(
    lists: CardLists, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_installation(monkeypatch, lists.urls, lists.home)
    map_path, refused, path = tmp_path / "map.toml", tmp_path / "refused.csv", CASE_G
    map_path.write_text(MAP_G, encoding="utf-8")
    words = ("cards", str(path), "--map", str(map_path), "--refused", str(refused))
    said = await asyncio.to_thread(said_by, imports.app, *words, "--dry-run")
    assert "nothing written" in said
    assert "2026-01-01" in said
    assert DOCUMENT not in said
    assert await lists.cards() == []
    said = await asyncio.to_thread(said_by, imports.app, *words)
    assert "key-ruined" in said
    assert [one[0] for one in await lists.cards()] == ["6000202600009001"]
    assert len(list(open_sheet(refused, known_names()).rows())) == 1
