"""From facts about the database and its standbys to findings.

Pure; thresholds stand at the head, and docs/monitoring.md repeats them.
"""

from typing import Final

from wenyue.monitoring.model import DatabaseFacts, Finding, ReplicationFacts, Severity, Standby

SLOW_DATABASE_MS: Final = 1_000.0
CONNECTIONS_WARN: Final = 0.80
CONNECTIONS_CRITICAL: Final = 0.95
TRANSACTION_AGE_WARN: Final = 600_000_000  # vacuum insists from 200 million; all stops near 2,100
TRANSACTION_AGE_CRITICAL: Final = 1_200_000_000
OPEN_TRANSACTION_S_MAX: Final = 900.0
BEHIND_BYTES_MAX: Final = 64 * 1024 * 1024
BEHIND_S_MAX: Final = 30.0
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
    found += [
        Finding(
            check,
            _WARNING,
            f"备份复制槽 {slot} 两天未取日志，仍占用磁盘；备份目录已不用时请删除该槽",
            f"the backups' slot {slot} keeps log, and nothing was fetched for two days: take a backup, or, if its folder is "
            f"gone, SELECT pg_drop_replication_slot('{slot}')",
            f"slot-{slot}",
        )
        for slot in facts.idle_slots
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
