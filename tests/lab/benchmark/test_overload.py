"""The overload bench without load: requests, arrivals, the ramp, the arithmetic of goodput and recovery, the picture."""

import json
import math
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest

from wenyue.core.clock import utc_now
from wenyue.core.documents import Document, DocumentKind, parse_document
from wenyue_lab.benchmark.overload import picture, report
from wenyue_lab.benchmark.overload.cores import Layout, bounded, layout
from wenyue_lab.benchmark.overload.load_generator import DOUBTFUL, UNANSWERED, Record
from wenyue_lab.benchmark.overload.orders import Maker, Orders, Stream, arrivals
from wenyue_lab.benchmark.overload.plan import Phase, Report, Shots
from wenyue_lab.benchmark.overload.rules import CLIMB, Ramp, ratio, recovery_s
from wenyue_lab.benchmark.overload.tally import Bin, Tally, tally_of
from wenyue_lab.benchmark.wire import resident_id, token

# ------------------------------------------------------------------------------------------------ requests


def stream(*pieces: tuple[float, float], name: str = "ordinary", after_s: float = 0.0) -> Stream:
    return Stream(name, pieces, first_card=101, cards=50, slots=(7, 8, 9), after_s=after_s)


def test_a_request_is_complete_and_its_body_is_what_the_interface_takes() -> None:
    request = Maker(stream())(53)
    head, _, raw = request.partition(b"\r\n\r\n")
    body = json.loads(raw)
    assert head.startswith(b"POST /v1/bookings HTTP/1.1\r\n")
    assert f"Content-Length: {len(raw)}".encode() in head
    assert f"Bearer {token(104)}".encode() in head
    assert body["card_id"] == 104
    assert [line["slot_id"] for line in body["lines"]] == [8]  # the cards have been gone through once
    assert body["visitors"][0]["number"] == resident_id(104)
    document = parse_document(DocumentKind.RESIDENT_ID, body["visitors"][0]["number"], today=utc_now().date())
    assert isinstance(document, Document)
    assert UUID(body["id"]).version == 7


def test_no_two_requests_have_the_same_id_or_the_same_person_on_the_same_slot() -> None:
    make = Maker(stream())
    bodies = [json.loads(make(number).partition(b"\r\n\r\n")[2]) for number in range(150)]
    assert len({body["id"] for body in bodies}) == 150
    assert len({(body["card_id"], body["lines"][0]["slot_id"]) for body in bodies}) == 150


def test_members_share_the_rate_and_have_cards_of_their_own() -> None:
    parts = [stream((2.0, 300.0)).share(number, 3) for number in range(3)]
    assert [part.pieces for part in parts] == [((2.0, 100.0),)] * 3
    cards = [set(range(part.first_card, part.first_card + part.cards)) for part in parts]
    assert all(len(one) == 16 for one in cards)
    assert len(cards[0] | cards[1] | cards[2]) == 48


def test_arrivals_follow_the_rates_and_come_in_order() -> None:
    orders = Orders(
        (stream((2.0, 500.0), (2.0, 5000.0)), stream((1.0, 2000.0), name="flash", after_s=1.0)), 1000.0, 0.0
    )
    found = list(arrivals(orders))
    assert all(before[0] <= after[0] for before, after in pairwise(found))
    counted = {
        what: sum(1 for at, number in found if number == of and begin <= at < begin + 1)
        for what, of, begin in (("slow", 0, 1000.0), ("fast", 0, 1003.0), ("rush", 1, 1001.0))
    }
    assert counted["slow"] == pytest.approx(500, rel=0.25)
    assert counted["fast"] == pytest.approx(5000, rel=0.1)
    assert counted["rush"] == pytest.approx(2000, rel=0.15)
    assert {number for at, number in found if not 1001.0 <= at < 1002.0} == {0}


# ------------------------------------------------------------------------------------------------ the ramp


@pytest.mark.parametrize("capacity", [300.0, 1_000.0, 3_700.0, 25_000.0])
@pytest.mark.parametrize("collapse", [0.0, 0.5])
def test_the_ramp_finds_the_peak_of_a_server(capacity: float, collapse: float) -> None:
    """`collapse`: how much goodput such a server loses per capacity that is offered in excess."""
    ramp = Ramp(1_000.0)
    while (rate := ramp.next_per_s()) is not None:
        excess = max(0.0, rate / capacity - 1)
        ramp.note(rate, min(rate, capacity) * max(0.0, 1 - collapse * excess))
    assert ramp.peak_per_s <= capacity
    assert ramp.peak_per_s >= (0.7 if collapse else 0.99) * capacity or capacity < 1_000 / CLIMB
    assert len(ramp.seen) <= 16 + 2


def test_overload_O1_the_peak_is_what_was_held_not_the_best_of_short_steps() -> None:
    ramp = Ramp(100.0, steps_max=5)
    while (rate := ramp.next_per_s()) is not None:
        ramp.note(
            rate, 300.0 if not ramp.is_holding else 240.0
        )  # a burst is served, and nothing like it lasts
    assert ramp.peak_per_s == 240.0


def test_the_ramp_goes_past_the_peak_and_is_bounded() -> None:
    ramp = Ramp(100.0, steps_max=5)
    while (rate := ramp.next_per_s()) is not None:
        ramp.note(rate, rate)  # a server without an end
    assert len(ramp.seen) == 7
    assert ramp.peak_per_s == max(goodput for _, goodput in ramp.seen[-2:])


# ------------------------------------------------------------------------------------------------ arithmetic


@pytest.mark.parametrize(
    ("served", "expected"),
    [
        ([100] * 8, 0.0),
        ([0, 40, 95, 100, 100, 100, 100, 100], 2.0),
        ([100, 0, 100, 100, 100, 100, 100, 100], 2.0),  # one good second is not a recovery
        ([0, 0, 100, 100, 0, 100, 100, 100], None),
        ([94] * 8, None),
        ([100, 100, 100, 100, 100, 100, 100, 40], None),  # and it must last
        ([0, 0, 0, 0, 100, 100, 100, 100], None),  # too little is left to see that it does
        ([], None),
    ],
)
def test_recovery_is_when_goodput_stays(served: list[int], expected: float | None) -> None:
    assert recovery_s([(100, good) for good in served]) == expected


def test_every_request_is_counted_once_and_late_bookings_are_no_goodput() -> None:
    record = Record(numbers=[8])
    rows = [
        (0.01, 0.2, 201),
        (0.02, 1.5, 201),
        (0.03, 0.01, 503),
        (0.04, 0.01, 429),
        (0.05, 0.3, 409),
        (0.06, 2.0, DOUBTFUL),
        (0.07, 0.5, 500),
        (1.01, 3.0, UNANSWERED),
    ]
    for due, latency, code in rows:
        record.dues.append(due)
        record.latencies.append(latency)
        record.codes.append(code)
        record.streams.append(0)
    record.taken_dues.append(0.01)
    record.lags.append(0.004)
    tally = tally_of(record)
    first = tally.span(0.0, 1.0)
    assert (first.good, first.late, first.shed, first.denied, first.doubtful, first.failed) == (
        1,
        1,
        2,
        1,
        1,
        1,
    )
    assert tally.span(1.0, 2.0).unanswered == 1
    assert tally.span(0.0, 2.0).offered == len(rows)
    assert tally.span(0.0, 2.0, stream=1).offered == 0
    assert first.refused.quantile_ms(1.0) == pytest.approx(2000, rel=0.02)
    assert first.admitted.total == 2
    assert tally.last_good_s[0] == pytest.approx(1.52, abs=0.01)
    assert tally.lag().quantile_ms(0.5) == pytest.approx(4, rel=0.02)


def test_tallies_of_several_processes_add_up() -> None:
    one, other = Tally(numbers=[5], statuses={201: 3}), Tally(numbers=[7], statuses={201: 1, 503: 2})
    one.bins = {0: {0: Bin(good=3)}}
    other.bins = {0: {0: Bin(good=1, shed=2), 4: Bin(good=1)}}
    total = Tally()
    total.merge(one)
    total.merge(other)
    assert total.numbers == [7]
    assert total.statuses == {201: 4, 503: 2}
    assert (total.span(0, 1).good, total.span(0, 1).shed, total.span(0.4, 0.5).good) == (5, 2, 1)


def test_a_ratio_of_nothing_is_nothing() -> None:
    assert ratio(1.0, 0.0) == 0.0
    assert ratio(1.0, 4.0) == 0.25


def test_cores_are_shared_out_when_there_are_four() -> None:
    assert layout(range(4)) == Layout(web=(0, 1), database=(2,), load=(3, 2))
    assert layout(range(8)) == Layout(web=(0, 1), database=(2,), load=(3, 4, 5, 6, 7))
    assert layout(range(3)) == Layout(web=(0, 1), database=(0, 1), load=(2,))
    assert layout(range(2)) == Layout(web=(0,), database=(0,), load=(1,))
    assert layout(range(1)) == Layout()


def test_a_bounded_process_gets_its_share_and_no_more() -> None:
    if not os.access("/sys/fs/cgroup/cpu", os.W_OK):
        pytest.skip("needs a CPU control group that may be written (root)")
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        with bounded(busy.pid, 0.2) as how:
            assert how == "control group: 2000 of every 10000 µs"
            groups = Path(f"/proc/{busy.pid}/cgroup").read_text(encoding="ascii")
            name = next(line.rpartition("/")[2] for line in groups.splitlines() if "wenyue-bench" in line)
            group = next(Path("/sys/fs/cgroup").rglob(name))
            assert str(busy.pid) in (group / "cgroup.procs").read_text(encoding="ascii").split()
        assert not group.exists()
        assert "wenyue-bench" not in Path(f"/proc/{busy.pid}/cgroup").read_text(encoding="ascii")
    finally:
        busy.kill()
        busy.wait()


def test_a_database_without_a_bound_is_left_alone() -> None:
    with bounded(os.getpid(), 0.0) as how:
        assert how == ""


# ------------------------------------------------------------------------------------------------ what is left


def a_report() -> Report:
    tally = Tally(numbers=[1])
    places: dict[int, Bin] = {}
    for tenth in range(200):
        one = Bin(good=30, shed=270 if 50 <= tenth < 120 else 0)
        one.admitted.add_seconds([0.02 * (1 + tenth % 7)] * 30)
        one.refused.add_seconds([0.003] * one.shed)
        places[tenth] = one
    tally.bins = {0: places}
    made = Report()
    made.shots = [Shots(3.0, 20.0, tally, {"web": 1.0})]
    made.phases = [
        Phase("before", 3.0, 8.0, 300),
        Phase("storm", 8.0, 15.0, 3000),
        Phase("recovery", 15.0, 23.0, 300),
    ]
    made.figures = {
        "peak_per_s": 310.0,
        "goodput_ratio_10x": 0.968,
        "admitted_p99_ms": 140.0,
        "reject_p99_ms": 3.0,
        "recovery_s": math.inf,
        "flash_60_goodput_ratio": 0.9,
        "oversold": 0,
    }
    made.machine = {"cpu": "a <strange> processor", "cores": 4}
    made.configuration = {"web_workers": 2, "database_share_of_one_core": 0.2, "connections": 1000}
    return made


def test_the_document_has_the_figures_and_one_row_a_second() -> None:
    made = report.document(a_report())
    text = json.dumps(made, allow_nan=False)
    assert list(made)[:7] == list(report.KEYS)
    series = json.loads(text)["series"]
    assert len(series) == 20
    assert [row["phase"] for row in series[4:6]] == ["before", "storm"]
    assert (series[6]["offered"], series[6]["goodput"], series[6]["shed"]) == (3000, 300, 2700)
    assert series[0]["refused_p99_ms"] is None
    judged = {goal["goal"]: goal["met"] for goal in json.loads(text)["goals"]}
    assert judged["goodput at ten times the peak ÷ peak ≥ 0.9"] is True
    assert [met for goal, met in judged.items() if "95 % are served" in goal] == [False]
    assert json.loads(text)["recovery_s"] is None


def test_the_rush_and_the_unbounded_run_are_told_in_a_line_each() -> None:
    made = a_report()
    made.details["flash"] = {
        "asked": 600,
        "places": 10,
        "sold_out_after_s": 0.25,
        "everybody_answered_after_s": 1.125,
    }
    made.details["unbounded"] = {
        "peak_per_s": 12000,
        "storms": [
            {
                "multiple": 4.0,
                "goodput_ratio": 0.7,
                "refused_p99_ms": None,
                "invalid_because": ["too slow"],
            }
        ],
    }
    told = "\n".join(report.remarks(made))
    assert "600 people for 10 places; sold out after 0.25 s, everybody answered after 1.12 s" in told
    assert "peak 12,000/s; at 4 × that goodput was 0.70 of the peak" in told
    assert "not valid: too slow" in told


def test_a_run_whose_load_fell_short_says_so() -> None:
    made = a_report()
    made.invalid = ["the storm: 900/s were offered instead of 3,000/s"]
    assert report.document(made)["valid"] is False
    assert any("NOT VALID" in line for line in report.remarks(made))
    assert "NOT VALID" in picture.draw(made)


def test_the_picture_shows_every_line_within_its_frame() -> None:
    root = ET.fromstring(picture.draw(a_report()))  # noqa: S314 - our own text
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    drawn = [
        tuple(map(float, point.split(",")))
        for shape in root.iter()
        if shape.tag.endswith(("polyline", "polygon"))
        for point in shape.attrib["points"].split()
    ]
    assert len(drawn) > 100
    assert all(0 <= x <= width and 0 <= y <= height and math.isfinite(x + y) for x, y in drawn)
    words = " ".join(root.itertext())
    assert all(
        word in words
        for word in ("10×", "recovery", "peak 310/s", "never", "admitted p99", "a <strange> processor")
    )


def test_a_picture_of_nothing_is_a_picture() -> None:
    assert "nothing was measured" in picture.draw(Report())
