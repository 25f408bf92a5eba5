"""Cancelling a part of a booking on the pages: which visits, which people, what is refused and how to mend it."""

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.support.booking_site import TODAY, BookingSite, booked, site
from tests.support.traveller_site import (
    CARD,
    CHILD_DOCUMENT,
    CHILD_NAME,
    LOCAL_CARD,
    NAME,
    OTHER_DOCUMENT,
    OTHER_NAME,
    Traveller,
)
from wenyue.booking import redeem
from wenyue.core.ids import uuid7

pytestmark = pytest.mark.anyio
__all__ = ["site"]
_LIVE = "SELECT count(*) FROM booking.line WHERE is_live"
_PLACES = "SELECT sum(sold) FROM booking.pool"
_PEOPLE = ((OTHER_NAME, OTHER_DOCUMENT), (CHILD_NAME, CHILD_DOCUMENT))


async def _party(site: BookingSite, *venues: str, days: int = 1) -> tuple[Traveller, str]:
    """Oneself, another adult and a child, booked at these venues; the booking's path."""
    one = site.traveller()
    await one.activate(CARD)
    for name, number in _PEOPLE:
        await one.get("/visitors/new?back=trip")
        typed = {"name": name, "number": number, "kind": "resident_id", "companion": "1"}
        await one.submit(one.form("/visitors/new"), typed)
    for code in venues:
        await one.choose(code, TODAY + timedelta(days=days))
    await one.get("/trip")
    ids = [part.partition('"')[0] for part in one.page.text.split('name="visitor" value="')[1:]]
    await one.submit(one.form("/trip/people"), {"visitor": ids})
    await one.submit(one.form("/trip/book"))
    assert one.path.startswith("/bookings/"), one.page.text
    return one, one.path


async def _admit(site: BookingSite, path: str, line: int, visitor: int) -> None:
    async with await psycopg.AsyncConnection.connect(site.owner_url) as tx:
        assert await redeem(
            tx,
            uuid7(),
            booking_id=UUID(path.rpartition("/")[2]),
            line_no=line,
            visitor_no=visitor,
            gate="N",
            now=site.clock[0],
        )


async def test_ux_F6_one_person_of_a_visit_is_cancelled_and_a_second_press_changes_nothing(
    site: BookingSite,
) -> None:
    one, path = await _party(site, "lake", "bus")
    before = await site.number(_PLACES)
    asked = await one.get(f"{path}/cancel?line=0")
    assert all(f">{name}<" in asked for name in (NAME, OTHER_NAME, CHILD_NAME))
    sure = await one.get(f"{path}/cancel?choose=1&visit=0&person=1")
    assert f'<dd lang="zh-CN">{OTHER_NAME}</dd>' in sure
    assert "不受影响" in sure
    form = one.form(f"{path}/cancel")
    assert "其他项目仍然有效" in await one.submit(form)
    assert await site.number(_PLACES) == before - 1
    assert "其他项目仍然有效" in await one.submit(form)
    assert await site.number(_PLACES) == before - 1
    assert await site.number(_LIVE) == 2


async def test_ux_F6_a_visit_cancelled_twice_is_cancelled_once(site: BookingSite) -> None:
    one, path = await _party(site, "lake", "bus")
    await one.get(f"{path}/cancel?choose=1&visit=0&person=0&person=1&person=2")
    form = one.form(f"{path}/cancel")
    await one.submit(form)
    assert "其他项目仍然有效" in await one.submit(form)
    assert await site.number(_LIVE) == 1
    assert await site.number("SELECT state FROM booking.booking") == 2


async def test_ux_F6_a_child_is_not_left_alone_and_the_fix_stands_at_the_people(site: BookingSite) -> None:
    one, path = await _party(site, "lake")
    await one.get(f"{path}/cancel?choose=1&visit=0&person=0&person=1")
    refused = await one.submit(one.form(f"{path}/cancel"), status=422)
    assert "孩子身边会没有成人：镜湖" in refused
    assert 'href="#people"' in refused
    assert 'name="person" value="0" checked' in refused  # what was chosen is kept
    assert await site.number(_PLACES) == 3


async def test_ux_F6_whoever_was_admitted_stays_and_the_others_may_go(site: BookingSite) -> None:
    one, path = await _party(site, "lake", "bus")
    await one.get(f"{path}/cancel?choose=1&visit=0&person=0")
    form = one.form(f"{path}/cancel")
    await _admit(site, path, 0, 0)
    refused = await one.submit(form, status=409)
    assert "已核销的预约不能取消或改期" in refused
    assert f'href="{path}"' in refused
    asked = await one.get(f"{path}/cancel")
    assert "已不能取消" in asked
    assert 'name="visit" value="0"' not in asked  # the bus alone is left to choose
    assert 'name="visit" value="1" checked' in asked
    await one.get(f"{path}/cancel?choose=1&visit=1&person=0&person=1&person=2")
    assert "其他项目仍然有效" in await one.submit(one.form(f"{path}/cancel"))
    assert await site.number(_LIVE) == 1


async def test_ux_F6_what_the_terms_forbid_meanwhile_is_refused_with_its_deadline(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    await one.choose("inn", TODAY + timedelta(days=1))
    await one.choose("kitchen", TODAY + timedelta(days=2))
    await one.submit(await one.review())
    if f"{one.path}/confirm" in one.page.text:
        await one.submit(one.form(f"{one.path}/confirm"))
    path = one.path
    await one.get(f"{path}/cancel?choose=1&visit=0&person=0")
    form = one.form(f"{path}/cancel")
    site.clock[0] += timedelta(days=1, hours=12)
    refused = await one.submit(form, status=409)
    assert "原来的预约没有变化" in refused
    assert await site.number(_LIVE) == 2


@pytest.mark.parametrize(
    "query",
    [
        "choose=1",
        "choose=1&visit=x&person=0",
        "choose=1&visit=99&person=0",
        "choose=1&visit=-1&person=0",
        "choose=1&visit=0",
        "choose=1&visit=0&person=77",
        "choose=1&visit=0&person=%00",
        "choose=1&visit=" + "9" * 400,
        "choose=1&" + "&".join("visit=0&person=x" for _ in range(100)),
    ],
)
async def test_ux_F6_mistyped_choices_are_asked_again_and_cancel_nothing(
    site: BookingSite, query: str
) -> None:
    one, path = await _party(site, "lake", "bus")
    page = await one.get(f"{path}/cancel?{query}", status=422)
    assert "请检查以下内容" in page
    assert await site.number(_LIVE) == 2
    await one.get(f"{path}/cancel?choose=1&visit=0&person=0")
    form = one.form(f"{path}/cancel")
    await one.submit(form, {"visit": ["77"], "person": ["x"]}, status=422)
    await one.submit(form, {"visit": ["0"], "person": ["99"]}, status=422)
    assert await site.number(_PLACES) == 6


async def test_ux_F6_a_hold_is_given_back_whole_without_terms(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(LOCAL_CARD)
    path = await booked(one)
    page = await one.get(f"{path}/cancel")
    assert "免费取消" not in page
    assert "线上没有收费" in page
    done = await one.submit(one.form(f"{path}/cancel"))
    assert "已取消" in done
    assert await site.number(_PLACES) == 0
    assert "/confirm" not in await one.get(path)


async def test_ux_F6_the_last_person_cancels_the_whole(site: BookingSite) -> None:
    one, path = await _party(site, "lake")
    await one.get(f"{path}/cancel?choose=1&visit=0&person=0&person=1&person=2")
    assert one.form(f"{path}/cancel").value("whole") == "1"
    assert "已取消" in await one.submit(one.form(f"{path}/cancel"))
    assert await site.number("SELECT state FROM booking.booking") != 2
    listed = await one.get("/bookings")
    assert path not in listed
