"""Whoever names a phone to which no texts go is told so at once, by the field's name, by API and page."""

from collections.abc import AsyncIterator, Callable
from html import unescape
from pathlib import Path

import pytest

from tests.support.api_site import ApiSite, api_site
from tests.support.database import DbUrls

pytestmark = pytest.mark.anyio


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(make_database, tmp_path) as made:
        yield made


@pytest.mark.parametrize(("phone", "is_noted"), [("+1 202 555 0123", True), ("13911112222", False)])
async def test_security_third_1_a_phone_without_texts_is_taken_and_told(
    site: ApiSite, phone: str, *, is_noted: bool
) -> None:
    who = await site.traveller()
    slot = (await site.slots("lake"))[0]
    made = await site.book(who, slot["slot_id"], contact_phone=phone)
    assert made.status_code == 201, made.text
    notes = made.json().get("notes", [])
    assert [(one["pointer"], one["code"]) for one in notes] == [("/contact_phone", "no_texts")] * is_noted


async def test_security_third_1_the_form_says_where_texts_go(site: ApiSite) -> None:
    page = await site.client.get("/activate")
    assert "短信只发往 +86、+852、+853、+886 的号码" in unescape(page.text)
