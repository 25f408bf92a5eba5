"""Every place has a drawn picture: always the same, small, plain, by day and by night, and kinds are told apart."""

import csv
import re
from collections import Counter
from importlib.resources import files
from xml.etree import ElementTree as ET

import httpx
import pytest
from starlette.applications import Starlette

from wenyue.application.venue_rows import made
from wenyue.locale import DEFAULT
from wenyue.ops.demo.attractions import dressed
from wenyue.ops.demo.shipped import PUBLIC_LIST, shipped_attractions
from wenyue.web.shared.scene_files import routes, scene_url
from wenyue.web.shared.scenes import KINDS, VARIANTS, draw, kind_of, variant_of

BYTES_MIN, BYTES_MAX = 2_000, 6_144
SVG = "{http://www.w3.org/2000/svg}"


def attractions() -> list[str]:
    text = files("wenyue.ops").joinpath("data", "china-5a-attractions.csv").read_text(encoding="utf-8")
    return [row["name"] for row in csv.DictReader(text.splitlines())]


@pytest.mark.parametrize("kind", KINDS)
def test_ux_5_scene_is_small_plain_and_the_same(kind: str) -> None:
    for variant in range(0, VARIANTS, VARIANTS // 12):
        drawn = draw(kind, variant)
        assert drawn == draw(kind, variant)
        assert BYTES_MIN <= len(drawn.encode()) <= BYTES_MAX, (variant, len(drawn))
        assert not re.search(r"\s(?:id|style|href|on\w+)=|gradient|url\(|<script|<text", drawn, re.IGNORECASE)
        root = ET.fromstring(drawn)  # noqa: S314 - our own drawing
        style = root.findtext(f"{SVG}style") or ""
        day, _, night = style.partition("@media(prefers-color-scheme:dark)")
        used = {one.get("class") for one in root.iter()} - {None}
        for tone in used:
            assert f".{tone}{{" in day
            assert f".{tone}{{" in night


def test_ux_5_kinds_and_places_are_told_apart() -> None:
    shapes = Counter[str]()
    for kind in KINDS:
        drawn = {draw(kind, variant) for variant in range(40)}
        assert len(drawn) == 40, kind
        shapes[re.sub(r"<style>.*</style>", "", draw(kind, 7))] += 1
    assert max(shapes.values()) == 1


def test_ux_5_a_list_of_all_does_not_look_like_one_place() -> None:
    names = attractions()
    kinds = Counter(kind_of([name]) for name in names)
    assert len(kinds) >= 25
    assert max(kinds.values()) < len(names) / 4
    assert len({scene_url([name]) for name in names}) == len(names)


def test_ux_5_the_demo_does_not_look_like_one_place() -> None:
    venues = [dressed(made(row, f"v{line}", PUBLIC_LIST)) for line, row in shipped_attractions()]
    kinds = Counter(kind_of([one.name[DEFAULT], *one.name.values()], one.tags, one.kind) for one in venues)
    assert len(kinds) >= 25
    assert max(kinds.values()) < len(venues) / 4


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("故宫博物院", "palace"),
        ("北京八达岭－慕田峪长城旅游区", "wall"),
        ("杭州市西湖风景名胜区", "lake"),
        ("大同市云冈石窟", "grotto"),
        ("拉萨布达拉宫景区", "lamasery"),
        ("敦煌鸣沙山月牙泉景区", "desert"),
        ("安徽省六安市万佛湖景区", "lake"),  # no temple
        ("张家界武陵源—天门山旅游区", "karst"),  # no tomb
        ("吉林省松原市前郭查干湖景区", "wetland"),  # the province is no wood
        ("佛山市西樵山景区", "mountain"),  # the city is no temple
        ("广东省阳江市海陵岛大角湾海上丝路旅游区", "island"),
        ("苏州市同里古镇景区", "town"),
        ("云南省保山市腾冲火山热海旅游区", "spring"),
        ("Somewhere", "mountain"),
    ],
)
def test_ux_5_names_say_what_is_there(name: str, kind: str) -> None:
    assert kind_of([name]) == kind


def test_ux_5_tag_and_sort_of_venue_come_first() -> None:
    assert kind_of(["西湖"], ["family", "scene-nothing", "scene-temple", "scene-lake"]) == "temple"
    assert kind_of(["西湖国宾馆"], ["scene-garden"], "hotel") == "garden"
    assert kind_of(["Somewhere"], ["family", "lake"]) == "lake"
    assert kind_of(["西湖"], ["mountain"]) == "lake"  # such tags say what cards cover
    assert kind_of(["西湖国宾馆"], (), "hotel") == "hotel"
    assert kind_of(["湖滨餐厅"], (), "restaurant") == "restaurant"
    assert kind_of(["故宫专线"], (), "transport") == "coach"
    assert kind_of(["黄山云谷索道"], (), "transport") == "cableway"
    assert kind_of(["Lakeside cable car", "Seilbahn"], (), "transport") == "cableway"


@pytest.mark.anyio
async def test_ux_5_scene_is_served_for_ever_and_only_if_it_can_be() -> None:
    transport = httpx.ASGITransport(app=Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://wenyue.test") as browser:
        url = scene_url(["故宫博物院"], (), "attraction", "palace-museum")
        answer = await browser.get(url)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-encoding"] == "br"
        plain = await browser.get(url, headers={"Accept-Encoding": "identity"})
        assert plain.text == answer.text == draw("palace", variant_of("故宫博物院", "palace-museum"))
        old = re.sub(r"\.[0-9a-f]{10}\.", ".0123456789.", url)
        assert (await browser.get(old)).headers["cache-control"] == "public, max-age=300"
        for wrong in ("palace-65536", "palace-99999", "palce-1", "palace-1/..", "palace-"):
            assert (await browser.get(f"/pictures/scenes/{wrong}.0123456789.svg")).status_code == 404
