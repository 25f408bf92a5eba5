"""The same generated stays, asked by the API and imported as rows of a file, have the same outcomes and take the same places.

What an import differs in, by nature: it has no account (so no account's limits, and no persons), takes no payment (the old system
did: what is held here and confirmed is confirmed at once there), and tells nobody. Sessions, quantities, prices, totals, and what
the pools have taken are the same, and so is being refused when a pool is full. Sent again, nothing changes in either.
"""

import asyncio
import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.api_site import TODAY, ApiSite, Person, api_site
from tests.support.database import DbUrls
from tests.support.traveller_site import NOW
from wenyue.core.ids import uuid7
from wenyue.imports.bookings import Verdict, read_map
from wenyue.ops.imports import Importer, Options
from wenyue.platform.database.db import Database

ROOMS = 3
LINES = """SELECT l.slot_id, l.line_no, l.quantity, l.price_minor, b.total_minor, b.state, b.currency
  FROM booking.line l JOIN booking.booking b ON b.id = l.booking_id WHERE l.is_live ORDER BY 1, 2, 3, 4, 5"""
POOLS = "SELECT id, capacity, sold, held FROM booking.pool ORDER BY id"
MAP = """source = "equal"
key.columns = ["no"]
[venue]
code = "inn"
name_zh = "客栈"
timezone = "Asia/Shanghai"
[columns]
arrival = {{ column = "arrival", formats = ["%Y-%m-%d"] }}
nights = "nights"
quantity = "rooms"
product = "product"
status = "status"
adults = "adults"
price = {{ column = "price", per = "night" }}
[status]
ok = "confirmed"
[products.room]
code = "{code}"
name_zh = "客房"
capacity = {rooms}
"""


@dataclass(frozen=True)
class Stay:
    """So many rooms for so many nights."""

    in_days: int
    nights: int
    rooms: int


STAYS = st.lists(
    st.builds(Stay, st.integers(1, 3), st.integers(1, 2), st.integers(1, 2)), min_size=2, max_size=5
)


async def by_api(site: ApiSite, who: Person, stay: Stay) -> tuple[str, int]:
    """The outcome, once what is held was paid; and what a room costs a night."""
    slots = [
        (await site.slots("inn", TODAY + timedelta(days=stay.in_days + n)))[0] for n in range(stay.nights)
    ]
    lines = [
        {"slot_id": one["slot_id"], "quantity": stay.rooms, "price_minor": one["price_minor"]}
        for one in slots
    ]
    booking_id = str(uuid7())
    body: dict[str, Any] = {"id": booking_id, "lines": lines, "visitors": []}
    said = (await site.client.post("/v1/bookings", json=body, headers=who.headers)).json()["outcome"]
    if said == "held":
        paid = await site.client.post(f"/v1/bookings/{booking_id}/confirmation", headers=who.headers)
        said = paid.json()["outcome"]
    return said, slots[0]["price_minor"]


async def rows(urls: DbUrls, *statements: str) -> list[list[tuple[Any, ...]]]:
    """What the database holds of it."""
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        return [await (await tx.execute(one.encode())).fetchall() for one in statements]


class Old:
    """The old system: its file grows by a row for each stay, and is imported whole each time."""

    def __init__(self, home: Path, urls: DbUrls, site: ApiSite, code: str) -> None:
        self.path, self.urls, self.site, self.said = home / "old.csv", urls, site, list[list[object]]()
        (home / "old.toml").write_text(MAP.format(code=code, rooms=ROOMS), encoding="utf-8")
        self.map = read_map(home / "old.toml")

    async def take(self, stay: Stay, price_minor: int) -> Verdict:
        """What becomes of one more row; those before are known."""
        arrival: date = TODAY + timedelta(days=stay.in_days)
        self.said.append(
            [len(self.said), arrival, stay.nights, stay.rooms, "room", "ok", stay.rooms, price_minor / 100]
        )
        with self.path.open("w", encoding="utf-8", newline="") as file:
            write = csv.writer(file)
            write.writerow(["no", "arrival", "nights", "rooms", "product", "status", "adults", "price"])
            write.writerows(self.said)
        before = await self._imported()
        async with Database(self.urls.owner_url, size_max=4, keeps=0) as db:
            done = await Importer(db, self.site.app.services.vault, self.map, NOW).import_file(
                self.path, Options()
            )
        assert done.tally.is_complete
        return Verdict.IMPORTED if await self._imported() > before else Verdict.REFUSED

    async def _imported(self) -> int:
        [[(count,)]] = await rows(self.urls, "SELECT count(*) FROM booking.booking WHERE source = 'equal'")
        return count


async def play(make_database: Callable[[], DbUrls], home: Path, stays: list[list[Stay]]) -> set[str]:
    """Every list of stays, one after the other, in two installations that are alike."""
    here, there, seen = make_database(), make_database(), set[str]()
    async with api_site(lambda: here, home / "api") as asked, api_site(lambda: there, home / "old") as moved:
        for urls in (here, there):
            async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
                await tx.execute(
                    "UPDATE booking.pool SET capacity = %s WHERE id IN (SELECT unnest(s.pool_ids) FROM booking.slot s"
                    " JOIN catalogue.venue v ON v.id = s.venue_id WHERE v.code = 'inn')",
                    [ROOMS],
                )
        [[(code,)]] = await rows(
            there,
            "SELECT p.code FROM catalogue.product p JOIN catalogue.venue v ON v.id = p.venue_id WHERE v.code = 'inn'",
        )
        old = Old(home, there, moved, code)
        who = await asked.traveller()
        for stay in (one for some in stays for one in some):
            said, price = await by_api(asked, who, stay)
            seen.add(said)
            if said not in {"confirmed", "sold_out"}:
                continue  # an account's limits: an import has no account
            verdict = await old.take(stay, price)
            assert (verdict is Verdict.IMPORTED) == (said == "confirmed"), (stay, said, verdict)
            mine, theirs = await rows(here, LINES, POOLS), await rows(there, LINES, POOLS)
            assert mine == theirs, stay
    return seen


def test_the_same_stays_by_api_and_import_take_the_same_places(
    make_database: Callable[[], DbUrls], tmp_path: Path
) -> None:
    stays: list[list[Stay]] = []

    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(some=STAYS)
    def draw(some: list[Stay]) -> None:
        stays.append(some)

    draw()
    seen = asyncio.run(play(make_database, tmp_path, stays))
    assert {"confirmed", "sold_out"} <= seen, seen
