"""The life of alerts, and every threshold: facts in, findings and notices out."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wenyue.locale import LOCALES, Message, in_every_language
from wenyue.monitoring import GUIDES, Alert, Checked, Event, Notice, Round, Severity, step
from wenyue.monitoring.alert_book import components
from wenyue.monitoring.conduct_rules import judge_demo, judge_record
from wenyue.monitoring.database_rules import judge_database, judge_replication
from wenyue.monitoring.event_rules import judge_events
from wenyue.monitoring.local_rules import (
    judge_backup,
    judge_certificates,
    judge_clock,
    judge_disk,
    judge_drill,
    judge_freshness,
    judge_machine,
    judge_web,
)
from wenyue.monitoring.model import (
    Beat,
    Certificate,
    ClockFacts,
    DatabaseFacts,
    Disk,
    EventFacts,
    Finding,
    Machine,
    OldFact,
    PassFacts,
    Process,
    RecordFacts,
    ReplicationFacts,
    ReportFacts,
    Standby,
    TaskFacts,
    WebFacts,
)
from wenyue.monitoring.rules import judge_beats, judge_pass, judge_tasks
from wenyue.monitoring.wording import body, page_of, say_span, short

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
BAD = Finding("disk", Severity.CRITICAL, Message("Disk"), "/srv")
HOUR = timedelta(hours=1)


class Desk:
    """Steps rounds a minute apart."""

    def __init__(self) -> None:
        self.book: dict[str, Alert] = {}
        self.now = NOW
        self._ids = itertools.count(1)

    def round(
        self,
        *findings: Finding,
        checks: Sequence[Checked] = (),
        silenced: frozenset[str] = frozenset(),
        after: timedelta = timedelta(minutes=1),
    ) -> list[Notice]:
        """One round `after` the last; `disk` was looked at, and found what is given."""
        self.now += after
        made = [*checks, *([] if any(one.name == "disk" for one in checks) else [Checked("disk", findings)])]
        self.book, notices = step(self.book, Round(made, silenced, self.now), lambda: f"id-{next(self._ids)}")
        return notices


def events(notices: Sequence[Notice]) -> list[Event]:
    return [one.event for one in notices]


def test_it_is_told_once_remembered_ever_more_seldom_and_resolved() -> None:
    desk = Desk()
    assert events(desk.round(BAD)) == [Event.FIRED]
    told = [desk.now for _ in range(180) if desk.round(BAD)]
    gaps = [round((late - early) / timedelta(minutes=1)) for early, late in itertools.pairwise(told)]
    assert gaps == [15, 30, 60, 60]
    assert desk.round() == []  # one good round may be chance
    assert events(desk.round()) == [Event.RESOLVED]
    assert desk.book == {}


def test_what_comes_back_at_once_is_not_told_anew() -> None:
    desk = Desk()
    desk.round(BAD)
    desk.round()
    assert desk.round(BAD) == []


def test_something_critical_that_lasts_is_told_to_others_too() -> None:
    desk = Desk()
    told = [notice for _ in range(25) for notice in desk.round(BAD)]
    assert [one.is_escalated for one in told] == [False, False, True]
    desk.round()
    [resolved] = desk.round()
    assert resolved.is_escalated


def test_worse_is_told_at_once() -> None:
    desk = Desk()
    desk.round(replace(BAD, severity=Severity.WARNING))
    assert events(desk.round(BAD)) == [Event.WORSE]


def test_a_note_is_never_sent() -> None:
    desk = Desk()
    assert desk.round(replace(BAD, severity=Severity.NOTE)) == []
    assert desk.book == {}


@pytest.mark.parametrize("silenced", ["disk", "disk:/srv"])
def test_silence_is_kept_and_ends(silenced: str) -> None:
    desk = Desk()
    assert desk.round(BAD, silenced=frozenset({silenced})) == []
    assert events(desk.round(BAD)) == [Event.FIRED]
    desk.round(silenced=frozenset({silenced}))
    assert desk.round(silenced=frozenset({silenced})) == []  # nobody was told, nobody need be


def test_another_subject_is_not_silenced() -> None:
    assert events(Desk().round(BAD, silenced=frozenset({"disk:/var"}))) == [Event.FIRED]


def test_what_may_pass_by_itself_must_last() -> None:
    desk, slow = Desk(), Finding("events", Severity.WARNING, Message("Events"))
    checks = [Checked("events", (slow,))]
    assert desk.round(checks=checks) == []
    assert events(desk.round(checks=checks)) == [Event.FIRED]


def test_a_check_that_could_not_be_made_changes_nothing_and_is_told_when_it_lasts() -> None:
    desk = Desk()
    desk.round(BAD)
    blind = [Checked("disk", problem="no result within 5 s")]
    told = [desk.round(checks=blind) for _ in range(3)]
    assert [events(one) for one in told] == [[], [], [Event.FIRED]]
    assert told[2][0].alert.subject == "monitor:disk"
    assert "disk:/srv" in desk.book


def test_a_database_that_is_away_is_told_alone() -> None:
    desk = Desk()
    away = Checked("database", tuple(judge_database(DatabaseFacts(error="OperationalError"))))
    blind = Checked("windows", problem="OperationalError")
    told = [notice for _ in range(4) for notice in desk.round(checks=[away, blind])]
    assert [one.alert.subject for one in told if one.event is Event.FIRED] == ["database"]


def test_a_flood_of_findings_is_bounded() -> None:
    desk = Desk()
    many = tuple(replace(BAD, detail=f"/d{n}") for n in range(500))
    assert len(desk.round(*many)) == 20


def test_a_text_says_what_since_when_what_to_do_and_where_to_read() -> None:
    desk = Desk()
    [notice] = desk.round(BAD)
    text = body(notice, "db1", "https://ops.example.cn/docs/")
    for part in (
        "\n磁盘\n自 2026-11-22 06:01:00 UTC 起，已 0 秒\n处理：腾出空间",
        "\nDisk\nsince 2026-11-22 06:01:00 UTC, for 0 s\nwhat to do: Free space",
        "2026-11-22 06:01:00 UTC",
        "https://ops.example.cn/docs/runbooks/disk-full.md",
        "db1",
    ):
        assert part in text
    assert text.startswith("[稳约] 告警 ALERT · 严重 critical · 磁盘 Disk @db1\n")
    assert short(notice, "db1") == "【稳约运维】告警（严重）磁盘，db1，自06:01UTC。"
    assert len(short(notice, "n" * 300)) == 200
    assert "处理" not in body(replace(notice, event=Event.RESOLVED), "db1", "")
    assert [say_span(timedelta(minutes=3), locale) for locale in LOCALES] == ["3 分钟", "3 min"]
    assert [say_span(timedelta(days=1), locale) for locale in LOCALES] == ["24 小时", "24 h"]


@pytest.mark.parametrize("check", sorted(GUIDES))
def test_every_check_leads_to_a_page_that_is_there(check: str) -> None:
    page, _, anchor = page_of(check, "").partition("#")
    text = (ROOT / page).read_text(encoding="utf-8")
    headings = {
        line.lstrip("#").strip().lower().replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }
    assert not anchor or anchor in headings


SLOT_LOST = ReplicationFacts("", (), ("wenyue_backup",), 0)
FOLLOWING = Standby("two", "streaming", "quorum", 0, 0.1)
WORKS = DatabaseFacts(took_ms=3, connections=10, connections_max=100)
QUIET = TaskFacts(0, 0, 0, 0, 0, 0, 0)
SEEN_NOW = PassFacts((), 0, 10, NOW, NOW, 1)
DISK = Disk("/srv", 50 << 30, 100 << 30, 0.9)
WEB = Process(7, "web", 100 << 20, 50, 1024)
CLOCK = ClockFacts(0.0, None, "", ())

# (findings, what they must be): below and above every threshold.
CASES: list[tuple[Sequence[Finding], list[str]]] = [
    (judge_database(WORKS), []),
    (judge_database(replace(WORKS, error="timeout")), ["database critical"]),
    (judge_database(replace(WORKS, is_in_recovery=True)), ["database:read-only critical"]),
    (judge_database(replace(WORKS, is_read_only=True)), ["database:read-only critical"]),
    (judge_database(replace(WORKS, write_problem="not confirmed")), ["database:write critical"]),
    (judge_database(replace(WORKS, took_ms=1001)), ["database:slow warning"]),
    (judge_database(replace(WORKS, pushed_ms=1001)), ["database:slow warning"]),
    (judge_database(replace(WORKS, connections=79)), []),
    (judge_database(replace(WORKS, connections=80)), ["database:connections warning"]),
    (judge_database(replace(WORKS, connections=95)), ["database:connections critical"]),
    (judge_database(replace(WORKS, transaction_age=600_000_000)), ["database:transaction-age warning"]),
    (judge_database(replace(WORKS, transaction_age=1_200_000_000)), ["database:transaction-age critical"]),
    (judge_database(replace(WORKS, oldest_open_s=901)), ["database:open-transaction warning"]),
    (judge_replication(ReplicationFacts("", (), (), 0)), []),
    (judge_replication(ReplicationFacts("ANY 1 (*)", (FOLLOWING,), (), 1)), []),
    (judge_replication(ReplicationFacts("ANY 1 (*)", (), (), 0)), ["replication:sync critical"]),
    (
        judge_replication(ReplicationFacts("ANY 1 (*)", (replace(FOLLOWING, sync="async"),), (), 0)),
        ["replication:sync critical"],
    ),
    (judge_replication(ReplicationFacts("", (FOLLOWING,), (), 2)), ["replication:count warning"]),
    (
        judge_replication(ReplicationFacts("", (replace(FOLLOWING, behind_bytes=65 << 20),), (), 1)),
        ["replication:lag-two warning"],
    ),
    (
        judge_replication(ReplicationFacts("", (replace(FOLLOWING, behind_s=31),), (), 1)),
        ["replication:lag-two warning"],
    ),
    (
        judge_replication(ReplicationFacts("", (Standby("x", None, None, None, None),), (), 1)),
        ["replication:rights note"],
    ),
    (judge_replication(SLOT_LOST), ["replication:slot-wenyue_backup warning"]),
    (
        judge_replication(ReplicationFacts("", (), (), 0, ("wenyue_000001_0123abcd",))),
        ["replication:slot-wenyue_000001_0123abcd warning"],
    ),
    (judge_pass(SEEN_NOW, NOW, check="windows"), []),
    (
        judge_pass(replace(SEEN_NOW, broken=("I2",), broken_count=1), NOW, check="windows"),
        ["windows critical"],
    ),
    (judge_pass(SEEN_NOW, NOW + 27 * HOUR, check="windows"), ["windows:pass warning"]),
    (judge_tasks(QUIET), []),
    (judge_tasks(replace(QUIET, stuck_holds=1)), ["holds warning"]),
    (judge_events([EventFacts("a", 5, 60), EventFacts("b", 0, 0, lost=9, lost_age_s=8 * 86_400)]), []),
    (judge_events([EventFacts("a", 5, 61), EventFacts("b", 5, 3)]), ["events:a warning"]),
    (judge_events([EventFacts("a", 5, 601)]), ["events:a critical"]),
    (judge_events([EventFacts("a", 0, 0, parked=2)]), ["events:a:parked warning"]),
    (judge_events([EventFacts("a", 0, 0, lost=2, lost_age_s=60)]), ["events:a:lost critical"]),
    (judge_tasks(replace(QUIET, jobs_age_s=121)), ["jobs:age warning"]),
    (judge_tasks(replace(QUIET, jobs_age_s=1801)), ["jobs:age critical"]),
    (judge_tasks(replace(QUIET, jobs_failed=1)), ["jobs:failed warning"]),
    (judge_tasks(replace(QUIET, jobs_abandoned=1)), ["jobs:abandoned warning"]),
    (judge_tasks(replace(QUIET, unsettled=3, unsettled_age_s=48 * 3600 + 1)), ["no-shows warning"]),
    (judge_beats([Beat("ota", 180, 60)]), []),
    (judge_beats([Beat("ota", 181, 60)]), ["partners:ota warning"]),
    (judge_beats([Beat("worker:a", 181, 60), Beat("worker:b", 10, 60)]), []),
    (judge_beats([Beat("worker:a", 181, 60), Beat("worker:b", 190, 60)]), ["worker critical"]),
    (judge_beats([Beat("monitor:a", 180, 60), Beat("monitor:b", 181, 60)]), ["monitors:b warning"]),
    (judge_record(RecordFacts(10, None, 5, 5)), []),
    (judge_record(RecordFacts(121, None, 5, 5)), ["record:unsealed warning"]),
    (judge_record(RecordFacts(1801, None, 5, 5)), ["record:unsealed critical"]),
    (judge_record(RecordFacts(0, 3, 2, 5)), ["record:broken critical"]),
    (judge_demo([], is_wanted=False), []),
    (judge_demo(["gate"], is_wanted=False), ["demo warning"]),
    (judge_demo(["gate"], is_wanted=True), ["demo note"]),
    (judge_disk([DISK]), []),
    (judge_disk([replace(DISK, free=9 << 30)]), ["disk:/srv warning"]),
    (judge_disk([replace(DISK, free=2 << 30)]), ["disk:/srv critical"]),
    (judge_disk([replace(DISK, size=1 << 30, free=511 << 20)]), ["disk:/srv critical"]),
    (judge_disk([replace(DISK, free_inodes_ratio=0.05)]), ["disk:/srv warning"]),
    (judge_machine(Machine(50, 100, (WEB,), (("web", 1),))), []),
    (judge_machine(Machine(4, 100, ())), ["memory warning"]),
    (judge_machine(Machine(50, 100, (replace(WEB, rss=1537 << 20),))), ["memory:web warning"]),
    (judge_machine(Machine(50, 100, (replace(WEB, open_files=900),))), ["memory:web-files warning"]),
    (judge_machine(Machine(50, 100, (WEB,), (("web", 2),))), ["processes:web warning"]),
    (judge_machine(Machine(50, 100, (), (("worker", 1),))), ["processes:worker critical"]),
    (judge_web([WebFacts("http://a", 200, 5)]), []),
    (judge_web([WebFacts("http://a", 503, 5)]), ["web:http://a critical"]),
    (judge_web([WebFacts("http://a", None, 5, "TimeoutError")]), ["web:http://a critical"]),
    (judge_web([WebFacts("http://a", 200, 1001)]), ["web:http://a-slow warning"]),
    (judge_web([WebFacts("http://a", 200, 5, says="preset x")]), ["web:http://a-rules warning"]),
    (judge_freshness([]), []),
    (
        judge_freshness([OldFact("web-1", "pool_views", 21.0), OldFact("web-2", "pool_views", 30.0)]),
        ["freshness:web-pool_views warning"],
    ),
    (judge_freshness([OldFact("web-1", "room_signal", 21.0)]), ["freshness:web-room_signal critical"]),
    (
        judge_freshness([OldFact("worker-1", "task_mark_no_shows", 1.0)]),
        ["freshness:worker-task_mark_no_shows warning"],
    ),
    (judge_certificates([Certificate("c", NOW + timedelta(days=22))], NOW), []),
    (judge_certificates([Certificate("c", NOW + timedelta(days=20))], NOW), ["certificate:c warning"]),
    (judge_certificates([Certificate("c", NOW + timedelta(days=6))], NOW), ["certificate:c critical"]),
    (judge_certificates([Certificate("c", None, "FileNotFoundError")], NOW), ["certificate:c warning"]),
    (judge_clock(CLOCK, 0.9), []),
    (judge_clock(CLOCK, None), []),
    (judge_clock(CLOCK, -1.1), ["clock:database warning"]),
    (judge_clock(CLOCK, 5.1), ["clock:database critical"]),
    (judge_clock(replace(CLOCK, ntp_ahead_s=2.0), 0.0), ["clock:ntp warning"]),
    (judge_clock(replace(CLOCK, ntp_error="timed out"), 0.0), ["clock:ntp-silent warning"]),
    (judge_clock(replace(CLOCK, stepped_s=-3600.0), 0.0), ["clock:step warning"]),
    (judge_clock(replace(CLOCK, nodes=(("a", -0.6), ("b", 0.6))), 0.0), ["clock:nodes warning"]),
    (judge_backup(ReportFacts(NOW, taken_at=NOW), NOW, is_wanted=True), []),
    (judge_backup(ReportFacts(None), NOW, is_wanted=True), ["backup:never warning"]),
    (judge_backup(ReportFacts(None), NOW, is_wanted=False), ["backup:never note"]),
    (judge_backup(ReportFacts(None, error="ValueError"), NOW, is_wanted=False), ["backup:report warning"]),
    (
        judge_backup(ReportFacts(NOW, is_ok=False, taken_at=NOW), NOW, is_wanted=True),
        ["backup:unusable critical"],
    ),
    (judge_backup(ReportFacts(NOW, taken_at=NOW - 27 * HOUR), NOW, is_wanted=True), ["backup:age warning"]),
    (judge_backup(ReportFacts(NOW, taken_at=NOW - 51 * HOUR), NOW, is_wanted=True), ["backup:age critical"]),
    (judge_backup(ReportFacts(NOW - 27 * HOUR), NOW, is_wanted=True), ["backup:test-age warning"]),
    (judge_drill(ReportFacts(NOW), NOW), []),
    (judge_drill(ReportFacts(None), NOW), ["drill:never note"]),
    (judge_drill(ReportFacts(NOW, is_ok=False), NOW), ["drill:failed warning"]),
    (judge_drill(ReportFacts(NOW - timedelta(days=41)), NOW), ["drill:age warning"]),
    (judge_drill(ReportFacts(None, error="ValueError"), NOW), ["drill:report warning"]),
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_thresholds(case: int) -> None:
    findings, wanted = CASES[case]
    assert [f"{one.subject} {one.severity.value}" for one in findings] == wanted
    assert all(one.check in GUIDES for one in findings)
    for one in findings:
        said = in_every_language(one.text)
        assert re.search("[\u4e00-\u9fff]", said["zh-CN"])
        assert not re.search("[\u4e00-\u9fff{}]", said["en"])


def test_travellers_learn_little() -> None:
    jobs = Finding("jobs", Severity.WARNING, Message("Jobs"), "age")
    silent = Finding("partners", Severity.CRITICAL, Message("Partners"), "ota:one")
    texts = Finding("partners", Severity.WARNING, Message("Partners"), "sms:file")
    assert components([Checked("jobs", (jobs,)), Checked("disk", (BAD,))]) == {"messages": "slow"}
    assert components([Checked("partners", (silent,), "ota:one 900 s")]) == {
        "messages": "ok",
        "partners": "down",
    }
    assert components([Checked("partners", (texts,), "sms:file 900 s, worker:a 3 s")]) == {"messages": "slow"}
    assert components([Checked("events", problem="late")]) == {}
    for name, says in (("messages", "slow"), ("gate-index", "ok"), ("nobody", "slow")):
        behind = Finding("events", Severity.WARNING, Message("Events"), name)
        assert components([Checked("events", (behind,))]) == {"messages": says}
