"""A later list of cards is a difference; each number is one card's, whatever runs beside the import."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from datetime import date
from pathlib import Path

import pytest

from tests.support.card_desk import Desk, open_desk
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
from tests.support.database import DbUrls
from tests.support.traveller_site import OTHER_CARD, OTHER_DOCUMENT, OTHER_NAME
from wenyue.cards import CardState
from wenyue.cards.importing import Verdict

pytestmark = pytest.mark.anyio
DAY_1, DAY_365 = date(2026, 1, 1), date(2026, 12, 31)


@pytest.fixture
async def desk(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncGenerator[Desk]:
    async with open_desk(make_database(), tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def lists(desk: Desk, tmp_path: Path) -> CardLists:
    return CardLists(desk.urls, tmp_path / "home", tmp_path)


async def test_a_later_list_changes_what_is_as_it_was_left(desk: Desk, lists: CardLists) -> None:
    await lists.bring(list_of(ZHANG, WANG))
    before = await lists.ask("SELECT count(*) FROM audit.entry")
    assert outcomes(await lists.bring(list_of(ZHANG, WANG))) == {"same": 2}
    assert await lists.ask("SELECT count(*) FROM audit.entry") == [
        (before[0][0] + 1,)
    ]  # that it was looked through

    longer = (
        ZHANG.replace("2026-12-31", "2027-12-31").replace("2:6", "2:5").replace("13800138000", "13600136000")
    )
    found = await lists.bring(list_of(longer, WANG.replace("挂失", "正常")))
    assert outcomes(found) == {"changed": 2}
    assert found.fields == Counter(
        {("valid_to", True): 1, ("remaining.1", True): 1, ("phone", True): 1, ("state", True): 1}
    )
    assert await lists.cards() == [
        ("A1001", "demo", CardState.ACTIVE, DAY_1, date(2027, 12, 31)),
        ("A1002", "demo", CardState.ACTIVE, DAY_1, DAY_365),
    ]
    holder = await sign_in(desk, OTHER_NAME, OTHER_DOCUMENT, "13900139000")
    [card] = await held(desk, holder)
    changed = await desk.post(f"/v1/cards/{card['card_no']}/loss", None, holder)
    assert changed.status_code == 200

    # It was reported lost here, and its holder's phone proved itself here: a list changes neither.
    found = await lists.bring(
        list_of(longer, WANG.replace("挂失", "注销").replace("13900139000", "13500135000"))
    )
    assert outcomes(found) == {"same": 1, "kept": 1}
    assert found.fields == Counter({("state", False): 1, ("phone", False): 1})
    assert (await lists.cards())[1][2] == CardState.FROZEN

    found = await lists.bring(list_of(longer))
    assert (outcomes(found), found.gone, found.gone_first) == ({"same": 1}, 1, ["A1002"])
    assert (await lists.cards())[1][2] == CardState.FROZEN


async def test_a_number_belongs_to_one_card_and_one_person(lists: CardLists) -> None:
    other_source = 'kind = "cards"\nsource = "second"\n[columns]\n' + "\n".join(
        f'{name} = "{column}"'
        for name, column in zip(
            ("card_no", "type", "name", "document", "phone", "valid_from", "valid_to", "state", "remaining"),
            HEADER.split(","),
            strict=True,
        )
    )
    await lists.bring(list_of(ZHANG))
    stranger = WANG.replace("A-1002", "A-1001")
    for map_text in ("", other_source):
        found = await lists.bring(list_of(stranger), map_text=map_text)
        assert (outcomes(found), found.reasons) == ({"refused": 1}, Counter({"conflict": 1}))
    found = await lists.bring(list_of(ZHANG.replace("2026-12-31", "2027-12-31")), map_text=other_source)
    assert outcomes(found) == {"kept": 1}  # of the same person: known, and left as it is
    own = ZHANG.replace("A-1001", "6000202600000019")  # Zhang's own card here
    assert outcomes(await lists.bring(list_of(own))) == {"kept": 1}
    assert len(await lists.cards()) == 1


async def test_keys_that_could_be_one_are_refused_with_both_rows(lists: CardLists) -> None:
    rows = (
        ZHANG.replace("A-1001", "00012345"),
        WANG.replace("A-1002", "12345"),
        ZHANG.replace("A-1001", "B-77"),
        ZHANG.replace("A-1001", "B77"),
        ZHANG.replace("A-1001", "c-88"),
        ZHANG.replace("A-1001", '="C-88"').replace('="C-88"', '"=""C-88"""'),
    )
    found = await lists.bring(list_of(*rows))
    assert outcomes(found) == {"new": 1, "refused": 5}
    assert found.reasons == Counter({"key-ambiguous": 4, "key-twice": 1})
    fixes = [one.refusal.fix.say("en") for one in found.shown if one.refusal is not None]
    assert [re.findall(r"line (\d)", fix) for fix in fixes] == [["3"], ["2"], ["5"], ["4"], ["6"]]
    assert outcomes(await lists.bring(list_of(ZHANG.replace("A-1001", "00777")))) == {"new": 1}
    later = await lists.bring(list_of(ZHANG.replace("A-1001", "777")))
    assert later.reasons == Counter({"key-ambiguous": 1})


async def test_a_run_that_was_killed_goes_on(lists: CardLists) -> None:
    rows = [ZHANG.replace("A-1001", f"D-{n}") for n in range(30)]

    def stop(_phase: str, done: int, _total: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await lists.bring(list_of(*rows), batch=10, progress=stop)
    assert len(await lists.cards()) == 20
    assert outcomes(await lists.bring(list_of(*rows), batch=10)) == {"same": 20, "new": 10}
    assert len(await lists.cards()) == 30


async def test_an_import_beside_activations_and_another_import(desk: Desk, lists: CardLists) -> None:
    """One account more or less, but each number once, and nothing waits for ever."""
    rows = [WANG.replace("A-1002", f"D-{n}").replace("挂失", "正常") for n in range(200)]
    second = CardLists(lists.urls, lists.home, lists.folder / "second")
    (lists.folder / "second").mkdir()
    activated, one, two = await asyncio.gather(
        desk.site.activate(OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT),
        lists.bring(list_of(*rows), batch=20),
        second.bring(list_of(*rows), batch=20),
    )
    # Whoever is second finds the other's claim: an account that a list opened meanwhile is one (card_holder_claimed).
    assert activated.status_code in {201, 403, 409}, activated.text
    assert activated.status_code != 403 or activated.json()["outcome"] == "card_holder_claimed"
    assert one.verdicts + two.verdicts == Counter({Verdict.NEW: 200, Verdict.SAME: 200})
    assert await lists.ask(
        "SELECT count(*), count(DISTINCT card_no) FROM cards.card WHERE card_no LIKE 'D%'"
    ) == [(200, 200)]


async def test_a_card_that_was_not_activated_comes_into_use_by_a_later_list(
    desk: Desk, lists: CardLists
) -> None:
    assert outcomes(await lists.bring(list_of("A-1002,demo,,,,,,未激活,2:6"))) == {"new": 1}
    assert (await scan(desk, "A1002"))["reason"] == "card_not_active"
    row = WANG.replace("挂失", "正常").replace("2:10", "2:5")
    found = await lists.bring(list_of(row), is_dry_run=True)
    assert outcomes(found) == {"changed": 1}
    assert outcomes(await lists.bring(list_of(row))) == {"changed": 1}
    holder = await sign_in(desk, OTHER_NAME, OTHER_DOCUMENT, "13900139000")
    [card] = await held(desk, holder)
    assert [one["left"] for one in card["entitlements"]] == [None, 5, 12, 20]
    assert await book(desk, holder, card["card_id"]) == "confirmed"
    assert outcomes(await lists.bring(list_of(row))) == {"same": 1}
