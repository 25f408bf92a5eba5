"""What lists say of venues for visitors: other names, and what one wants to know before going."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.catalogue_lists import Lists
from wenyue import catalogue
from wenyue.application.export_venues import row_of
from wenyue.application.list_outcomes import ListVerdict
from wenyue.catalogue.facts import VenueFacts
from wenyue.imports.columns import FIELDS, Kind
from wenyue.imports.venue_lists import cells_of, header
from wenyue.imports.venues import FACTS
from wenyue.locale import DEFAULT, SOURCE

pytestmark = pytest.mark.anyio


@pytest.fixture
async def lists(make_database: Any, tmp_path: Path) -> AsyncIterator[Lists]:
    async with await psycopg.AsyncConnection.connect(make_database().owner_url, autocommit=True) as tx:
        yield Lists(tx, tmp_path)


async def test_ux_4_other_names_come_in_are_found_and_go_out(lists: Lists) -> None:
    listed = "省份,景区名称,别名\n浙江,西湖,西子湖、明圣湖，钱塘湖\n"
    assert (await lists.venues(listed)).verdicts == "new"
    [venue] = await catalogue.venues(lists.tx, text="明圣湖")
    assert set(venue.aliases) == {"西子湖", "明圣湖", "钱塘湖"}
    assert (await lists.venues(listed.replace("西子湖、明圣湖", "明圣湖、西子湖"))).verdicts == "same"
    assert (await lists.venues("省份,景区名称,等级\n浙江,西湖,\n")).verdicts == "same"  # says nothing of them
    assert (await lists.venues("省份,景区名称,别名\n浙江,西湖,金牛湖\n")).verdicts == "changed"
    [venue] = await catalogue.venues(lists.tx)
    assert venue.aliases == ("金牛湖",)
    written = dict(zip(header(DEFAULT), cells_of(row_of(venue, ()), DEFAULT), strict=True))
    assert written["别名"] == "金牛湖"
    many = "、".join(f"湖{n}" for n in range(31))
    [refused] = (await lists.venues(f"省份,景区名称,别名\n浙江,西湖,{many}\n")).outcomes
    assert refused.refusal is not None
    assert "30" in refused.refusal.fix.say("en")


async def test_ux_5_what_visitors_want_to_know_comes_in_and_stays(lists: Lists) -> None:
    head = "省份,景区名称,地址,英文地址,入口,怎么去,看点,咨询电话,开放说明\n"
    row = "浙江,试导入湖,法云弄 1 号,1 Fayun Lane,东门,地铁：3 号线；自驾：停车场,石刻,０５７１-8796 0000,防火日不开放\n"
    [first] = (await lists.venues(head + row)).outcomes
    assert first.verdict is ListVerdict.NEW
    venue = await catalogue.venue(lists.tx, first.what)
    assert venue is not None
    facts = venue.facts
    assert facts.address == {DEFAULT: "法云弄 1 号", SOURCE: "1 Fayun Lane"}
    assert (facts.entrance, facts.sights) == ({DEFAULT: "东门"}, {DEFAULT: "石刻"})
    assert (facts.phone, facts.hours_note) == ("0571-8796 0000", {DEFAULT: "防火日不开放"})
    assert (await lists.venues(head + row)).verdicts == "same"
    [moved] = (await lists.venues("省份,景区名称,地址\n浙江,试导入湖,法云弄 2 号\n")).outcomes
    assert [(one.field, one.after) for one in moved.differences] == [(f"address {DEFAULT}", "法云弄 2 号")]
    changed = await catalogue.venue(lists.tx, first.what)
    assert changed is not None
    assert (changed.facts.phone, changed.facts.address[SOURCE]) == (facts.phone, "1 Fayun Lane")
    [refused] = (await lists.venues("省份,景区名称,咨询电话\n浙江,试导入湖,问前台\n")).outcomes
    assert refused.refusal is not None
    assert (refused.refusal.reason.value, refused.refusal.column) == ("bad-phone", "咨询电话")


def test_every_fact_of_a_venue_has_its_columns() -> None:
    names = {field.name for field in FIELDS[Kind.VENUES]}
    assert {*FACTS, "phone"} == set(VenueFacts.__struct_fields__)
    assert names >= {*FACTS, *(f"{name}_en" for name in FACTS), "phone"}
