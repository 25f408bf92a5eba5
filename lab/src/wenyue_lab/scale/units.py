"""Which units there are, in the order of their measurement: bookings, reads, a waiting room until after its release."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg

from wenyue.core.personal import Vault
from wenyue.locale import DEFAULT, SOURCE
from wenyue.platform.database.db import queries
from wenyue.platform.embedded_server import ServerInfo
from wenyue.waiting_room import NewRoom, advance_waiting_rooms, open_room
from wenyue_lab.benchmark.dataset import FULL_CAPACITY, Dataset
from wenyue_lab.benchmark.site import HOST
from wenyue_lab.benchmark.wire import Plan, build, token
from wenyue_lab.scale.model import Unit
from wenyue_lab.scale.requests import ROOM, bookings, pass_cookie, passes_of, post, room_page
from wenyue_lab.scale.unit_bench import FEWEST, Bench

_SQL: Final = queries("wenyue_lab.scale", "measuring.sql")
_CALM_PER_S: Final = 500.0
_LOOKS_PER_S: Final = 6_000.0
_VISITORS: Final = 4_000  # connections, each of which looks now and then
_PASSES: Final = 8_000
_READ_S: Final = 1.6  # until every process has read the rooms again
_PAGES: Final = 4_000
_COOKIES: Final = FEWEST  # of people who come again: each had a pass, however short the run
_TOKENS: Final = 4_000
_FEW: Final = 48  # connections for what is not on the hot path: more would be refused as too many
_NOBODY: Final = 999_999_999  # a product that no slot has: the room guards nothing that is measured


def all_units(bench: Bench, people: int, vault: Vault) -> dict[str, Unit]:
    """Every unit by its name (`model.UNITS`): bookings and reads, then the room."""
    units: dict[str, Unit] = {}
    bench.unit("warming up", bookings(bench.dataset, "hot", people // 6), "201", bench.way(1.0))
    bench.idle()
    busy = bookings(bench.dataset, "hot", people // 2)
    units["booking_full"] = bench.unit("booking_full", busy, "201", bench.way(3.0))
    calm = bookings(bench.dataset, "hot", int(_CALM_PER_S * 5))
    units["booking_calm"] = bench.unit("booking_calm", calm, "201", bench.way(3.0, per_s=_CALM_PER_S))
    bench.checkpoint()
    spread = bookings(bench.dataset, "spread", people // 2)
    units["booking_spread"] = bench.unit("booking_spread", spread, "201", bench.way(2.0))
    size = bench.answer_bytes(bookings(bench.dataset, "hot", 1)[0])
    units = {name: _with_answer(unit, size) for name, unit in units.items()}
    full = bench.dataset.slots(0, "full")
    bench.unit("selling out", build(Plan("book", 1, FULL_CAPACITY, full)), "201", bench.way(1.0))
    asking = build(Plan("sold_out", 1 + FULL_CAPACITY, 4_000, full))
    units["sold_out"] = bench.unit("sold_out", asking, "409", bench.way(1.5, warm_s=1.0, again=True))
    reading = build(Plan("availability", path=bench.dataset.availability_path()))
    units["availability"] = bench.unit("availability", reading, "200", bench.way(1.5, again=True))
    return units | _room_units(bench, vault)


def _room_units(bench: Bench, vault: Vault) -> dict[str, Unit]:
    """A room that guards nothing, so that only itself is measured."""
    release_at = datetime.now(UTC) + timedelta(hours=1)
    asyncio.run(_open(bench.server, vault, release_at, bench.dataset))
    units: dict[str, Unit] = {}
    time.sleep(_READ_S)  # web processes read rooms by themselves, and nothing tells when they have
    bench.idle()  # a room has work of its own each second, however many look at it
    first_page, last_page = bench.few(_PASSES) + 1, bench.few(_PASSES) + bench.few(_PAGES)
    passes = [post(f"/v1/rooms/{ROOM}/pass", card, {}) for card in range(1, first_page)]
    units["room_pass"] = bench.unit("room_pass", passes, "201", bench.way(3.0, connections=_FEW))
    pages = [room_page(f"wy_login={token(card)}") for card in range(first_page, last_page + 1)]
    units["room_page"] = bench.unit("room_page", pages, "200", bench.way(2.0, connections=_FEW))
    again = [
        room_page(f"wy_login={token(card)}; {pass_cookie(bench, card)}") for card in range(1, _COOKIES + 1)
    ]
    few = bench.way(2.0, connections=_FEW, again=True)
    units["room_page_again"] = bench.unit("room_page_again", again, "200", few)
    look = f"GET /room/{ROOM}.json HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\n\r\n".encode()
    seen = bench.way(2.0, connections=bench.few(_VISITORS), per_s=_LOOKS_PER_S * bench.pace, again=True)
    units["room_file"] = bench.unit("room_file", [look], "200", seen)
    same = f"GET /room/{ROOM}.json HTTP/1.1\r\nHost: {HOST}\r\nIf-None-Match: *\r\n\r\n".encode()
    seen = bench.way(2.0, connections=bench.few(_VISITORS), per_s=_LOOKS_PER_S * bench.pace, again=True)
    units["room_file_same"] = bench.unit("room_file_same", [same], "304", seen)
    given = passes_of(bench, passes[: bench.few(_TOKENS)])
    asyncio.run(_release(bench.server, vault, release_at + timedelta(seconds=10)))
    time.sleep(_READ_S)  # web processes read rooms by themselves, and nothing tells when they have
    tokens = [post(f"/v1/rooms/{ROOM}/token", card, {"pass": text}) for card, text in enumerate(given, 1)]
    units["room_token"] = bench.unit("room_token", tokens, "201", bench.way(3.0, connections=_FEW))
    sizes = {"room_pass": passes[0], "room_token": tokens[0], "room_page": pages[0]}
    return units | {name: _with_answer(units[name], bench.answer_bytes(one)) for name, one in sizes.items()}


async def _open(server: ServerInfo, vault: Vault, release_at: datetime, dataset: Dataset) -> None:
    day = dataset.first_day
    new = NewRoom(ROOM, {DEFAULT: "测量", SOURCE: "Measurement"}, None, (_NOBODY,), day, day, "/", release_at)
    async with await psycopg.AsyncConnection.connect(server.owner_url) as tx:
        await open_room(tx, vault, new, datetime.now(UTC), actor="scale")


async def _release(server: ServerInfo, vault: Vault, now: datetime) -> None:
    """The keeper's work once, as it will be at `now`; then everybody may come in."""

    async def unknown(*_: object) -> None:
        return None

    async with await psycopg.AsyncConnection.connect(server.owner_url) as tx:
        await advance_waiting_rooms(tx, vault, now, places_left=unknown)
        await tx.execute(_SQL["let_everybody_in"], {"code": ROOM})


def _with_answer(unit: Unit, out_bytes: float) -> Unit:
    return replace(unit, out_bytes=out_bytes)
