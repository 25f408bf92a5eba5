"""The last hour: differences of figures, added over processes, as durations, buckets and plots. No database."""

import asyncio
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from time import time

import pytest

from wenyue.locale import LOCALES
from wenyue.telemetry import (
    FAMILIES,
    STEP_S,
    Exchange,
    History,
    Meter,
    Point,
    Snapshot,
    metrics_text,
    quantile_ms,
)
from wenyue.web.console.live import look
from wenyue.web.console.plots import Series, Tick, plot, scale, short, trace
from wenyue.web.console.runbooks import page_of, runbook, runbook_names
from wenyue.web.console.words import RUNBOOKS, milliseconds, per_second, percent, reason_title, state_of

NOW = 1_800_000_000.0


def snapshot(
    at: float, *, confirmed: int = 0, busy: int = 0, sold_out: int = 0, meter: Meter | None = None
) -> Snapshot:
    """A web process's figures."""
    made = Snapshot(process="web-1", role="web", at=at, rows=meter.rows if meter else [])
    for name, count in (("confirmed", confirmed), ("busy", busy), ("sold_out", sold_out)):
        made.count("booking_outcomes", count, name)
    made.count("admission_shed", 0, "hot")
    return made


def test_a_point_holds_what_happened_in_its_five_seconds(tmp_path: Path) -> None:
    history, meter = History(tmp_path, "web-1"), Meter()
    assert not history.note(snapshot(NOW, confirmed=10, meter=meter))
    meter.count("POST", "/v1/bookings", 201, 0.02)
    meter.count("GET", "/venues", 500, 0.02)
    deep = snapshot(NOW + 2, confirmed=12, meter=meter)
    deep.gauge("engine_depth", 40)
    assert not history.note(deep)
    after = snapshot(NOW + STEP_S, confirmed=15, busy=2, sold_out=3, meter=meter)
    after.count("admission_shed", 4, "hot")
    assert history.note(after)
    [point] = history.points
    assert (point.good, point.refused, point.failed, point.shed, point.offered) == (5, 3, 2, 4, 14)
    assert (point.requests, point.faults, sum(point.counts), point.depth) == (2, 1, 1, 40)
    assert point.reasons == {"busy": 2, "sold_out": 3, "shed": 4}


def test_processes_add_up_and_outlive_their_end(tmp_path: Path) -> None:
    mine, other = History(tmp_path, "web-1"), History(tmp_path, "web-2")
    for history, good in ((mine, 3), (other, 4)):
        history.points.append(Point(at=int(NOW), good=good, counts=[good] + [0] * 12, reasons={"busy": 1}))
    other.points.append(Point(at=int(NOW) - 5, good=9, counts=[]))
    other.save()
    [first, second] = mine.merged(NOW)
    assert (first.at, first.good) == (int(NOW) - 5, 9)
    assert (second.good, second.counts[0], second.reasons) == (7, 7, {"busy": 2})
    assert mine.merged(NOW + 4000) == []
    assert not list(tmp_path.glob("web-2-*")), "an hour later the file is gone"


def test_a_broken_history_of_a_sibling_is_no_history(tmp_path: Path) -> None:
    (tmp_path / "web-9-1.msgpack").write_bytes(b"\xc1 half a file")
    assert History(tmp_path, "web-1").merged(NOW) == []


@pytest.mark.anyio
async def test_what_killed_processes_left_is_taken_away_though_nobody_looks(tmp_path: Path) -> None:
    # No process has a number that begins with a nought.
    for name in ("metrics/web-0a.json", "metrics/web-0a.tmp", "live/web-0a-1.msgpack", "live/web-0a-1.tmp"):
        old, young = tmp_path / name, (tmp_path / name).with_stem("web-0b")
        old.parent.mkdir(exist_ok=True)
        for path in (old, young):
            path.write_bytes(b"")
        os.utime(old, (0, 0))

    def left(process: str) -> int:
        return len(list(tmp_path.rglob(f"{process}*")))

    exchange = Exchange(tmp_path, "web", [])
    running = asyncio.create_task(exchange.write_figures())
    async with asyncio.timeout(30):
        while not left(exchange.process):
            await asyncio.sleep(0.01)
    assert left("web-0a") == 0
    assert left("web-0b") == 4, "the last hour stays"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def hung(tmp_path: Path) -> Iterator[Exchange]:
    """On a disk that does not answer: what is opened there waits for somebody at the other end of a pipe."""
    exchange = Exchange(tmp_path, "web", [])
    folder = tmp_path / "metrics"
    folder.mkdir()
    pipes = [folder / f"{exchange.process}.tmp", folder / "web-0a.json"]
    for pipe in pipes:
        os.mkfifo(pipe)
    yield exchange
    for pipe in pipes:
        os.close(os.open(pipe, os.O_RDWR))  # the disk answers


@pytest.mark.anyio
async def test_a_disk_that_hangs_holds_up_nobody(hung: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wenyue.telemetry.exchange._READ_S", 0.05)
    running = asyncio.create_task(hung.write_figures())
    async with asyncio.timeout(30):
        while "write" not in {thread.name for thread in threading.enumerate()}:
            await asyncio.sleep(0.01)
        for _ in range(3):
            assert [one.process for one in await hung.snapshots()] == [hung.process]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [thread.name for thread in threading.enumerate()].count("read") == 1


def test_a_quantile_lies_in_its_bucket() -> None:
    counts = [0] * 13
    assert quantile_ms(counts, 0.5) is None
    counts[4] = 99  # 10 to 25 ms
    counts[9] = 1  # 0.5 to 1 s
    assert 10 < (quantile_ms(counts, 0.5) or 0) < 25
    assert 500 < (quantile_ms(counts, 0.995) or 0) <= 1000
    assert quantile_ms([0] * 12 + [1], 0.5) == 5000


def facts(points: list[Point], *snapshots: Snapshot, span: str = "15m"):  # noqa: ANN201 - the page's own type
    return look(points, snapshots, NOW, span, "Asia/Shanghai")


def worker(**gauges: float) -> Snapshot:
    """A living worker."""
    made = Snapshot(process="worker-1", role="worker", at=NOW, scarce=[])
    for name, value in gauges.items():
        made.gauge(name, value)
    return made


def test_the_page_says_the_worst_thing_first() -> None:
    web = Snapshot(process="web-1", role="web", at=NOW)
    good = Point(at=int(NOW), good=10, counts=[10] + [0] * 12)
    bad = Point(at=int(NOW), good=1, failed=9, reasons={"busy": 9})
    assert state_of(facts([good], web, worker()), "en", "").tone == "good"
    assert state_of(facts([], web, worker()), "en", "").text == "No one is booking right now."
    assert state_of(facts([bad], web, worker()), "en", "").title.startswith("90 %")
    assert (
        state_of(facts([good], web, worker(holds_overdue_seconds=90)), "en", "").title
        == "Background work is piling up"
    )
    behind = worker()
    behind.gauge("events_oldest_seconds", 0, "gate-index")
    behind.gauge("events_oldest_seconds", 90, "messages")
    assert state_of(facts([good], web, behind), "en", "").title == "Background work is piling up"
    assert state_of(facts([good], web), "en", "").runbook == RUNBOOKS["worker"]
    web.gauge("database_away_since", NOW - 60)
    state = state_of(facts([bad], web, worker()), "zh-CN", "12:03")
    assert (state.tone, state.title) == ("bad", "数据库自12:03起没有应答")


@pytest.mark.parametrize("span", ["15m", "1h"])
def test_buckets_are_rates_and_gaps_stay_gaps(span: str) -> None:
    points = [Point(at=int(NOW) - 5 * n, good=50, counts=[50] + [0] * 12) for n in range(4)]
    live = facts(points, span=span)
    assert len(live.buckets) == 180
    assert live.buckets[-1].good == 10.0
    assert live.buckets[0].good is None
    assert live.lately.good == 200
    assert all(re.fullmatch(r"\d\d:\d0|\d\d:\d5", text) for _, text in live.ticks)
    assert 2 <= len(live.ticks) <= 4


@pytest.mark.parametrize("highest", [0.01, 0.9, 1, 7, 10, 99, 100, 101, 1234, 9_999_999])
def test_an_axis_reaches_its_highest_value_with_few_round_marks(highest: float) -> None:
    top, marks = scale(highest)
    assert highest <= top <= highest * 2.5
    assert 2 <= len(marks) <= 4
    assert all(len(short(mark)) <= 8 for mark in marks)


def test_a_plot_draws_each_stretch_and_escapes_its_words() -> None:
    assert trace([1, 2, None, 3], 4, is_area=False).count("M") == 2
    assert trace([None, None], 4, is_area=True) == ""
    svg = plot([Series("good", [1, None, 2], "area")], [Tick(0, "<b>")], label="a<b")
    assert "<b>" not in svg
    assert "nan" not in svg
    assert svg.count("<path") >= 3


def test_words_are_short_and_nothing_that_happened_is_nothing() -> None:
    assert (percent(0), percent(0.001), percent(55.5)) == ("0 %", "0.1 %", "56 %")
    assert (milliseconds(None), milliseconds(4.26), milliseconds(1300)) == ("–", "4.3 ms", "1.3 s")
    assert (per_second(0, 60), per_second(1, 60), per_second(60_000, 60)) == ("0", "<0.1", "1,000")
    assert reason_title("sold_out", "zh-CN") == "这一场约满了"
    assert reason_title("nobody_worded_this", "en") == "nobody_worded_this"


def test_every_runbook_that_is_named_is_there_and_nothing_else_can_be_read() -> None:
    assert set(RUNBOOKS.values()) <= set(runbook_names())
    for name in runbook_names():
        for locale in LOCALES:
            page = runbook(name, locale)
            assert page is not None
            assert page.lang == locale
    drained = runbook("drain", "zh-CN")
    assert drained is not None
    assert (drained.title, drained.body[:13]) == ("平滑退出", "<h2>看到什么</h2>")
    assert page_of(["前一行，", "后一行 a", "b"], "zh-CN") == "<p>前一行，后一行 a b</p>"
    for name in ("../reliability", "..%2freliability", "/etc/passwd", "", "a" * 100, "README"):
        assert runbook(name, "en") is None, name


def test_a_runbook_cannot_bring_markup() -> None:
    page = page_of(
        [
            "## <script>",
            "a `<b>` **c** [d](drain.md) [e](javascript:x)",
            "",
            "- one",
            "  more",
            "```sh step",
            "a < b",
            "```",
        ],
        "en",
    )
    assert "<script>" not in page
    assert '<a href="/console/runbooks/drain">d</a>' in page
    assert "<li>one more</li>" in page
    assert "<code>a &lt; b</code>" in page
    assert "javascript:x" in page
    assert page_of(["## Fix"], "zh-CN") == "<h2>处理</h2>"
    assert page_of(["## Fix"], "en") == "<h2>Fix</h2>"
    assert 'href="javascript' not in page
    assert "<code>**c** [d](drain)</code>" in page_of(
        ["`**c** [d](drain)`"], "en"
    )  # code is shown as it is typed
    assert page_of(["**a `b` [c](d)**"], "en") == (
        '<p><strong>a <code>b</code> <a href="/console/runbooks/d">c</a></strong></p>'
    )


def test_every_family_is_printed_for_prometheus(tmp_path: Path) -> None:
    exchange = Exchange(tmp_path, "web", [])
    assert exchange.process == f"web-{os.getpid()}"
    text = metrics_text(asyncio.run(exchange.snapshots())).decode()
    for family in FAMILIES:
        name = f"wenyue_{family.name}" + ("_total" if family.kind == "counter" else "")
        assert f"# TYPE {name} {family.kind}" in text
        assert family.help in text
    earlier = time()
    assert exchange.snapshot().at >= earlier
