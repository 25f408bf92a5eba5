"""The English names that we ship: one for each attraction, written as the rules in ops/data/README.md say."""

import csv
import re
from typing import Final

from wenyue.imports.venues import NAME_MAX
from wenyue.ops.demo.english_names import NAME_KINDS, NAMES_FILE, EnglishName, english_names
from wenyue.ops.demo.shipped import SHIPPED_FILE

README: Final = NAMES_FILE.with_name("README.md")
WRITTEN: Final = re.compile(r"[A-Z][A-Za-z\u00fc]*(?:[ ,()'-]+[A-Za-z\u00fc]+)*\)?")
FIGURES: Final = {"359th"}  # the 359th Brigade
_GENERIC_LIST: Final = (
    "Area Battlefield Bend Canyon Cave City Forest Garden Gorge Grassland Hometown Island Lake Mausoleum Mount Mountain Museum"
    " Palace Park Parks Ridge River Sites Spring Springs Stream Terraces Town Valley Village Villages Waterfall Wetland Fields"
)
GENERIC: Final = frozenset(_GENERIC_LIST.split())
SAID_TWICE: Final = re.compile(
    r"shan (?:Mountain|Mount|Hill)|(?<!z)hu Lake|(?:he|jiang) River|dao Island|xia Gorge|gu Valley|dong Cave|zhen Town"
    r"|cun Village|si Temple|gong Palace|ling Mausoleum|Mount [A-Z][a-z]+shan\b"
)
PRESENT: Final = {  # readings that go wrong, and forms of other languages
    "六安市天堂寨旅游景区": "Tiantangzhai Scenic Area",
    "安徽省六安市万佛湖景区": "Wanfo Lake, Lu'an",
    "枣庄市台儿庄古城景区": "Tai'erzhuang Ancient Town",
    "山西省临汾市洪洞大槐树寻根祭祖园景区": "Hongtong Dahuaishu Ancestral Memorial Garden",
    "宁德市福鼎太姥山旅游区": "Mount Taimu",
    "重庆大足石刻景区": "Dazu Rock Carvings",
    "拉萨布达拉宫景区": "Potala Palace",
    "阿勒泰地区喀纳斯景区": "Kanas Lake",
    "黄山市黄山风景区": "Mount Huangshan",
}


def listed() -> list[str]:
    with SHIPPED_FILE.open(encoding="utf-8", newline="") as file:
        return [row["name"] for row in csv.DictReader(file)]


def of_kind(kind: str) -> list[EnglishName]:
    return [one for one in english_names().values() if one.kind == kind]


def test_every_attraction_has_exactly_one_name_in_the_order_of_the_list() -> None:
    with NAMES_FILE.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == ["name_zh", "name_en", "kind"]
    assert [row["name_zh"] for row in rows] == listed()
    assert len(english_names()) == len(rows) == 341
    assert {row["kind"] for row in rows} == set(NAME_KINDS)


def test_no_two_have_one_name() -> None:
    names = [one.text.casefold() for one in english_names().values()]
    assert len(set(names)) == len(names)


def test_names_are_plain_latin_text() -> None:
    for one in english_names().values():
        text = one.text
        for figure in FIGURES:
            text = text.replace(figure, "Figure")
        assert WRITTEN.fullmatch(text), one.text
        assert len(one.text) <= NAME_MAX
        assert "  " not in one.text
        assert one.text.count("(") == one.text.count(")"), one.text


def test_a_formed_name_says_what_it_is_once() -> None:
    for one in of_kind("formed"):
        assert GENERIC.intersection(re.findall(r"[A-Za-z]+", one.text)), one.text
        assert not SAID_TWICE.search(one.text), one.text


def test_readings_that_dictionaries_get_wrong() -> None:
    names = english_names()
    assert {zh: names[zh].text for zh in PRESENT} == PRESENT


def test_the_readme_counts_them() -> None:
    page = README.read_text(encoding="utf-8")
    for kind in NAME_KINDS:
        assert f"`{kind}` ({len(of_kind(kind))})" in page
