"""Measures unit costs: a site of its own, one kind of request at a time, processor time and bytes before and after."""

import asyncio
import json
import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg

from wenyue.emergency import NewRoom, keep_rooms, open_room
from wenyue.infra.db import queries
from wenyue.infra.fault import SetupError
from wenyue.infra.keys import load_keys
from wenyue.infra.server import ServerInfo, hold_home
from wenyue.kernel.personal import Vault
from wenyue.tools.bench.load import Outcome
from wenyue.tools.bench.postgres import cpu_seconds
from wenyue.tools.bench.site import HOST, Site, database, machine, site
from wenyue.tools.bench.wire import Plan, build, token
from wenyue.tools.bench.world import FULL_CAPACITY, World, seed
from wenyue.tools.scale.model import Costs, Unit
from wenyue.tools.scale.sending import Sender, Way

ROOM: Final = "scale"
_SQL: Final = queries("wenyue.tools.scale", "measuring.sql")
_CONNECTIONS: Final = 512
_CALM_PER_S: Final = 500.0
_LOOKS_PER_S: Final = 6_000.0
_VISITORS: Final = 4_000  # connections, each of which looks now and then
_WAITING: Final = 2_000  # connections that say nothing
_IDLE_S: Final = 4.0
_PASSES: Final = 8_000
_READ_S: Final = 1.6  # until every process has read the rooms again
_OTHERS_MAX: Final = 0.01  # share of other answers, beyond which a figure says so
_PAGES: Final = 4_000
_COOKIES: Final = 100
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PASS_COOKIE: Final = re.compile(rb"\r\nset-cookie: (wy_pass=[^;]+)", re.IGNORECASE)
_STATIC: Final = re.compile(rb'"(/static/[^"]+)"')
_TOKENS: Final = 4_000
_FEW: Final = 48  # connections for what is not on the hot path: more would be refused as too many
_COLLECTORS: Final = 16
_COLLECT_DEADLINE_S: Final = 30.0
_AGAIN_MAX: Final = 3
_NOBODY: Final = 999_999_999  # a product that no slot has: the room guards nothing that is measured


@dataclass(slots=True)
class _Bench:
    server: ServerInfo
    web: Site
    world: World
    sender: Sender
    tell: Callable[[str], None]
    pace: float = 1.0  # share of the usual time and numbers
    idle_web: float = 0.0
    idle_database: float = 0.0
    idle_wal: float = 0.0  # bytes a second
    notes: list[str] = field(default_factory=list[str])

    def idle(self) -> None:
        """What the installation uses when nobody asks."""
        self.tell("nobody asks")
        lsn, _ = self._database_bytes()
        began, web, base = time.perf_counter(), self.web.cpu_s(), cpu_seconds(self.server)
        time.sleep(_IDLE_S * self.pace)
        took = time.perf_counter() - began
        self.idle_web = (self.web.cpu_s() - web) / took
        self.idle_database = (cpu_seconds(self.server) - base) / took
        self.idle_wal = (self._database_bytes()[0] - lsn) / took

    def unit(self, name: str, requests: Sequence[bytes], wanted: str, way: Way) -> Unit:
        """Send, and divide what was used by what was answered as wanted.

        What may be sent again is, at most _AGAIN_MAX times, when it seemed to use no processor: something else ran in the
        installation while nobody asked, so that is looked at anew.
        """
        made = self._sent(name, requests, wanted, way)
        for _ in range(_AGAIN_MAX if way.again else 0):
            if made.web_us:
                break
            self.idle()
            made = self._sent(name, requests, wanted, way)
        return made

    def _sent(self, name: str, requests: Sequence[bytes], wanted: str, way: Way) -> Unit:
        self.tell(name)
        lsn, kept = self._database_bytes()
        began, web, base = time.perf_counter(), self.web.cpu_s(), cpu_seconds(self.server)
        outcome = self.sender.send(requests, way)
        took = time.perf_counter() - began
        web_s = self.web.cpu_s() - web - self.idle_web * took
        base_s = cpu_seconds(self.server) - base - self.idle_database * took
        lsn_after, kept_after = self._database_bytes()
        count = outcome.all_statuses.get(wanted, 0)
        self._complain(name, outcome, wanted)
        if not count:
            raise SetupError(
                f"{name}: not one answer was {wanted}; {outcome.all_statuses} {_sample(outcome)}", "测量失败"
            )
        return Unit(
            web_us=max(0.0, web_s) / count * 1e6,
            database_us=max(0.0, base_s) / count * 1e6,
            wal_bytes=max(0.0, lsn_after - lsn - self.idle_wal * took) / count,
            stored_bytes=max(0.0, (kept_after - kept) / count),
            in_bytes=sum(map(len, requests)) / len(requests),
            out_bytes=self.answer_bytes(requests[-1]) if way.again else 0.0,
            per_s=outcome.statuses.get(wanted, 0) / outcome.seconds if outcome.seconds else 0.0,
            count=count,
        )

    def way(
        self,
        seconds: float,
        *,
        warm_s: float = 0.3,
        connections: int = _CONNECTIONS,
        per_s: float = 0.0,
        again: bool = False,
    ) -> Way:
        """How to send, for a share of the usual time when this is a short run."""
        return Way(seconds * self.pace, connections, warm_s * self.pace, per_s, again)

    def few(self, usual: int) -> int:
        """How many in a run of this pace."""
        return max(_COOKIES, round(usual * self.pace))

    def answer_bytes(self, request: bytes) -> float:
        """The size of one answer, head included."""
        head, body = self.answer(request)
        return float(len(head) + 4 + len(body))

    def answer(self, request: bytes) -> tuple[bytes, bytes]:
        """Head and body of one answer."""
        with socket.create_connection((HOST, self.web.port), timeout=5) as connection:
            connection.sendall(request)
            data = b""
            while True:
                data += connection.recv(65536)
                head, split, body = data.partition(b"\r\n\r\n")
                length = _LENGTH.search(head)
                if split and (length is None or len(body) >= int(length[1])):
                    return head, body

    def checkpoint(self) -> None:
        """From here on the first change of every page is logged whole."""
        with psycopg.connect(self.server.superuser_url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def _database_bytes(self) -> tuple[float, float]:
        with psycopg.connect(self.server.owner_url, autocommit=True) as connection:
            row = connection.execute(_SQL["bytes"]).fetchone()
        return (float(row[0]), float(row[1])) if row else (0.0, 0.0)

    def _complain(self, name: str, outcome: Outcome, wanted: str) -> None:
        others = {status: count for status, count in outcome.all_statuses.items() if status != wanted}
        if sum(others.values()) > _OTHERS_MAX * sum(outcome.all_statuses.values()) or outcome.lost:
            self.notes.append(f"{name}: other answers {others}, lost {outcome.lost} {_sample(outcome)}")


def measure(
    home: Path, workers: int, people: int, tell: Callable[[str], None], *, pace: float = 1.0
) -> Costs:
    """Everything in turn; what was started is stopped and erased whatever happens. `home` is the measurement's own."""
    with hold_home(home, "wenyue scale"):
        tell("a database of its own")
        with database(home, lambda _line: None) as server:
            facts = machine(server)
            tell(f"{people:,} card holders")
            world = seed(server, home, people, lambda _line: None)
            vault = Vault(load_keys(home))
            log = home / "web.log"
            log.unlink(missing_ok=True)
            with site(server, home, workers, log) as web, Sender(web.port) as sender:
                bench = _Bench(server, web, world, sender, tell, pace)
                kb = _connection_kb(bench)
                units = _all_units(bench, people, vault)
                return Costs(
                    units=units,
                    connection_kb=kb,
                    assets_bytes=_assets_bytes(bench),
                    idle_web_share=bench.idle_web,
                    idle_database_share=bench.idle_database,
                    web_mb=max(web.rss_mb()),
                    workers=workers,
                    machine={
                        key: value for key, value in facts.items() if isinstance(value, str | int | float)
                    },
                    notes=tuple(bench.notes),
                )


def _all_units(bench: _Bench, people: int, vault: Vault) -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    bench.unit("warming up", _bookings(bench.world, "hot", people // 6), "201", bench.way(1.0))
    bench.idle()
    busy = _bookings(bench.world, "hot", people // 2)
    units["booking_full"] = bench.unit("booking_full", busy, "201", bench.way(3.0))
    calm = _bookings(bench.world, "hot", int(_CALM_PER_S * 5))
    units["booking_calm"] = bench.unit("booking_calm", calm, "201", bench.way(3.0, per_s=_CALM_PER_S))
    bench.checkpoint()
    spread = _bookings(bench.world, "spread", people // 2)
    units["booking_spread"] = bench.unit("booking_spread", spread, "201", bench.way(2.0))
    size = bench.answer_bytes(_bookings(bench.world, "hot", 1)[0])
    units = {name: _with_answer(unit, size) for name, unit in units.items()}
    full = bench.world.slots(0, "full")
    bench.unit("selling out", build(Plan("book", 1, FULL_CAPACITY, full)), "201", bench.way(1.0))
    asking = build(Plan("sold_out", 1 + FULL_CAPACITY, 4_000, full))
    units["sold_out"] = bench.unit("sold_out", asking, "409", bench.way(1.5, warm_s=1.0, again=True))
    reading = build(Plan("availability", path=bench.world.availability_path()))
    units["availability"] = bench.unit("availability", reading, "200", bench.way(1.5, again=True))
    return units | _room_units(bench, vault)


def _room_units(bench: _Bench, vault: Vault) -> dict[str, Unit]:
    """A room that guards nothing, so that only itself is measured."""
    release_at = datetime.now(UTC) + timedelta(hours=1)
    asyncio.run(_open(bench.server, vault, release_at, bench.world))
    units: dict[str, Unit] = {}
    time.sleep(_READ_S)
    bench.idle()  # a room has work of its own each second, however many look at it
    first_page, last_page = bench.few(_PASSES) + 1, bench.few(_PASSES) + bench.few(_PAGES)
    passes = [_post(f"/v1/rooms/{ROOM}/pass", card, {}) for card in range(1, first_page)]
    units["room_pass"] = bench.unit("room_pass", passes, "201", bench.way(3.0, connections=_FEW))
    pages = [_page(f"wy_login={token(card)}") for card in range(first_page, last_page + 1)]
    units["room_page"] = bench.unit("room_page", pages, "200", bench.way(2.0, connections=_FEW))
    again = [_page(f"wy_login={token(card)}; {_pass_cookie(bench, card)}") for card in range(1, _COOKIES + 1)]
    few = bench.way(2.0, connections=_FEW, again=True)
    units["room_page_again"] = bench.unit("room_page_again", again, "200", few)
    look = f"GET /room/{ROOM}.json HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\n\r\n".encode()
    seen = bench.way(2.0, connections=bench.few(_VISITORS), per_s=_LOOKS_PER_S * bench.pace, again=True)
    units["room_file"] = bench.unit("room_file", [look], "200", seen)
    same = f"GET /room/{ROOM}.json HTTP/1.1\r\nHost: {HOST}\r\nIf-None-Match: *\r\n\r\n".encode()
    seen = bench.way(2.0, connections=bench.few(_VISITORS), per_s=_LOOKS_PER_S * bench.pace, again=True)
    units["room_file_same"] = bench.unit("room_file_same", [same], "304", seen)
    given = _passes_of(bench, passes[: bench.few(_TOKENS)])
    asyncio.run(_release(bench.server, vault, release_at + timedelta(seconds=10)))
    time.sleep(_READ_S)
    tokens = [_post(f"/v1/rooms/{ROOM}/token", card, {"pass": text}) for card, text in enumerate(given, 1)]
    units["room_token"] = bench.unit("room_token", tokens, "201", bench.way(3.0, connections=_FEW))
    sizes = {"room_pass": passes[0], "room_token": tokens[0], "room_page": pages[0]}
    return units | {name: _with_answer(units[name], bench.answer_bytes(one)) for name, one in sizes.items()}


async def _open(server: ServerInfo, vault: Vault, release_at: datetime, world: World) -> None:
    day = world.first_day
    new = NewRoom(ROOM, "测量", "Measurement", None, (_NOBODY,), day, day, "/", release_at)
    async with await psycopg.AsyncConnection.connect(server.owner_url) as tx:
        await open_room(tx, vault, new, datetime.now(UTC), actor="scale")


async def _release(server: ServerInfo, vault: Vault, now: datetime) -> None:
    """The keeper's work once, as it will be at `now`; then everybody may come in."""

    async def unknown(*_: object) -> None:
        return None

    async with await psycopg.AsyncConnection.connect(server.owner_url) as tx:
        await keep_rooms(tx, vault, now, places_left=unknown)
        await tx.execute(_SQL["let_everybody_in"], {"code": ROOM})


def _bookings(world: World, kind: str, count: int) -> list[bytes]:
    first_card, pass_no = world.take(count)
    return build(Plan("book", first_card, count, world.slots(pass_no, kind)))


def _post(path: str, card: int, body: dict[str, str]) -> bytes:
    text = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token(card)}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    return head.encode("ascii") + text


def _page(cookies: str) -> bytes:
    head = f"GET /room/{ROOM} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {cookies}\r\n"
    return f"{head}Accept: text/html\r\nAccept-Encoding: gzip\r\n\r\n".encode()


def _pass_cookie(bench: _Bench, card: int) -> str:
    """What a browser keeps after its first visit."""
    head, _ = bench.answer(_page(f"wy_login={token(card)}"))
    found = _PASS_COOKIE.search(head)
    if found is None:
        raise SetupError("the room's page gave no pass", "测量失败")
    return found[1].decode()


def _assets_bytes(bench: _Bench) -> float:
    """Everything that the room's page wants from /static, compressed."""
    _, page = bench.answer(_page(f"wy_login={token(1)}").replace(b"Accept-Encoding: gzip\r\n", b""))
    ask = f"HTTP/1.1\r\nHost: {HOST}\r\nAccept-Encoding: gzip\r\n\r\n"
    return sum(
        bench.answer_bytes(f"GET {path.decode()} {ask}".encode()) for path in set(_STATIC.findall(page))
    )


def _passes_of(bench: _Bench, requests: Sequence[bytes]) -> list[str]:
    """The pass of every account; asking again gives the same."""

    async def some(part: Sequence[bytes]) -> list[str]:
        reader, writer = await asyncio.open_connection(HOST, bench.web.port)
        texts: list[str] = []
        for request in part:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            answer: dict[str, Any] = json.loads(await reader.readexactly(int(length[1]) if length else 0))
            texts.append(str(answer["pass"]))
        writer.close()
        return texts

    async def everybody() -> list[str]:
        size = -(-len(requests) // _COLLECTORS)
        parts = [requests[first : first + size] for first in range(0, len(requests), size)]
        async with asyncio.timeout(_COLLECT_DEADLINE_S):
            return [text for texts in await asyncio.gather(*map(some, parts)) for text in texts]

    return asyncio.run(everybody())


def _connection_kb(bench: _Bench) -> float:
    """Resident memory that a connection takes which waits for its next request."""
    bench.tell("connections that wait")
    ask = f"GET /healthz HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    bench.answer_bytes(ask)
    count, before, held = bench.few(_WAITING), sum(bench.web.rss_mb()), list[socket.socket]()
    try:
        for _ in range(count):
            held.append(socket.create_connection((HOST, bench.web.port), timeout=5))
            held[-1].sendall(ask)
            held[-1].recv(65536)
        return max(0.0, sum(bench.web.rss_mb()) - before) * 1024 / count
    finally:
        for one in held:
            one.close()


def _with_answer(unit: Unit, out_bytes: float) -> Unit:
    return replace(unit, out_bytes=out_bytes)


def _sample(outcome: Outcome) -> str:
    return "; ".join(
        f"{status}: {text[-200:]!r}" for status, text in sorted(outcome.samples.items()) if status[0] in "45"
    )[:400]
