"""Loading the demo: catalogue, calendar 30 days ahead, the states worth showing, cards and staff. Idempotent."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

import msgspec

from wenyue import cards, catalogue, policy
from wenyue.application.import_venues import do_import_venues
from wenyue.application.list_outcomes import ListRequest
from wenyue.booking import slot_planning
from wenyue.catalogue import NewClosure, Product, Venue
from wenyue.core.clock import local_date, utc_now
from wenyue.core.limits import SESSIONS_AHEAD_DAYS
from wenyue.core.personal import Vault
from wenyue.locale import DEFAULT, SOURCE
from wenyue.locale.terminal import gettext
from wenyue.ops.demo.attractions import (
    bus_template,
    dressed,
    opening_week,
    preset_code,
    sightseeing_bus,
    ticket,
    ticket_templates,
)
from wenyue.ops.demo.partner_facts import hours_of
from wenyue.ops.demo.partners import night_prices, partner_products, partner_template, partner_venues
from wenyue.ops.demo.people import add_people
from wenyue.ops.demo.shipped import PUBLIC_LIST, shipped_attractions, shipped_code
from wenyue.platform.database.db import Tx
from wenyue.policy import Preset

# The last venue that loading writes: it is there, so all is there.
_MARKER: Final = partner_venues()[-1].code
_TIMEZONE: Final = "Asia/Shanghai"
_PRICES_AHEAD_DAYS: Final = 180
SOLD_OUT: Final = shipped_code("北京", "颐和园")
NEARLY_SOLD_OUT: Final = shipped_code("北京", "天坛公园")
CLOSED_NEXT_WEEK: Final = shipped_code("湖北", "武汉市黄鹤楼公园")
SHOWN_DAYS: Final = 7  # how many days ahead have a full session to look at
NEARLY_LEFT: Final = 3


async def load(
    tx: Tx,
    vault: Vault,
    *,
    progress: Callable[[str], None] = lambda _line: None,
    today: date | None = None,
) -> None:
    """Load the demo into a migrated database, or do nothing when it is there. The caller commits.

    `today` (venue-local) is for tests; it defaults to the present day in China.
    """
    if await catalogue.venue(tx, _MARKER) is not None:
        return
    today = today or local_date(utc_now(), _TIMEZONE)
    await cards.save_types(tx)
    presets = await policy.load_presets(tx)
    progress(gettext("demo: attractions"))
    await _add_attractions(tx, presets)
    await _add_closure(tx, today)
    progress(gettext("demo: hotels, restaurants, shuttles"))
    await _add_partners(tx, today)
    progress(gettext("demo: calendar, {sessions_ahead_days} days", sessions_ahead_days=SESSIONS_AHEAD_DAYS))
    calendar = await policy.load_calendar(tx)
    await slot_planning.open_all_ahead(tx, calendar, presets, today)
    await _fill_up(tx, today)
    progress(gettext("demo: cards and logins"))
    await add_people(tx, vault)


async def _add_attractions(tx: Tx, presets: dict[str, Preset]) -> None:
    await do_import_venues(tx, ListRequest(PUBLIC_LIST, list(shipped_attractions())))
    venues = [dressed(one) for one in await _all_attractions(tx)]
    await catalogue.upsert_venues(tx, venues)
    ids = await catalogue.upsert_products(tx, [ticket(one) for one in venues])
    templates = [
        template
        for one in venues
        for template in ticket_templates(one, ids[one.id, "adult"], presets[ticket(one).policy_code])
    ]
    buses = await _stored(tx, [bus for one in venues if (bus := sightseeing_bus(one))])
    await catalogue.upsert_templates(tx, [*templates, *(bus_template(bus) for bus in buses)])
    await catalogue.replace_weeks(
        tx, {one.id: opening_week(one, presets[preset_code(one)]) for one in venues}
    )


async def _stored(tx: Tx, wanted: list[Product]) -> list[Product]:
    """The products with their ids."""
    ids = await catalogue.upsert_products(tx, wanted)
    return [msgspec.structs.replace(one, id=ids[one.venue_id, one.code]) for one in wanted]


async def _all_attractions(tx: Tx) -> list[Venue]:
    found: list[Venue] = []
    while page := await catalogue.venues(
        tx, kind="attraction", after=found[-1].id if found else 0, limit=100
    ):
        found += page
    return found


async def _add_partners(tx: Tx, today: date) -> None:
    wanted = partner_venues()
    ids = await catalogue.upsert_venues(tx, wanted)
    venues = [msgspec.structs.replace(one, id=ids[one.code]) for one in wanted]
    stored = await _stored(tx, [product for venue in venues for product in partner_products(venue)])
    await catalogue.upsert_templates(tx, [partner_template(one) for one in stored])
    await catalogue.replace_weeks(tx, {one.id: hours_of(one.id, one.kind) for one in venues})
    for one in stored:
        if one.kind == "night":
            await catalogue.set_prices(tx, one.id, night_prices(one, today, _PRICES_AHEAD_DAYS))


async def _add_closure(tx: Tx, today: date) -> None:
    venue = await catalogue.venue(tx, CLOSED_NEXT_WEEK)
    if venue is None:
        return
    monday = today + timedelta(days=7 - today.weekday())
    closure = NewClosure(
        venue_id=venue.id,
        from_date=monday,
        to_date=monday + timedelta(days=6),
        reason={DEFAULT: "设施检修（演示）", SOURCE: "Maintenance (demo)"},
        source="Demo",
    )
    await catalogue.add_closure(tx, closure)


async def _fill_up(tx: Tx, today: date) -> None:
    """Sessions that are full or nearly so, made by lowering the capacity: no booking is invented."""
    for code, places in ((SOLD_OUT, 0), (NEARLY_SOLD_OUT, NEARLY_LEFT)):
        product = await _ticket_of(tx, code)
        for number in range(1, SHOWN_DAYS + 1) if product else ():
            slots = (
                await slot_planning.slots_on(tx, product.id, today + timedelta(days=number))
                if product
                else []
            )
            for slot_id in slots[:1]:  # the day's first session
                await slot_planning.set_capacity(tx, slot_id, places)


async def _ticket_of(tx: Tx, code: str) -> Product | None:
    venue = await catalogue.venue(tx, code)
    products = await catalogue.products(tx, venue.id) if venue else []
    return products[0] if products else None
