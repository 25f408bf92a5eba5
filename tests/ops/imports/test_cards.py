"""Cards of another system come in whole: holders, validity, what is left; a later list changes what still is as it was left."""

import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support.api_site import TODAY, Person
from tests.support.card_desk import Desk, counter, open_desk, staff_of
from tests.support.card_lists import LI, CardLists, list_of
from tests.support.database import DbUrls
from tests.support.traveller_site import DOCUMENT
from wenyue.accounts import sealing
from wenyue.cards import CardState
from wenyue.core.ids import uuid7
from wenyue.imports.columns import known_names
from wenyue.imports.reading import open_sheet

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


def outcomes(summary: Any) -> dict[str, int]:
    assert summary.is_complete
    return {verdict.value: n for verdict, n in summary.verdicts.items()}


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


async def test_a_holder_signs_in_books_and_walks_in(desk: Desk, lists: CardLists) -> None:
    """Nobody knows a PIN of an imported card: document, name, and a code to the phone on file let its holder in."""
    assert outcomes(
        await lists.bring(list_of(LI.replace("挂失", "正常").replace("A-1002", "琼A-00/12")))
    ) == {"new": 1}
    guess = await desk.post("/v1/session", {"card_no": "琼A-00/12", "pin": "0000"})
    assert guess.status_code == 403

    request_id = str(uuid7())
    about = {"name": "李小明", "number": "110101201503078116", "phone": "13900139000", "is_lost": False}
    assert (await desk.post("/v1/cards/lost", {"id": request_id} | about)).status_code == 202
    code = re.search(r"\d{6}", await desk.deliver())
    assert code is not None
    signed = await desk.post(f"/v1/cards/lost/{request_id}/code", {"code": code[0], "is_lost": False})
    assert signed.status_code == 201, signed.text
    session = await desk.site.client.get(
        "/v1/session", headers={"Authorization": f"Bearer {signed.json()['token']}"}
    )
    [card] = session.json()["cards"]
    assert card["card_no"] == "琼A0012"
    holder = Person(
        signed.json()["token"],
        signed.json()["holder_id"],
        card["card_id"],
        "琼A0012",
        "李小明",
        "110101201503078116",
    )

    slot = (await desk.site.slots("lake", TODAY))[0]
    line = {"slot_id": slot["slot_id"], "visitors": [0], "on_card": True}
    booked = await desk.site.book(holder, slot["slot_id"], lines=[line], card_id=holder.card_id)
    assert (booked.status_code, booked.json()["outcome"]) == (201, "confirmed"), booked.text

    gate = await desk.site.staff()
    scan = {"scan_id": str(uuid7()), "venue": "lake", "gate": "北门", "presented": " 琼a-0012 "}
    admitted = (await desk.post("/v1/gate/scans", scan, gate)).json()
    assert admitted["admitted"] is True, admitted


async def test_at_the_counter_a_holder_without_a_phone_gets_a_number_and_a_pin(
    desk: Desk, lists: CardLists
) -> None:
    await lists.bring(list_of(LI.replace("13900139000", "")))
    staff = await staff_of(desk, "desk")
    made = await counter(
        desk, staff, str(uuid7()), card_no="A-1002", name="李小明", number="110101201503078116"
    )
    assert made.status_code in (200, 201, 202), made.text
