"""A waiting room outlives any quiet (security_C1): averages end at nothing, and every measured number can be written."""

import math
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.database import DbUrls
from tests.support.room_fixtures import RELEASE, WELL, RoomFixtures, at_the_room, half_open, pass_of
from wenyue.core.admission import PersonLimit
from wenyue.core.figures import MOST, NOTHING, kept, smoothed
from wenyue.platform.load_shedding.admission import Admission
from wenyue.waiting_room import LoadSignal, Place
from wenyue.waiting_room import store as room_store
from wenyue.waiting_room.model import Advance, Crowd, KeeperFacts, Why
from wenyue.waiting_room.rules import advance

pytestmark = pytest.mark.anyio
LOOKS_A_MINUTE = 240


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[RoomFixtures]:
    async with at_the_room(make_database(), tmp_path) as made:
        yield made


def signal_of(admission: Admission) -> LoadSignal:
    """What a web process says of itself."""
    now = admission.signal()
    return LoadSignal(
        now.goodput_per_s, now.latency_p99_ms, now.limit, now.in_flight, now.waiting, now.shed_per_s
    )


async def test_security_C1_a_process_that_had_work_an_hour_ago_can_still_say_how_it_fares(
    fixtures: RoomFixtures,
) -> None:
    await fixtures.open()
    web, admission = await fixtures.web(), Admission(PersonLimit(60, 60.0))
    for rates in ([300.0, 250.0, 40.0, 90.0, 40.0], [0.0] * 5):
        for _ in range(60 * LOOKS_A_MINUTE):
            admission.measure(rates)
        fixtures.signal = signal_of(admission)
        await fixtures.look(web)
    assert fixtures.signal == LoadSignal(limit=admission.hot.limit)


def test_how_slow_it_was_before_a_quiet_time_says_nothing_after_it() -> None:
    admission = Admission(PersonLimit(60, 60.0))
    for _ in range(600):
        admission.hot.begin()
        admission.hot.end(3.0, is_decided=True, is_good=True)
    admission.measure([600.0, 600.0, 0.0, 0.0, 0.0])
    assert signal_of(admission).latency_p99_ms == 3_000
    for _ in range(LOOKS_A_MINUTE):
        admission.measure([0.0, 0.0, 0.0, 0.0, 0.0])
    assert signal_of(admission).latency_p99_ms == 0


async def test_security_C1_a_room_that_was_busy_and_then_quiet_for_a_day_lets_people_in(
    fixtures: RoomFixtures,
) -> None:
    web, threshold = await half_open(fixtures)
    before = await fixtures.room()
    decided = Advance(before.threshold, before.rate, before.pace, before.goodput_best, Why.RISING)
    for _ in range(24 * 3600):  # what the keeper remembers fades every second
        decided = advance(replace(FACTS, pace=decided.pace, goodput_best=decided.goodput_best))
    assert (decided.pace, decided.goodput_best) == (0, 0)
    fixtures.signal = replace(WELL, goodput_per_s=0.0)
    async with fixtures.db.connection() as tx:
        quiet = replace(decided, threshold=threshold, rate=before.rate)
        await room_store.advance_room(
            tx, before, quiet, fixtures.clock(), released=None, places_left=None, file=""
        )
    given = await pass_of(web, 9_999)
    fixtures.clock.forward(30)
    await fixtures.run(90, web)
    place = web.place_of(await fixtures.room(), given)
    assert place is not None
    assert place < (await fixtures.room()).threshold


FACTS = KeeperFacts(
    now=RELEASE,
    kept_at=RELEASE,
    released_at=None,
    release_at=RELEASE,
    epoch_s=5,
    is_paused=False,
    places_left=None,
    threshold=Place(),
    rate=1.0,
    rate_max=100.0,
    pace=0.0,
    goodput_best=0.0,
    crowd=Crowd(),
    load=None,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(), min_size=4, max_size=4), st.lists(st.floats(), min_size=3, max_size=3))
async def test_whatever_was_measured_can_be_written(
    fixtures: RoomFixtures, figures: list[float], rates: list[float]
) -> None:
    async with fixtures.db.connection() as tx:
        if await room_store.room_by_code(tx, "golden-week") is None:
            await fixtures.open()
        room = await fixtures.room()
        said = LoadSignal(figures[0], figures[1], figures[2], 1, 1, figures[3])
        await room_store.save_signal(tx, "any", said, RELEASE)
        decided = Advance(room.threshold, *rates, why=Why.RISING)
        await room_store.advance_room(tx, room, decided, RELEASE, released=None, places_left=None, file="")
        stored = await fixtures.room()
    assert [stored.rate, stored.pace, stored.goodput_best] == [kept(one) for one in rates]


@given(st.floats(), st.floats(), st.floats(0, 1))
def test_a_kept_number_is_finite_and_none_or_enough(before: float, newest: float, weight: float) -> None:
    for value in (kept(before), smoothed(before, newest, weight)):
        assert value == 0 or NOTHING <= value <= MOST


def test_an_average_of_nothing_ends() -> None:
    value, looks = 1e6, 0
    while value:
        value, looks = smoothed(value, 0.0, 0.4), looks + 1
    assert looks < LOOKS_A_MINUTE
    assert not math.isnan(smoothed(math.nan, 1.0, 0.4))


@pytest.mark.parametrize("rate", [math.nan, math.inf, 0.0, -1.0])
async def test_a_rate_that_is_none_is_refused_by_name(fixtures: RoomFixtures, rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        await fixtures.open(rate_max=rate)
    room = await fixtures.open()
    async with fixtures.db.transaction() as tx:
        with pytest.raises(ValueError, match="rate"):
            await room_store.steer_room(
                tx, room, RELEASE, actor="test", is_paused=False, message={}, rate_max=rate
            )
