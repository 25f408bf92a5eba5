"""Activating a card as somebody new meets it: mistakes told at once, countries as people write them, success said (ux_F1)."""

import pytest

from tests.support.traveller_pages import one, services
from tests.support.traveller_site import CARD, DOCUMENT, NAME, OTHER_CARD, Traveller

pytestmark = pytest.mark.anyio
__all__ = ["one", "services"]
WRONG_PERSON = {"kind": "resident_id", "name": "1", "number": "1"}
PASSPORT = {"kind": "passport", "name": "David Li", "number": "543219876", "expires": "2031-01-01"}


async def test_ux_F1_the_cards_mistake_is_told_with_the_others(one: Traveller) -> None:
    await one.get("/activate")
    typed = {"card_no": OTHER_CARD[0], "pin": "00000000", **WRONG_PERSON}
    page = await one.submit(one.form("/activate"), typed, status=422)
    errors = page.partition('class="error-list"')[2].partition("</ul>")[0]
    assert [f'href="#{field}"' in errors for field in ("pin", "name", "number")] == [True] * 3
    assert "还可以试" in errors
    assert 'value="00000000"' not in page
    assert "请再输入一次" in page


async def test_ux_F1_guessing_beside_other_mistakes_is_slowed_as_ever(one: Traveller) -> None:
    typed = {"card_no": "6000202600000043", **WRONG_PERSON}
    said = ""
    for pin in range(7):
        await one.get("/activate")
        said = await one.submit(one.form("/activate"), {**typed, "pin": f"0000000{pin}"}, status=422)
    errors = said.partition('class="error-list"')[2].partition("</ul>")[0]
    assert "再试" in errors
    assert "还可以试" not in errors


async def test_ux_F1_a_right_card_beside_other_mistakes_is_not_activated(one: Traveller) -> None:
    await one.get("/activate")
    page = await one.submit(
        one.form("/activate"), {"card_no": OTHER_CARD[0], "pin": OTHER_CARD[1], **WRONG_PERSON}, status=422
    )
    errors = page.partition('class="error-list"')[2].partition("</ul>")[0]
    assert 'href="#pin"' not in errors
    assert 'href="#card_no"' not in errors
    await one.get("/me")
    assert one.path == "/signin"


@pytest.mark.parametrize("country", ["Britain", "英国", "United Kingdom", "gb", "GBR", "英国籍"])
async def test_ux_F1_a_country_is_taken_as_people_write_it(one: Traveller, country: str) -> None:
    await one.get("/activate")
    typed = {"card_no": "", "pin": "", **PASSPORT, "nationality": country}
    page = await one.submit(one.form("/activate"), typed, status=422)
    assert 'href="#nationality"' not in page
    assert 'href="#number"' not in page


async def test_ux_F1_what_is_no_country_is_told_with_a_list_to_choose_from(one: Traveller) -> None:
    await one.get("/activate")
    typed = {"card_no": "", "pin": "", **PASSPORT, "nationality": "Narnia"}
    page = await one.submit(one.form("/activate"), typed, status=422)
    assert '<a href="#nationality">' in page
    assert "请从列表中选" in page
    assert 'list="nations"' in page
    assert '<option value="英国">' in page
    assert 'value="Narnia"' in page
    assert '<option value="United Kingdom">' in await one.get("/activate?lang=en")


@pytest.mark.parametrize(("country", "number"), [("Narnia", ""), ("", "12")])
async def test_ux_F1_all_that_is_wrong_with_a_passport_is_told_at_once(
    one: Traveller, country: str, number: str
) -> None:
    await one.get("/activate")
    typed = {**PASSPORT, "number": number, "nationality": country, "expires": ""}
    page = await one.submit(one.form("/activate"), {"card_no": "", "pin": "", **typed}, status=422)
    errors = page.partition('class="error-list"')[2].partition("</ul>")[0]
    for field in ("card_no", "pin", "number", "nationality", "expires"):
        assert errors.count(f'href="#{field}"') == 1, field


async def test_ux_F1_that_it_worked_is_said(one: Traveller) -> None:
    page = await one.activate(CARD, NAME, DOCUMENT)
    assert "卡已激活" in page
    assert "卡已激活" not in await one.get("/")


@pytest.mark.parametrize(
    "path", ["/", "/venues", "/venues/lake", "/signin", "/activate", "/card/lost", "/trip", "/nothing"]
)
async def test_ux_F2_a_language_is_chosen_at_any_address_and_kept(one: Traveller, path: str) -> None:
    answer = await one.client.get(path, params={"lang": "en"})
    assert '<html lang="en"' in answer.text
    assert '<html lang="en"' in (await one.client.get("/venues")).text
