"""The benchmark's own arithmetic: a wrong yardstick would make every figure a lie."""

import json
import math
import random
from datetime import date
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenyue.core.documents import Document, DocumentKind, age_on, parse_document
from wenyue.core.ids import parse_uuid
from wenyue.platform.embedded_server import ServerInfo
from wenyue_lab.benchmark.dataset import DAYS, Dataset, DatasetFault
from wenyue_lab.benchmark.figures import KEYS, Figures, document, goals, markdown
from wenyue_lab.benchmark.histogram import Histogram, bucket_of, ceiling_of
from wenyue_lab.benchmark.load import Outcome
from wenyue_lab.benchmark.naive import PgbenchFailed, tps_of
from wenyue_lab.benchmark.wire import Plan, build, resident_id
from wenyue_lab.benchmark.workers import combine


@given(st.integers(min_value=0, max_value=10**9))
def test_a_bucket_holds_its_value_to_within_two_percent(value_us: int) -> None:
    ceiling = ceiling_of(bucket_of(value_us))
    assert value_us <= ceiling <= value_us * 1.02 + 1


@given(st.integers(min_value=0, max_value=10**8))
def test_buckets_are_in_order_and_leave_no_gap(value_us: int) -> None:
    bucket = bucket_of(value_us)
    assert bucket <= bucket_of(value_us + 1) <= bucket + 1


def test_quantiles_are_those_of_the_sorted_values() -> None:
    chance = random.Random(7)
    values = [chance.expovariate(100.0) for _ in range(20_000)]
    histogram = Histogram()
    histogram.add_seconds(values)
    values.sort()
    for share in (0.01, 0.5, 0.9, 0.99, 1.0):
        exact_ms = values[max(0, -int(-share * len(values) // 1) - 1)] * 1000
        assert histogram.quantile_ms(share) == pytest.approx(exact_ms, rel=0.02, abs=0.002)


def test_nothing_counted_has_no_quantile() -> None:
    assert math.isnan(Histogram().quantile_ms(0.5))


def test_processes_add_up() -> None:
    one = Outcome(seconds=2.0, statuses={"201": 100}, all_statuses={"201": 130, "503": 1}, sent=131)
    two = Outcome(seconds=1.0, statuses={"201": 70}, all_statuses={"201": 90}, sent=92, lost=2)
    one.histogram.add_seconds([0.001] * 10)
    two.histogram.add_seconds([0.1] * 30)
    volley = combine([one, two])
    assert volley.per_s == {"201": 120.0}
    assert volley.statuses == {"201": 220, "503": 1}
    assert (volley.sent, volley.lost) == (223, 2)
    assert volley.histogram.quantile_ms(0.25) == pytest.approx(1.0, rel=0.02)
    assert volley.histogram.quantile_ms(0.26) == pytest.approx(100.0, rel=0.02)


def _figures(**medians: float) -> Figures:
    figures = Figures()
    for key, value in medians.items():
        for each in (value * 0.9, value * 1.2, value):
            figures.add(key, each)
    return figures


def test_every_figure_is_a_median_with_least_and_greatest_beside_it() -> None:
    flat = _figures(hot_per_s=10_000).flat()
    assert flat == {"hot_per_s": 10_000, "hot_per_s_min": 9_000, "hot_per_s_max": 12_000}


def test_goals_are_met_exactly_at_their_bound() -> None:
    met = _figures(
        hot_per_s=8_000, naive_hot_tps=1_000, spread_per_s=1_200, naive_spread_tps=1_000, noop_per_s=32_000,
        peer_hot_per_s=400, peer_spread_per_s=80, sold_out_per_s=22_400, availability_per_s=25_600, p99_ms=150,
        grown_ratio=0.9, rss_mb_per_worker=150, oversold=0,
    )  # fmt: skip
    assert [goal.is_met for goal in goals(met)] == [True] * 11
    missed = _figures(hot_per_s=7_999, peer_hot_per_s=400, naive_hot_tps=1_000, p99_ms=151, oversold=1)
    assert {goal.text: goal.is_met for goal in goals(missed) if goal.value is not None} == {
        "hot ÷ peer hot": False,
        "hot ÷ naive hot": False,
        "p99, ms": False,
        "oversold": False,
    }


def test_the_document_has_every_key_and_says_what_was_not_measured() -> None:
    content = document(_figures(hot_per_s=5.0), {"cores": 4}, {"quick": True})
    assert json.loads(json.dumps(content)) == content
    judged = cast(list[dict[str, object]], content["goals"])
    assert len(judged) == 11
    assert all(entry["met"] is None for entry in judged)
    assert {"p99_ms", "oversold", "grown_ratio", "rss_mb_per_worker"} <= set(KEYS)


def test_the_page_for_the_documentation_shows_every_figure_and_goal() -> None:
    page = markdown(_figures(hot_per_s=5_000.0, naive_hot_tps=1_000.0, oversold=0.0))
    assert all(f"`{key}`" in page for key in KEYS)
    assert "| hot ÷ naive hot | ≥ 8 | 5 | **missed** |" in page
    assert "| oversold | ≤ 0 | 0 | met |" in page
    assert "| p99, ms | ≤ 150 | - | not measured |" in page


def test_pgbench_is_read_also_when_it_did_nothing() -> None:
    head = "pgbench (18.4)\nduration: 1 s\n"
    done = f"{head}number of transactions actually processed: 812\ntps = 812.500000 (without initial connection time)\n"
    assert tps_of(done, "") == 812.5
    assert (
        tps_of(f"{head}number of transactions actually processed: 0\n", "") == 0.0
    )  # no line with a rate then
    for output, errors in [(head, ""), (f"{head}number of transactions actually processed: 0\n", "aborted")]:
        with pytest.raises(PgbenchFailed):
            tps_of(output, errors)


def test_people_are_valid_distinct_adults() -> None:
    numbers = [resident_id(n) for n in [*range(1, 3_000), 999_999, 1_000_000, 5_000_000]]
    assert len(set(numbers)) == len(numbers)
    for number in numbers:
        person = parse_document(DocumentKind.RESIDENT_ID, number, today=date(2026, 1, 1))
        assert isinstance(person, Document)
        assert person.birth is not None
        assert age_on(person.birth, date(2026, 1, 1)) >= 18


def test_members_share_the_work_without_a_common_card() -> None:
    plan = Plan("book", first_card=101, count=1_000, slots=tuple(range(10)))
    parts = [plan.share(number, 4) for number in range(4)]
    cards = [card for part in parts for card in range(part.first_card, part.first_card + part.count)]
    assert sorted(cards) == list(range(101, 1_101))
    assert len({part.slots[0] for part in parts}) == 4


def test_a_request_is_complete_and_its_own() -> None:
    requests = build(Plan("book", first_card=5, count=3, slots=(70, 80)))
    heads, bodies = zip(*(request.split(b"\r\n\r\n") for request in requests), strict=True)
    read = [json.loads(body) for body in bodies]
    assert all(
        f"Content-Length: {len(body)}".encode() in head for head, body in zip(heads, bodies, strict=True)
    )
    assert [body["lines"][0]["slot_id"] for body in read] == [70, 80, 70]
    assert [body["card_id"] for body in read] == [5, 6, 7]
    assert len({body["id"] for body in read}) == 3
    assert all(parse_uuid(body["id"]) for body in read)


def _dataset(cards: int) -> Dataset:
    server = ServerInfo("", "", "", was_started_here=False, pid=0, programs=Path(), data=Path(), log=Path())
    return Dataset(server, cards, date(2026, 1, 1))


def test_no_card_books_twice_on_one_date() -> None:
    dataset = _dataset(100)
    taken = [dataset.take(40) for _ in range(5)]
    used = [(pass_no, card) for first, pass_no in taken for card in range(first, first + 40)]
    assert len(set(used)) == len(used) == 200
    assert max(card for _, card in used) <= 100


def test_cards_that_run_out_are_said_so() -> None:
    with pytest.raises(DatasetFault, match="as many cards"):
        _dataset(100).take(101)
    dataset = _dataset(10)
    for _ in range(DAYS):
        dataset.take(10)
    with pytest.raises(DatasetFault, match="seed more cards"):
        dataset.take(10)
