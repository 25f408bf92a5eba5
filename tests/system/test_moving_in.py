"""An operator moves in by commands alone: all of it comes in, is counted equal, and sells; what differs is seen."""

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psycopg
import pytest

from wenyue.core.clock import local_date, utc_now
from wenyue_lab.moving_in.model import Scale
from wenyue_lab.moving_in.programs import House
from wenyue_lab.moving_in.run import Moved, move_in
from wenyue_lab.moving_in.writing import FIRST, LATER, Writer

SCALE = Scale.of(0.005)  # 5 venues, 100 cards, 1,000 bookings
FILES = ("members.xlsx", "sessions.csv", "stays.csv", "tickets.csv", "tickets-later.csv", "venues.xlsx")
# What is falsified, back again, and the counts that must see it.
FALSE: list[tuple[str, set[str]]] = [
    (
        (
            "UPDATE booking.booking SET total_minor = total_minor + %s WHERE source_key ="
            " (SELECT min(source_key) FROM booking.booking WHERE source_key IS NOT NULL AND state = 2)"
        ),
        {"money by venue and state"},
    ),
    (
        (
            "UPDATE booking.pool SET sold = sold + %s WHERE id ="
            " (SELECT min(o.id) FROM booking.pool o JOIN booking.slot s ON s.pool_ids[1] = o.id"
            " WHERE o.sold > 1 AND o.capacity = 80 AND o.sold < 79)"
        ),
        {"places by session and night", "held and sold of each pool are its live lines"},
    ),
    (
        (
            "UPDATE cards.entitlement SET used = used + %s WHERE no = 0 AND card_id ="
            " (SELECT min(card_id) FROM cards.entitlement WHERE no = 0 AND used < granted - 1)"
        ),
        {"cards"},
    ),
]


@dataclass
class Seen:
    """The move, and what the count saw when something was false."""

    moved: Moved = field(default_factory=Moved)
    differing: list[set[str]] = field(default_factory=list[set[str]])


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """The whole move, once."""
    found = Seen()

    def falsify(house: House) -> None:
        with psycopg.connect(house.owner_url(), autocommit=True) as tx:
            for statement, _ in FALSE:
                assert tx.execute(statement.encode(), [1]).rowcount == 1
                lines = house.count(LATER).splitlines()
                found.differing.append({one["what"] for one in map(json.loads, lines) if one["differ"]})
                assert tx.execute(statement.encode(), [-1]).rowcount == 1

    folder = tmp_path_factory.mktemp("moving-in")
    writer = Writer(folder / "files", SCALE, 3, local_date(utc_now(), "Asia/Shanghai"), lambda _: None)
    found.moved = move_in(writer, lambda _: None, falsify)
    return found


@pytest.fixture
def moved(seen: Seen) -> Moved:
    """What was measured and counted."""
    return seen.moved


def test_everything_comes_in_by_commands_and_is_counted_equal(moved: Moved) -> None:
    assert [one for one in moved.counts if one["differ"]] == []
    assert moved.is_equal
    counted = {one["what"]: one["counted"] for one in moved.counts}
    assert counted["keys, each once"] > SCALE.orders + SCALE.stays
    assert counted["cards"] >= SCALE.cards
    assert counted["tickets.csv: refused rows and reasons"] == 17 * SCALE.planted
    assert counted["members.xlsx: refused rows and reasons"] == 12 * SCALE.planted
    assert {name for name in FILES if moved.files[name]} == set(FILES)
    commands = [one.what.split()[1:3] for one in moved.ran if one.what.startswith("wenyue import")]
    assert [kind for _, kind in commands] == [
        "card-types", "venues", "products", "sessions", "cards", "bookings", "bookings", "cards", "bookings", "bookings",
    ]  # fmt: skip


def test_what_came_in_sells(moved: Moved) -> None:
    assert moved.sold.keys() == {"holder", "visit", "night", "gate"}


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "other"):
        Writer(tmp_path / name, Scale.of(0.005), 5, date(2026, 12, 1), lambda _: None).write()
    for name in (
        "tickets.csv",
        "stays.csv",
        "sessions.csv",
        f"{FIRST}/bookings.jsonl",
        f"{FIRST}/cards.jsonl",
    ):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_a_count_that_differs_is_seen(seen: Seen) -> None:
    """The count itself counts: an amount, a counter, a card's entry is false, and nothing else is."""
    assert seen.differing == [counts for _, counts in FALSE]
