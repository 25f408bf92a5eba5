"""The figures that README and docs give of the program itself are the program's."""

from __future__ import annotations

import csv
import gzip
import re
from pathlib import Path

import pytest

from tests.lab.chaos.test_checker import PLANTED
from wenyue.core.documents import DocumentKind
from wenyue.policy import shipped_presets
from wenyue_lab.chaos import backup_rehearsals
from wenyue_lab.chaos.drills import DRILLS
from wenyue_lab.chaos.every import EVERY
from wenyue_lab.simulator.planted import PLANTS

ROOT = Path(__file__).parents[2]
EN = [
    *(
        "no",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
]
ZH = "零一二三四五六七八九十"
PLAIN_PRESETS = {"default", "hotel", "shuttle", "table"}  # of no particular place
CARD_TYPES = len(list((ROOT / "src" / "wenyue" / "cards" / "types").glob("*.json")))
FAMOUS = len(set(shipped_presets()) - PLAIN_PRESETS)
FAULTS = len(EVERY) - len(backup_rehearsals.DRILLS)
ATTRACTIONS = ROOT / "src" / "wenyue" / "ops" / "data" / "china-5a-attractions.csv"
RESERVATIONS = ROOT / "tests" / "data" / "hotel-bookings-resort.csv.gz"
DOCUMENTS = {  # how README names each kind, in English and in Chinese
    DocumentKind.RESIDENT_ID: ("ID and residence cards", "居民身份证"),
    DocumentKind.RESIDENCE_PERMIT: ("ID and residence cards", "港澳台居民居住证"),
    DocumentKind.FOREIGN_PR: ("permanent-resident cards", "外国人永久居留身份证"),
    DocumentKind.HM_PERMIT: ("travel permits of Hong Kong, Macao", "港澳居民来往内地通行证"),
    DocumentKind.TW_PERMIT: ("and Taiwan", "台湾居民来往大陆通行证"),
    DocumentKind.PASSPORT: ("passports", "护照"),
    DocumentKind.TRAVEL_DOCUMENT: ("旅行证", "旅行证"),
    DocumentKind.SEAFARER_PASSPORT: ("海员证", "海员证"),
    DocumentKind.OFFICER_ID: ("军官证", "军官证"),
    DocumentKind.SOLDIER_ID: ("士兵证", "士兵证"),
}


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def zh(number: int) -> str:
    """Up to nineteen."""
    return ZH[number] if number <= 10 else f"十{ZH[number - 10]}"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("README.md", f"{EN[CARD_TYPES]} card types and {EN[FAMOUS]} famous reservation rules"),
        ("README.zh-CN.md", f"{zh(CARD_TYPES)}种卡、{zh(FAMOUS)}套知名预约规则"),
        ("CHANGELOG.md", f"Card types as data ({EN[CARD_TYPES]})"),
        ("README.md", f"{FAULTS} drills and {len(backup_rehearsals.DRILLS)} rehearsals"),
        ("README.zh-CN.md", f"{FAULTS} 项故障演练、{len(backup_rehearsals.DRILLS)} 项恢复演练"),
        ("CHANGELOG.md", f"{EN[len(DRILLS)].capitalize()} drills on a single installation"),
        ("CHANGELOG.md", f"{EN[len(backup_rehearsals.DRILLS)]} rehearsals with their runbooks"),
        ("docs/reliability.md", f"plants {EN[len(PLANTED)]} kinds of trouble into a clean history"),
    ],
)
def test_a_figure_is_the_programs(name: str, says: str) -> None:
    assert says in page(name), f"{name} does not say: {says}"


def test_readme_names_each_kind_of_document() -> None:
    assert set(DOCUMENTS) == set(DocumentKind)
    assert [en for en, _ in DOCUMENTS.values() if en not in page("README.md")] == []
    assert [chinese for _, chinese in DOCUMENTS.values() if chinese not in page("README.zh-CN.md")] == []


def test_the_data_have_as_many_rows_as_is_said() -> None:
    with ATTRACTIONS.open(encoding="utf-8") as file:
        attractions = sum(1 for _ in csv.DictReader(file))
    with gzip.open(RESERVATIONS, "rt", encoding="utf-8") as file:
        reservations = sum(1 for _ in csv.DictReader(file))
    assert f"the {attractions} national 5A attractions" in page("CHANGELOG.md")
    for name, says in (("README.md", "real reservations"), ("README.zh-CN.md", "条真实预订")):
        assert f"{reservations:,} {says}" in page(name)


def test_the_table_of_planted_bugs_has_each() -> None:
    rows = set(
        re.findall(
            r"^\| ([a-z][^|(]*?) \|", page("docs/simulator.md").partition("## Planted bugs")[2], re.MULTILINE
        )
    )
    assert rows - {"bug"} == {plant.name for plant in PLANTS}


def test_every_page_of_docs_is_linked_from_readme() -> None:
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")}
    assert {one for one in pages if f"]({one})" not in page("README.md")} - {
        "docs/http.md",
        "docs/names.md",
        "docs/reference.md",
    } == set()


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_what_readme_links_to_is_there(name: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)", page(name))
    assert [one for one in links if not (ROOT / one).exists()] == []
