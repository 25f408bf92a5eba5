"""What is free at all venues, held by a process: as the calendar says it, bounded in time, and never in the way."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.support.traveller_pages import services
from tests.support.traveller_site import NOW
from wenyue.booking import SlotState, availability
from wenyue.booking.slots.outlook import PARTY_MAX, Outlook
from wenyue.catalogue import products, venue
from wenyue.catalogue.directory import Directory, Entry, distance_km
from wenyue.container import Services
from wenyue.core.clock import days, local_date
from wenyue.platform.database.db import Database
from wenyue.web.traveller.list_query import AHEAD_DAYS, STRIP_DAYS

pytestmark = pytest.mark.anyio
__all__ = ["services"]
TODAY = local_date(NOW, "Asia/Shanghai")
STRIP = days(TODAY, TODAY + timedelta(days=13))
CODES = ("lake", "temple", "tower", "inn", "kitchen", "bus")


@pytest.fixture
async def outlook(services: Services) -> AsyncIterator[Outlook]:
    """One that knows nothing yet."""
    own = Outlook(services.db, lambda: NOW)
    yield own
    await own.stop()


async def test_ux_4_a_day_is_what_the_calendars_say(services: Services, outlook: Outlook) -> None:
    found = await outlook.days(STRIP, first=STRIP[2], wait_s=60)
    directory = await outlook.directory()
    for code in CODES:
        async with services.db.reading() as tx:
            place = await venue(tx, code)
            assert place is not None
            [offer] = await products(tx, place.id)
            slots = await availability(tx, offer.id, STRIP[0], STRIP[-1], NOW)
        for day in STRIP:
            free = [
                one.left
                for one in slots
                if one.on_date == day and one.state in (SlotState.PLENTY, SlotState.TIGHT)
            ]
            best = min(PARTY_MAX, max(free, default=0))
            if best and offer.kind in ("night", "table"):
                best = PARTY_MAX
            assert found[day].rooms[directory.position[place.id]] == best, (code, day)


async def test_ux_4_the_days_of_a_page_are_what_the_calendars_say(
    services: Services, outlook: Outlook
) -> None:
    directory = await outlook.directory()
    ids = [one.id for one in directory.entries if one.code in CODES]
    for party in (1, 2, PARTY_MAX):
        shown = await outlook.of_venues(ids, (STRIP[0], STRIP[-1]), party=party, wait_s=60)
        assert shown is not None
        for id_ in ids:
            entry = directory.entry(id_)
            assert entry is not None
            [offer] = directory.offers_of[id_]
            async with services.db.reading() as tx:
                slots = await availability(tx, offer.id, STRIP[0], STRIP[-1], NOW)
            need = 1 if offer.is_unit else party
            for one in shown[id_]:
                fitting = [slot for slot in slots if slot.on_date == one.on_date and slot.left >= need]
                assert one.fitting == len(fitting), (entry.code, one)
                if fitting:
                    first = fitting[0]
                    assert (one.slot_id, one.left, one.price_minor) == (
                        first.slot_id,
                        first.left,
                        first.price_minor,
                    )
                    assert one.state == first.state
                else:
                    states = {slot.state for slot in slots if slot.on_date == one.on_date}
                    assert one.state in states | {SlotState.FULL}


async def test_ux_4_what_is_late_is_left_out_and_keeps_nobody(outlook: Outlook) -> None:
    directory = await outlook.directory()
    ids = list(directory.ids[:3])
    assert await outlook.days(STRIP, first=None, wait_s=0) == {}
    assert await outlook.of_venues(ids, (STRIP[0], STRIP[-1]), party=1, wait_s=0) is None
    assert await outlook.of_venues(ids, (STRIP[0], STRIP[-1]), party=1, wait_s=60) is not None
    assert set(await outlook.days(STRIP, first=None, wait_s=60)) == set(STRIP)


async def test_ux_4_more_pages_than_are_read_at_once_say_nothing_of_dates(outlook: Outlook) -> None:
    directory = await outlook.directory()
    asked = [
        outlook.of_venues(directory.ids[:3], (STRIP[0], STRIP[-1]), party=1, wait_s=60) for _ in range(40)
    ]
    answers = await asyncio.gather(*asked)
    assert any(one is None for one in answers)
    assert sum(one is not None for one in answers) >= 1


async def test_ux_4_a_database_that_is_away_is_no_fault_of_a_list(
    services: Services, outlook: Outlook
) -> None:
    directory = await outlook.directory()
    async with Database(services.db.url, size_max=2, role=services.db.role) as db:
        own = Outlook(db, lambda: NOW)
        assert (await own.directory()).ids == directory.ids
    assert await own.days(STRIP, first=None, wait_s=60) == {}
    assert await own.of_venues(directory.ids[:3], (STRIP[0], STRIP[-1]), party=1, wait_s=60) is None
    await own.stop()


async def test_ux_4_every_day_that_can_be_asked_for_is_kept(outlook: Outlook) -> None:
    """Else whoever asks for one day after the other makes each unknown again, and all of them are read without rest."""
    ahead = days(TODAY, TODAY + timedelta(days=AHEAD_DAYS + STRIP_DAYS // 2))
    for day in ahead:
        await outlook.days([day], first=day, wait_s=60)
    assert list(await outlook.days(ahead, first=None, wait_s=0)) == ahead


def test_a_mask_counts_and_names_its_venues() -> None:
    entries = [
        Entry(n, f"v{n}", "attraction" if n % 2 else "hotel", f"p{n % 3}", "", lat, lon, frozenset(), n != 4)
        for n, lat, lon in (
            (1, 30.0, 120.0),
            (2, 31.0, 120.0),
            (4, 30.1, 120.0),
            (5, None, None),
            (9, 30.0, 120.4),
        )
    ]
    directory = Directory("1", entries, [])
    assert directory.ids_of(directory.of_kind("")) == [1, 2, 5, 9]
    assert directory.ids_of(directory.of_kind("attraction") & directory.of_province("p2")) == [5]
    assert directory.ids_of(directory.of_ids([9, 4, 77])) == [9]
    assert directory.by_distance(directory.active, (30.0, 120.0)) == [1, 9, 2, 5]
    assert directory.middle_of("p1") == (30.0, 120.0)
    assert directory.of_province("nowhere") == 0
    assert distance_km((30.0, 120.0), (31.0, 120.0)) == pytest.approx(111.2, abs=0.1)
