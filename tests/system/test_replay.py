"""Real demand through the real service over HTTP, on a virtual clock, against the naive model: event by event."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.database import DbUrls
from wenyue.imports.bookings import ImportMap, read_map
from wenyue.imports.reading import InputError
from wenyue.platform.config import Settings, load
from wenyue_lab.replay import read_demand, run_replay
from wenyue_lab.replay.hotel import settings_for
from wenyue_lab.replay.model import Demand
from wenyue_lab.replay.naive import NaiveHotel

WHOLE = Path("tests/data/hotel-bookings-resort.csv.gz")
MAP = read_map(Path("examples/hotel-bookings.map.toml"))
SAMPLE_ROWS = 600


@pytest.fixture
def fresh(make_database: Callable[[], DbUrls], tmp_path: Path) -> Settings:
    urls = make_database()
    return settings_for(load({"WENYUE_HOME": str(tmp_path)}), tmp_path, urls.app_url, urls.owner_url)


def sample(rows: int) -> Demand:
    """The demand of the first rows that ask for a night: July 2015, where the file is densest."""
    whole = read_demand(WHOLE, MAP)
    chosen = set(sorted({event.row for event in whole.events})[:rows])
    events = [event for event in whole.events if event.row in chosen]
    return Demand(events, rows=rows, unreadable=0, day_uses=0, dates_mended=0)


def silent(_done: int, _all: int) -> None:
    """Nobody watches."""


def test_whole_file_becomes_events() -> None:
    """9,999 rows: 7 name nobody, 76 ask for no night, 9,916 ask; the same figures stand in docs/real-data.md."""
    demand = read_demand(WHOLE, MAP)
    asked = len({event.row for event in demand.events})
    assert (demand.rows, demand.unreadable, demand.day_uses, asked) == (9_999, 7, 76, 9_916)
    assert demand.dates_mended == 0
    assert len(demand.events) == 2 * asked
    assert Counter(event.phase.name for event in demand.events)["BOOKED"] == asked


@pytest.mark.parametrize("capacity", [12, 200], ids=["tight", "ample"])
def test_service_answers_like_the_naive_model(fresh: Settings, capacity: int) -> None:
    threads = threading.active_count()
    figures, nights = run_replay(fresh, MAP, sample(SAMPLE_ROWS), capacity, silent)
    assert figures.differences == []
    assert figures.is_complete
    assert figures.is_proved
    assert figures.oversold_nights == 0
    assert figures.asked == SAMPLE_ROWS
    assert figures.peak_occupied <= capacity
    assert max(nights.sold.values()) <= capacity
    assert figures.compared == figures.asked + figures.cancelled
    assert figures.figures_compared > 60
    if capacity == 12:
        assert figures.peak_occupied == 12
        assert figures.refused > 100
    else:
        assert figures.refused == 0
    assert threading.active_count() == threads  # the service has ended


def test_a_bug_in_the_model_is_seen(fresh: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself compares: a model that believes in one room more is contradicted by the service."""
    original = NaiveHotel.__init__

    def one_more(self: NaiveHotel, capacity: int) -> None:
        original(self, capacity + 1)

    monkeypatch.setattr(NaiveHotel, "__init__", one_more)
    monkeypatch.setattr("wenyue_lab.replay.driver.FREED_PLACES_SHOW_WITHIN_S", 0.05)
    figures, _ = run_replay(fresh, MAP, sample(120), 10, silent)
    assert figures.differences
    assert not figures.is_proved
    assert any("the service says 409 sold_out, the model confirmed" in text for text in figures.differences)


def test_oversold_service_is_seen(fresh: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that sells one room more than it should is caught by the client's own ledger."""
    from wenyue_lab.replay import command

    open_hotel = command.open_hotel

    async def with_one_room_more(settings: Settings, chosen: ImportMap, capacity: int, *rest: Any) -> Any:
        return await open_hotel(settings, chosen, capacity + 1, *rest)

    monkeypatch.setattr(command, "open_hotel", with_one_room_more)
    figures, _ = run_replay(fresh, MAP, sample(150), 10, silent)
    assert figures.oversold_nights > 0
    assert not figures.is_proved


def test_map_without_dates_is_told() -> None:
    thin = replace(MAP, columns=replace(MAP.columns, booked=None))
    with pytest.raises(InputError, match=r"columns\.booked"):
        read_demand(WHOLE, thin)
