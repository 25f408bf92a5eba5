"""The benchmark's peer is right: two real processes on a real database never oversell, and book an id and a person once."""

import http.client
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.support.database import DbUrls
from wenyue.core.ids import uuid7
from wenyue_lab.benchmark.peer import site as peer
from wenyue_lab.benchmark.site import HOST, Site
from wenyue_lab.benchmark.wire import Plan, booking_body
from wenyue_lab.benchmark.workers import Workers

Answer = tuple[int, dict[str, Any]]
DAY = date(2030, 5, 1)
PLACES = 20
FEW, MANY, ONE_PLACE, NO_SLOT = 1, 2, 3, 99


@dataclass(frozen=True)
class Peer:
    """The running peer."""

    site: Site
    urls: DbUrls

    def book(self, card: int, slot: int, id_: UUID | None = None) -> Answer:
        """Status and body of one request on a connection of its own."""
        connection = http.client.HTTPConnection(HOST, self.site.port, timeout=60)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/v1/bookings", booking_body(id_ or uuid7(), card, slot), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def at_once(self, calls: Sequence[Callable[[], Answer]]) -> Counter[int]:
        """How often each status was answered to `calls`, all under way together."""
        with ThreadPoolExecutor(len(calls)) as threads:
            under_way = [threads.submit(call) for call in calls]
            return Counter(one.result()[0] for one in under_way)

    def stored(self, slot: int) -> int:
        """Bookings of a session."""
        with psycopg.connect(self.urls.owner_url, autocommit=True) as connection:
            row = connection.execute(
                "SELECT count(*) FROM peer.booking WHERE slot_id = %s", [slot]
            ).fetchone()
        assert row
        return int(row[0])


@pytest.fixture(scope="module")
def running(db_urls: DbUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    peer.prepare(db_urls.owner_url)
    with psycopg.connect(db_urls.owner_url, autocommit=True) as connection:
        for slot, places in ((FEW, PLACES), (MANY, 1_000_000), (ONE_PLACE, 1)):
            connection.execute("INSERT INTO peer.slot VALUES (%s, %s, %s, %s)", [slot, DAY, places, places])
    log = Path(tmp_path_factory.mktemp("peer"), "peer.log")
    with peer.peer_site(db_urls.owner_url, 2, log) as site:
        yield Peer(site, db_urls)
    assert log.read_text(encoding="utf-8") == ""  # no error behind any answer


def test_a_rush_for_few_places_sells_each_once(running: Peer) -> None:
    with Workers(1) as load_workers:
        volley = load_workers.fire(
            Plan("book", 1, 400, (FEW,)), port=running.site.port, connections=64, warm_s=0.0, measure_s=60.0
        )
    assert volley.statuses == {"201": PLACES, "409": 400 - PLACES}
    assert running.stored(FEW) == PLACES
    assert peer.oversold(running.urls.owner_url) == 0


def test_an_id_sent_many_times_at_once_books_once(running: Peer) -> None:
    before, id_ = running.stored(MANY), uuid7()
    statuses = running.at_once([lambda: running.book(1001, MANY, id_)] * 24)
    assert statuses == {201: 1, 200: 23}
    assert running.stored(MANY) == before + 1
    assert running.book(1001, MANY, id_)[1]["id"] == str(id_)
    assert running.book(1002, MANY, id_)[0] == 409  # another request under that id
    assert peer.oversold(running.urls.owner_url) == 0


def test_a_person_comes_once_a_day(running: Peer) -> None:
    before = running.stored(MANY)
    statuses = running.at_once([lambda: running.book(1003, MANY)] * 24)
    assert statuses == {201: 1, 409: 23}
    assert running.stored(MANY) == before + 1


def test_who_is_refused_for_want_of_places_may_have_another(running: Peer) -> None:
    id_ = uuid7()
    assert running.book(1004, ONE_PLACE, id_)[0] == 201
    assert running.book(1005, ONE_PLACE)[0] == 409
    assert running.book(1004, ONE_PLACE, id_)[0] == 200  # the last place's own replay is no refusal
    assert running.book(1005, MANY)[0] == 201
    assert running.book(1006, NO_SLOT)[0] == 404
    assert peer.oversold(running.urls.owner_url) == 0
