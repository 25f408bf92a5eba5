"""From facts about what all nodes share to findings. Pure; thresholds stand at the head, and docs/monitoring.md repeats them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from wenyue.watch.model import (
    AbuseFacts,
    Beat,
    DatabaseFacts,
    Finding,
    LaterFacts,
    PassFacts,
    RecordFacts,
    ReplicationFacts,
    Severity,
    Standby,
    UndoFacts,
)

SLOW_DATABASE_MS: Final = 1_000.0
CONNECTIONS_WARN: Final = 0.80
CONNECTIONS_CRITICAL: Final = 0.95
TRANSACTION_AGE_WARN: Final = 600_000_000  # vacuum insists from 200 million; all stops near 2,100
TRANSACTION_AGE_CRITICAL: Final = 1_200_000_000
OPEN_TRANSACTION_S_MAX: Final = 900.0
BEHIND_BYTES_MAX: Final = 64 * 1024 * 1024
BEHIND_S_MAX: Final = 30.0
HOLD_OVERDUE_S: Final = 60
OUTBOX_AGE_WARN_S: Final = 60.0
OUTBOX_AGE_CRITICAL_S: Final = 600.0
JOB_AGE_WARN_S: Final = 120.0
JOB_AGE_CRITICAL_S: Final = 1_800.0
UNSETTLED_AGE_MAX_S: Final = 48 * 3600.0
UNDOS_OF_KEEPER_MANY: Final = 10  # as many as one takes back alone in a day, by default
UNSEALED_WARN_S: Final = 120.0
UNSEALED_CRITICAL_S: Final = 1_800.0
BEATS_MISSED: Final = 3  # so many periods of silence, then somebody is told
PASS_AGE_WARN: Final = timedelta(hours=26)
_MB: Final = 1024 * 1024
_NOTE, _WARNING, _CRITICAL = Severity.NOTE, Severity.WARNING, Severity.CRITICAL


def judge_database(facts: DatabaseFacts) -> list[Finding]:
    """Reachable, writable, with connections and transaction numbers to spare."""
    check = "database"
    if facts.error:
        return [
            Finding(
                check, _CRITICAL, f"数据库连不上（{facts.error}）", f"the database is away ({facts.error})"
            )
        ]
    found: list[Finding] = []
    if facts.is_in_recovery or facts.is_read_only:
        found.append(
            Finding(
                check,
                _CRITICAL,
                "数据库只读（是备库，或正在恢复）",
                "the database takes no writes: it is a standby, recovering, or read-only",
                "read-only",
            )
        )
    elif facts.write_problem:
        found.append(
            Finding(
                check,
                _CRITICAL,
                f"数据库写入未确认（{facts.write_problem}）",
                f"a write was not confirmed: {facts.write_problem}",
                "write",
            )
        )
    slowest = max(facts.took_ms, facts.pushed_ms)
    if slowest > SLOW_DATABASE_MS:
        found.append(
            Finding(
                check,
                _WARNING,
                f"数据库响应慢（{slowest:.0f} 毫秒）",
                f"the database takes {slowest:.0f} ms for one row",
                "slow",
            )
        )
    return found + _resources(facts)


def _resources(facts: DatabaseFacts) -> list[Finding]:
    check = "database"
    found: list[Finding] = []
    used = facts.connections / facts.connections_max if facts.connections_max else 0.0
    if used >= CONNECTIONS_WARN:
        found.append(
            Finding(
                check,
                _CRITICAL if used >= CONNECTIONS_CRITICAL else _WARNING,
                f"数据库连接已用 {facts.connections}/{facts.connections_max}",
                f"{facts.connections} of {facts.connections_max} database connections are in use",
                "connections",
            )
        )
    if facts.transaction_age >= TRANSACTION_AGE_WARN:
        found.append(
            Finding(
                check,
                _CRITICAL if facts.transaction_age >= TRANSACTION_AGE_CRITICAL else _WARNING,
                f"事务号年龄 {facts.transaction_age / 1e6:.0f} 百万，须清理（VACUUM FREEZE）",
                f"the oldest transaction number is {facts.transaction_age / 1e6:.0f} million old: vacuum does not keep up",
                "transaction-age",
            )
        )
    if facts.oldest_open_s > OPEN_TRANSACTION_S_MAX:
        found.append(
            Finding(
                check,
                _WARNING,
                f"有事务已开启 {facts.oldest_open_s / 60:.0f} 分钟",
                f"a transaction has been open for {facts.oldest_open_s / 60:.0f} minutes: vacuum cannot clean behind it",
                "open-transaction",
            )
        )
    return found


def judge_replication(facts: ReplicationFacts) -> list[Finding]:
    """What is promised about standbys is there and close behind."""
    check = "replication"
    visible = [one for one in facts.standbys if one.state is not None]
    streaming = [one for one in visible if one.state == "streaming"]
    found: list[Finding] = []
    if len(visible) < len(facts.standbys):
        return [
            Finding(
                check,
                _NOTE,
                "没有权限查看复制状态",
                "standbys are there but may not be looked at: GRANT pg_monitor TO the schema's owner",
                "rights",
            )
        ]
    if facts.sync_names and not any(one.sync in {"sync", "quorum"} for one in streaming):
        found.append(
            Finding(
                check,
                _CRITICAL,
                "已要求同步复制，但没有同步备库在线",
                "commits are promised to a synchronous standby and none is there: they wait, or are not confirmed",
                "sync",
            )
        )
    elif len(streaming) < facts.wanted:
        found.append(
            Finding(
                check,
                _WARNING,
                f"备库只有 {len(streaming)} 台在线，应有 {facts.wanted} 台",
                f"{len(streaming)} standbys follow, {facts.wanted} are wanted",
                "count",
            )
        )
    found += [_behind(one) for one in streaming if _is_behind(one)]
    found += [
        Finding(
            check,
            _WARNING,
            f"复制槽 {slot} 已丢失日志",
            f"the replication slot {slot} lost log that it needs: make that standby or backup anew",
            f"slot-{slot}",
        )
        for slot in facts.lost_slots
    ]
    return found


def _is_behind(one: Standby) -> bool:
    return (one.behind_bytes or 0) > BEHIND_BYTES_MAX or (one.behind_s or 0) > BEHIND_S_MAX


def _behind(one: Standby) -> Finding:
    megabytes, seconds = (one.behind_bytes or 0) / _MB, one.behind_s or 0
    return Finding(
        "replication",
        _WARNING,
        f"备库 {one.name} 落后 {megabytes:.0f} MB、{seconds:.0f} 秒",
        f"the standby {one.name} is {megabytes:.0f} MB and {seconds:.0f} s behind",
        f"lag-{one.name}",
    )


def judge_pass(facts: PassFacts, now: datetime, *, check: str) -> list[Finding]:
    """The standing invariants, and that everything was looked at within a day."""
    found: list[Finding] = []
    if facts.broken_count:
        first = "; ".join(facts.broken[:3])
        found.append(
            Finding(
                check,
                _CRITICAL,
                f"不变量被破坏 {facts.broken_count} 处：{first}",
                f"{facts.broken_count} broken invariants: {first}",
            )
        )
    last = facts.finished_at or facts.began_at
    if now - last > PASS_AGE_WARN:
        hours = (now - last).total_seconds() / 3600
        found.append(
            Finding(
                check,
                _WARNING,
                f"全面核对已 {hours:.0f} 小时没有完成",
                f"no complete pass for {hours:.0f} h: the check does not keep up with the number of rows",
                "pass",
            )
        )
    return found


def judge_undos(facts: UndoFacts) -> list[Finding]:
    """Who takes admissions back again and again lets people in on used places."""
    found: list[Finding] = []
    if facts.refused or facts.places_again:
        found.append(
            Finding(
                "undos",
                _WARNING,
                f"一天内有 {facts.places_again} 个名额被撤销核销两次以上，{facts.refused} 次撤销因无人确认被拒",
                f"within a day {facts.places_again} places were taken back more than once, and {facts.refused} tries were"
                " refused for want of a second person",
            )
        )
    if facts.keeper_most >= UNDOS_OF_KEEPER_MANY:
        found.append(
            Finding(
                "undos",
                _WARNING,
                f"一名验票员一天内撤销了 {facts.keeper_most} 次核销",
                f"one gate keeper took {facts.keeper_most} admissions back within a day",
                "keeper",
            )
        )
    return found


def judge_later(facts: LaterFacts) -> list[Finding]:
    """Holds, notes, jobs and no-shows are worked off in time."""
    found: list[Finding] = []
    if facts.stuck_holds:
        found.append(
            Finding(
                "holds",
                _WARNING,
                f"{facts.stuck_holds} 个占位已过期 {HOLD_OVERDUE_S} 秒仍未释放",
                f"{facts.stuck_holds} holds are more than {HOLD_OVERDUE_S} s past their end and not given back",
            )
        )
    if facts.outbox_age_s > OUTBOX_AGE_WARN_S:
        found.append(
            Finding(
                "outbox",
                _CRITICAL if facts.outbox_age_s > OUTBOX_AGE_CRITICAL_S else _WARNING,
                f"通知积压 {facts.outbox_waiting} 条，最早 {facts.outbox_age_s:.0f} 秒前",
                f"{facts.outbox_waiting} notes wait for the worker, the oldest for {facts.outbox_age_s:.0f} s",
            )
        )
    return found + _jobs(facts)


def _jobs(facts: LaterFacts) -> list[Finding]:
    found: list[Finding] = []
    if facts.jobs_age_s > JOB_AGE_WARN_S:
        found.append(
            Finding(
                "jobs",
                _CRITICAL if facts.jobs_age_s > JOB_AGE_CRITICAL_S else _WARNING,
                f"任务最早的已等待 {facts.jobs_age_s:.0f} 秒",
                f"the oldest job that could run has waited for {facts.jobs_age_s:.0f} s",
                "age",
            )
        )
    if facts.jobs_failed:
        found.append(
            Finding(
                "jobs",
                _WARNING,
                f"一天内有 {facts.jobs_failed} 个任务最终失败",
                f"{facts.jobs_failed} jobs failed for good within a day",
                "failed",
            )
        )
    if facts.jobs_abandoned:
        found.append(
            Finding(
                "jobs",
                _WARNING,
                f"{facts.jobs_abandoned} 个任务的执行者已失联",
                f"{facts.jobs_abandoned} jobs are in the hands of a worker that lives no more",
                "abandoned",
            )
        )
    if facts.unsettled_age_s > UNSETTLED_AGE_MAX_S:
        found.append(
            Finding(
                "no-shows",
                _WARNING,
                f"{facts.unsettled} 个场次结束两天仍未核定爽约",
                f"{facts.unsettled} sessions ended two days ago and were not looked through for no-shows",
            )
        )
    return found


def judge_beats(beats: Sequence[Beat]) -> list[Finding]:
    """Partners, workers and monitors that fell silent. When no worker speaks, nothing happens later any more."""
    workers = [one for one in beats if one.partner.startswith("worker:")]
    monitors = [one for one in beats if one.partner.startswith("monitor:")]
    found = [
        Finding(
            "partners",
            _WARNING,
            f"{one.partner} 已 {one.age_s:.0f} 秒没有心跳（应每 {one.every_s} 秒）",
            f"{one.partner} has been silent for {one.age_s:.0f} s; it should speak every {one.every_s} s",
            one.partner,
        )
        for one in beats
        if not one.partner.startswith(("worker:", "monitor:")) and _is_silent(one)
    ]
    for one in filter(_is_silent, monitors):
        node = one.partner.removeprefix("monitor:")
        text = f"the monitor of {node} has not been seen for {one.age_s:.0f} s: nobody looks at that machine"
        found.append(
            Finding(
                "monitors",
                _WARNING,
                f"{node} 的监控已 {one.age_s:.0f} 秒没有动静，该机器无人值守",
                text,
                node,
            )
        )
    if workers and all(_is_silent(one) for one in workers):
        age_s = min(one.age_s for one in workers)
        found.append(
            Finding(
                "worker",
                _CRITICAL,
                f"后台进程已 {age_s:.0f} 秒没有动静",
                f"no worker has been seen for {age_s:.0f} s: holds do not expire, messages do not leave",
            )
        )
    return found


def _is_silent(beat: Beat) -> bool:
    return beat.age_s > BEATS_MISSED * beat.every_s


def judge_record(facts: RecordFacts) -> list[Finding]:
    """The audit chain is sealed soon and whole."""
    found: list[Finding] = []
    if facts.broken_link is not None:
        found.append(
            Finding(
                "record",
                _CRITICAL,
                f"审计链在第 {facts.broken_link} 环断裂",
                f"the audit chain is broken at link {facts.broken_link}: somebody changed the record",
                "broken",
            )
        )
    if facts.differing:
        found.append(
            Finding(
                "record",
                _CRITICAL,
                f"审计链与库外存证不符（{facts.differing} 处）：末尾被截断或重做",
                f"the audit chain is not what {facts.differing} anchors outside the database say: cut off, or made anew",
                "anchors",
            )
        )
    if facts.unsealed_age_s > UNSEALED_WARN_S:
        found.append(
            Finding(
                "record",
                _CRITICAL if facts.unsealed_age_s > UNSEALED_CRITICAL_S else _WARNING,
                f"审计记录已 {facts.unsealed_age_s:.0f} 秒未封存",
                f"entries of the record have not been sealed for {facts.unsealed_age_s:.0f} s",
                "unsealed",
            )
        )
    return found


def judge_demo(logins: Sequence[str], *, is_wanted: bool) -> list[Finding]:
    """Logins of the demo: everybody knows their password. A note where the demo was asked for, else a warning."""
    if not logins:
        return []
    names = ", ".join(logins)
    return [
        Finding(
            "demo",
            _NOTE if is_wanted else _WARNING,
            f"演示账号仍可登录：{names}",
            f"demo logins can sign in: {names}",
        )
    ]


def judge_abuse(facts: Sequence[AbuseFacts]) -> list[Finding]:
    """Suspicious patterns that passed a limit within the hour, or whose block still holds: somebody should look."""
    return [
        Finding(
            "abuse",
            _WARNING,
            f"可疑迹象 {one.pattern}：{one.subjects} 个来源，已限制 {one.blocked} 个",
            f"suspicious: {one.pattern} by {one.subjects} subjects, {one.blocked} of them blocked",
            one.pattern,
        )
        for one in facts
    ]
