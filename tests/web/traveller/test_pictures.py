"""A venue's pictures on its page, in lists and at home; its drawing where it has none; files that never change."""

import re
from collections.abc import AsyncIterator, Callable

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.traveller_site import NOW, Traveller, application, services_on
from wenyue import catalogue
from wenyue.catalogue.picturing import NewFile, add_picture

pytestmark = pytest.mark.anyio


def files(seed: bytes) -> list[NewFile]:
    """What a picture becomes, as far as the pages look at it."""
    return [
        NewFile(form, width, width * 5 // 8, form.encode() + seed + bytes(width))
        for width in (360, 720, 1440)
        for form in ("webp", "jpeg")
    ]


@pytest.fixture(scope="module")
async def one(
    make_database: Callable[[], DbUrls], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Traveller]:
    urls = make_database()
    async with services_on(urls, tmp_path_factory.mktemp("home"), lambda: NOW) as services:
        async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
            places = await catalogue.venues(tx)
            said: tuple[dict[str, str], ...] = (
                {"zh-CN": "断桥残雪", "en": "The bridge in snow"},
                {},
                {"zh-CN": "荷花"},
            )
            for at, alt in enumerate(said):
                await add_picture(tx, places[0].id, f"{at:064x}", alt=alt, files=files(b"%d" % at), now=NOW)
        yield Traveller(application(services))


async def test_ux_5_venue_with_pictures_shows_them_in_order_and_keeps_their_place(one: Traveller) -> None:
    listed = await one.get("/venues")
    code = re.findall(r'class="place[^"]*" href="/venues/([\w-]+)"', listed)
    page = await one.get(f"/venues/{code[0]}")
    gallery = page[page.index('class="gallery"') : page.index("</header>", page.index('class="gallery"'))]
    assert gallery.count("<picture>") == 3
    assert gallery.count('loading="lazy"') == 2  # the first is seen at once
    assert re.findall(r'<img[^>]* alt="([^"]*)"', gallery) == ["断桥残雪", "", "荷花"]
    assert re.findall(r"<figcaption[^>]*>([^<]*)<", gallery) == ["断桥残雪", "荷花"]
    assert all('width="720" height="450"' in tag for tag in re.findall(r"<img[^>]*>", gallery))
    phone, wide = re.findall(r'<source(?: media="([^"]*)")? type="image/webp" srcset="([^"]*)"', gallery)[:2]
    assert phone[0]
    assert re.findall(r" (\d+)w", phone[1]) == ["360", "720"]
    assert re.findall(r" (\d+)w", wide[1]) == ["360", "720", "1440"]
    assert "/pictures/scenes/" not in gallery
    english = await one.get(f"/venues/{code[0]}?lang=en")
    assert 'alt="The bridge in snow"' in english
    await one.get("/venues?lang=zh-CN")


async def test_ux_5_lists_show_the_first_picture_or_a_drawing(one: Traveller) -> None:
    for path in ("/", "/venues"):
        page = await one.get(path)
        cards = re.findall(r'<a class="(?:venue|place)".*?</a>', page, re.DOTALL)
        assert cards[0].count("<picture>") == 1
        assert 'alt=""' in cards[0]  # its name stands beside it
        assert all("/pictures/scenes/" in card and "<picture>" not in card for card in cards[1:])
        scenes = re.findall(r'src="(/pictures/scenes/[^"]+)"', "".join(cards))
        assert len(set(scenes)) == len(scenes)
        answer = await one.client.get(scenes[0])
        assert answer.headers["content-type"] == "image/svg+xml"


async def test_ux_5_file_is_served_for_ever_by_its_content(one: Traveller) -> None:
    page = await one.get("/venues")
    for address in re.findall(r"(/pictures/[0-9a-f]{32}\.(?:webp|jpg))", page)[:6]:
        answer = await one.client.get(address)
        kind = "image/webp" if address.endswith("webp") else "image/jpeg"
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.content.startswith(kind.removeprefix("image/").encode())
        again = await one.client.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        other = address[:-4] + ("jpg" if address.endswith("webp") else "webp")
        assert (await one.client.get(other.replace("..", "."))).status_code == 404
    for wrong in ("0" * 32 + ".webp", "0" * 32 + ".svg", "x.webp", "0" * 31 + ".jpg", "..%2fsecret"):
        assert (await one.client.get(f"/pictures/{wrong}")).status_code == 404
