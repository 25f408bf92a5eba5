"""Every threshold: facts in, findings out."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wenyue.locale import in_every_language
from wenyue.monitoring import GUIDES
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

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

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
