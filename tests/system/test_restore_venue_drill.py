"""The operator's worst minute: a venue with 5,000 live bookings is deleted while people book elsewhere."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from uuid import UUID

from tests.support.backup_site import Site, Terminal, site, terminal
from tests.support.venue_site import WIPE_VENUE, Fixtures, venue_fixtures
from wenyue_lab import dataset

__all__ = ["site", "terminal"]
BOOKINGS = 5_000


class Others:
    """People who book at the other venue all the time; each batch is acknowledged or the test fails."""

    def __init__(self, fixtures: Fixtures, first: int) -> None:
        self._fixtures = fixtures
        self._first = first
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._book)
        self.booked: list[UUID] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _book(self) -> None:
        for start in range(self._first, len(self._fixtures.cards), 2):
            if self._ended.is_set():
                return
            cards = self._fixtures.cards[start : start + 2]
            self.booked += self._fixtures.book(
                [dataset.request(card, self._fixtures.lake[0]) for card in cards]
            )


def test_five_thousand_bookings_of_one_venue_come_back_while_others_book(
    site: Site, terminal: Terminal
) -> None:
    fixtures = venue_fixtures(site.info, people=BOOKINGS + 3_000)
    hill = fixtures.book(
        [dataset.request(card, fixtures.hill[n % 2]) for n, card in enumerate(fixtures.cards[:BOOKINGS])]
    )
    lake = fixtures.book(
        [dataset.request(card, fixtures.lake[0]) for card in fixtures.cards[: BOOKINGS // 10]]
    )
    disk = site.home.with_name("disk")
    terminal.good(site.home, "backup", "--full", "--to", disk)
    at = datetime.now(UTC)
    words = ("restore", "venue", "hill", "--from", disk, "--to", at.isoformat())
    with Others(fixtures, BOOKINGS) as others:
        fixtures.run(WIPE_VENUE)
        assert "nothing was written" in terminal.good(site.home, *words)
        said = terminal.good(site.home, *words, "--yes")
    assert f"{BOOKINGS}, conflicts: 0" in said
    assert len(others.booked) > 10
    states = {row[0]: row[1] for row in fixtures.rows("SELECT id, state FROM booking.booking")}
    assert states == dict.fromkeys([*hill, *lake, *others.booked], 2)
    assert fixtures.broken() == []
    [note] = Path(site.home, "restores").iterdir()
    assert json.loads(note.read_text(encoding="utf-8"))["bookings"] == BOOKINGS
    assert "nothing was written" in terminal.good(site.home, *words, "--yes")
    assert not list(site.home.glob(".venue-restore-*"))


def test_unclear_wishes_are_one_line(site: Site, terminal: Terminal) -> None:
    assert "exclude each other" in terminal.bad(site.home, "restore", "venue", "hill", "--preview", "--yes")
    assert "--into is missing" in terminal.bad(site.home, "restore")
    assert "time zone" in terminal.bad(site.home, "restore", "venue", "hill", "--to", "2026-11-22T12:30")
    assert "no backups in" in terminal.bad(site.home, "restore", "venue", "hill")
