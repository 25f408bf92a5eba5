"""The replay's own installation: a fresh database with one hotel, one product and one guest account."""

import shutil
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from wenyue import accounts, catalogue, policy
from wenyue.booking import importing
from wenyue.core.clock import at_local
from wenyue.core.documents import Document, parse_document
from wenyue.core.personal import Vault
from wenyue.imports.bookings import ImportMap
from wenyue.locale import DEFAULT, SOURCE, Message
from wenyue.platform.config import ACCOUNT_MAX, Settings
from wenyue.platform.database.db import Database, Tx
from wenyue.platform.database.migrate import migrate
from wenyue.platform.embedded_server import ensure_started, erase, stop
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import load_keys

_GUEST: Final = "11010519491231002X"  # the example number of GB 11643-1999
_POLICY: Final = "replay-hotel"
_DAYS_MAX: Final = 5_000
_RELEASED: Final = datetime(1970, 1, 1, tzinfo=UTC)  # the file's guests booked up to two years ahead
_CONNECTIONS_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class Hotel:
    """What the driver needs to know. `token` is the guest's login, good for the whole replay."""

    venue_id: int
    product_id: int
    slots: dict[date, int]
    token: str = field(repr=False)


@contextmanager
def own_database(settings: Settings, tell: Callable[[str], None]) -> Generator[Settings]:
    """Settings of an installation of its own below the home, with a fresh database; stopped and erased at the end."""
    home = settings.home / "replay"
    erase(home)
    server = ensure_started(home, progress=tell)
    try:
        migrate(server.owner_url, progress=tell)
        yield settings_for(settings, home, server.app_url, server.owner_url)
    finally:
        stop(server)
        erase(home)
        shutil.rmtree(home, ignore_errors=True)


def settings_for(settings: Settings, home: Path, app_url: str, owner_url: str) -> Settings:
    """The settings of an installation in `home` that uses the database at `app_url`."""
    database = replace(settings.database, url=app_url, owner_url=owner_url, role="")
    return replace(settings, home=home, is_demo=False, database=database)


async def open_hotel(
    settings: Settings, chosen: ImportMap, capacity: int, nights: Sequence[date], first_day: date
) -> Hotel:
    """Make the hotel of the map with `capacity` rooms on each of `nights`, on sale from the start."""
    if len(nights) > _DAYS_MAX:
        raise SetupError(
            Message(
                "the file spans {n} nights, more than {days_max}: split it", n=len(nights), days_max=_DAYS_MAX
            ),
        )
    async with (
        Database(settings.database.owner_url, size_max=_CONNECTIONS_MAX, keeps=0) as database,
        database.transaction() as tx,
    ):
        # One guest books for everybody, so nothing counts people.
        unlimited = {"party_max": ACCOUNT_MAX, "account_day_max": ACCOUNT_MAX}
        await policy.save_presets(tx, like={_POLICY: ("hotel", unlimited)})
        venue_id, product_id = await _catalogue(tx, chosen)
        slots = [_slot(chosen, venue_id, product_id, night, capacity) for night in nights]
        await importing.open_slots(tx, slots)
        draws = await importing.slot_draws(tx, [product_id], min(nights), max(nights))
        token = await _guest(tx, Vault(load_keys(settings.home)), first_day, max(nights))
    of_nights = {night: draw.slot_id for (_, night), of_day in draws.items() for draw in of_day.values()}
    return Hotel(venue_id, product_id, of_nights, token)


async def _catalogue(tx: Tx, chosen: ImportMap) -> tuple[int, int]:
    mapped = chosen.venue
    venue = catalogue.Venue(
        code=mapped.code,
        kind="hotel",
        name=mapped.name,
        timezone=mapped.timezone,
    )
    venue_id = (await catalogue.upsert_venues(tx, [venue]))[mapped.code]
    product = catalogue.Product(
        venue_id=venue_id,
        code="room",
        kind="night",
        name={DEFAULT: "客房", SOURCE: "Room"},
        price_minor=chosen.replay.slot_price_minor,
        currency=mapped.currency,
        policy_code=_POLICY,
        needs_visitors=False,
        person_rule="none",
        is_first_gate=False,
    )
    product_id = (await catalogue.upsert_products(tx, [product]))[venue_id, "room"]
    return venue_id, product_id


def _slot(chosen: ImportMap, venue_id: int, product_id: int, night: date, capacity: int) -> importing.NewSlot:
    venue = chosen.venue
    starts_at = at_local(night, venue.check_in, venue.timezone)
    return importing.NewSlot(
        venue_id=venue_id,
        product_id=product_id,
        on_date=night,
        starts_at=starts_at,
        ends_at=at_local(night + timedelta(days=1), venue.check_out, venue.timezone),
        release_at=_RELEASED,
        closes_at=starts_at,
        capacity=capacity,
        price_minor=chosen.replay.slot_price_minor,
        currency=venue.currency,
    )


async def _guest(tx: Tx, vault: Vault, first_day: date, last_night: date) -> str:
    """An account that books for everybody: the file names nobody. Its login lasts from the first day to the last."""
    document = parse_document(None, _GUEST, today=last_night)
    if not isinstance(document, Document):
        raise SetupError(Message("the example document is refused: this is a defect"))
    now = datetime.combine(first_day, time(), tzinfo=UTC)
    traveller_id = await accounts.traveller_for(tx, vault, accounts.Identity("张三", document), now)
    ttl_s = (last_night - first_day + timedelta(days=2)).total_seconds()
    return await accounts.start_login(tx, now=now, traveller_id=traveller_id, ttl_s=ttl_s)


async def check_counters(settings: Settings, hotel: Hotel) -> tuple[list[tuple[int, ...]], dict[date, int]]:
    """From the database itself: pools that break invariant I2, and the places left per night."""
    async with (
        Database(settings.database.url, size_max=_CONNECTIONS_MAX, keeps=0) as database,
        database.connection() as tx,
    ):
        broken = await importing.pools_that_differ(tx, hotel.venue_id)
        nights = list(hotel.slots)
        draws = await importing.slot_draws(tx, [hotel.product_id], min(nights), max(nights))
        pools = {draw.pool_ids[0]: night for (_, night), of_day in draws.items() for draw in of_day.values()}
        places = await importing.places_left(tx, "", list(pools))
    return broken, {pools[pool_id]: left for pool_id, left in places.left.items()}
