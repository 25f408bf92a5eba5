"""Names in a language of the reader's that is neither Chinese nor English: shown, searched for, and outlived by imports."""

import re
from datetime import timedelta
from typing import cast

import psycopg
import pytest

from tests.support.booking_site import TODAY, BookingSite, booked, site
from tests.support.traveller_site import CARD
from wenyue import catalogue
from wenyue.locale import languages

pytestmark = pytest.mark.anyio
__all__ = ["site"]
JAPANESE = languages.Language("ja", "en", "日本語")  # with the catalogues of another


async def test_whoever_reads_japanese_reads_the_japanese_names(
    site: BookingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cast("dict[str, languages.Language]", languages.LOCALES), "ja", JAPANESE)
    languages.locale_named.cache_clear()
    languages.negotiate.cache_clear()
    try:
        async with await psycopg.AsyncConnection.connect(site.owner_url, autocommit=True) as owner:
            await owner.execute(
                """UPDATE catalogue.venue SET name = name || '{"ja": "鏡湖"}' WHERE code = 'lake'"""
            )
            await owner.execute(
                """UPDATE booking.slot SET label = label || '{"ja": "午前"}' WHERE label <> '{}'"""
            )
        one = site.traveller()
        await one.activate(CARD)
        await one.get("/?lang=ja")
        page = await one.get(f"/venues/lake?day={TODAY + timedelta(days=1)}")
        assert re.search(r"<h1[^>]*>鏡湖</h1>", page)
        assert "午前" in page
        assert "Wangjiang Tower" in await one.get("/venues/tower")  # nobody wrote it in Japanese
        assert "鏡湖" in await one.get("/venues?q=鏡湖")
        assert "鏡湖" in await one.get(await booked(one))
        assert "Mirror Lake" in await one.get("/venues/lake?lang=en")
    finally:
        languages.locale_named.cache_clear()
        languages.negotiate.cache_clear()


async def test_a_name_is_found_in_any_language_and_no_tag_is(site: BookingSite) -> None:
    async with site.services.db.connection() as tx:
        for text, codes in (("mirror", ["lake"]), ("镜", ["lake"]), ("zh-CN", []), ('"', [])):
            assert [one.code for one in await catalogue.venues(tx, text=text)] == codes
