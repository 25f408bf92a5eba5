"""GET /v1/availability as plain ASGI: pages of bytes that are kept a second, and read once however many ask."""

import asyncio
from datetime import date
from time import monotonic
from typing import Final
from urllib.parse import parse_qs

from psycopg import InterfaceError, OperationalError

from wenyue.booking import availability
from wenyue.container import Services
from wenyue.core.limits import AVAILABILITY_AGE_S_MAX, AVAILABILITY_DAYS_MAX
from wenyue.platform.database.db import DatabaseDown
from wenyue.web.api.bodies import AvailabilityPage, slot_answer
from wenyue.web.api.hot_answers import FRESH, JSON, NONE, REFUSED_HEADERS, encode, send_answer
from wenyue.web.api.metrics import Meter
from wenyue.web.middleware.edge import Receive, Scope, Send
from wenyue.web.middleware.language import scope_locale
from wenyue.web.shared.problem import PROBLEM_TYPE, RequestRefused

_PAGES_MAX: Final = 20_000
_PAGES_BYTES_MAX: Final = 64 * 1024 * 1024


class HotAvailability:
    """The endpoint for one process."""

    def __init__(self, services: Services, meter: Meter) -> None:
        self._services = services
        self._meter = meter
        self._reading: dict[bytes, asyncio.Task[bytes]] = {}
        self._pages: dict[bytes, tuple[float, bytes]] = {}
        self._pages_bytes = 0

    async def serve(self, scope: Scope, _: Receive, send: Send) -> None:
        """GET /v1/availability?product_id=&from=&to=: bytes that are at most a second old; `as_of` says how old."""
        query: bytes = scope["query_string"]
        page = self._pages.get(query)
        now = monotonic()
        if page is not None and page[0] > now:
            await send_answer(send, 200, page[1], JSON, FRESH)
            self._meter.count("GET", "/v1/availability", 200, monotonic() - now)
            return
        try:
            payload = await self._page(_range(query), now)
        except RequestRefused as refused:
            status, body = refused.status, refused.payload(scope_locale(scope))
            await send_answer(send, status, body, PROBLEM_TYPE, REFUSED_HEADERS.get(status, NONE))
            self._meter.count("GET", "/v1/availability", status, monotonic() - now)
            return
        await send_answer(send, 200, payload, JSON, FRESH)
        self._meter.count("GET", "/v1/availability", 200, monotonic() - now)

    async def _page(self, asked: tuple[int, date, date], now: float) -> bytes:
        """The page for a question, however it was spelled: what a stranger adds to the query string costs no memory."""
        key = b"product_id=%d&from=%s&to=%s" % (asked[0], *(day.isoformat().encode() for day in asked[1:]))
        page = self._pages.get(key)
        if page is not None and page[0] > now:
            return page[1]
        payload = await self._read_once(key, asked)
        if len(self._pages) >= _PAGES_MAX or self._pages_bytes + len(payload) > _PAGES_BYTES_MAX:
            self._pages.clear()
            self._pages_bytes = 0
        self._pages_bytes += len(payload) - (len(self._pages[key][1]) if key in self._pages else 0)
        self._pages[key] = (now + AVAILABILITY_AGE_S_MAX, payload)
        return payload

    async def _read_once(self, key: bytes, asked: tuple[int, date, date]) -> bytes:
        """However many ask for a page that has aged, the database is asked once."""
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.create_task(self._read_page(*asked))
            reading.add_done_callback(lambda _: self._reading.pop(key, None))
        return await asyncio.shield(reading)

    async def _read_page(self, product_id: int, from_day: date, to_day: date) -> bytes:
        now = self._services.clock()
        try:
            async with self._services.db.connection() as tx:
                slots = await availability(tx, product_id, from_day, to_day, now)
        except (DatabaseDown, OperationalError, InterfaceError):
            raise RequestRefused(503, "busy") from None
        return encode(AvailabilityPage(product_id, now, [slot_answer(one) for one in slots]))


def _range(query: bytes) -> tuple[int, date, date]:
    try:
        given = parse_qs(query.decode("ascii"), max_num_fields=8)
        product_id = int(given["product_id"][0])
        from_day = date.fromisoformat(given["from"][0])
        to_day = date.fromisoformat(given.get("to", given["from"])[0])
    except (KeyError, ValueError):
        raise RequestRefused(422, "bad_range") from None
    if not 0 < product_id < 2**63 or not 0 <= (to_day - from_day).days < AVAILABILITY_DAYS_MAX:
        raise RequestRefused(422, "bad_range")
    return product_id, from_day, to_day
