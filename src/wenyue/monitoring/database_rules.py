"""From facts about the database and its standbys to findings.

Pure; thresholds stand at the head, and docs/monitoring.md repeats them.
"""

from typing import Final

from wenyue.locale import Message
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
            Finding(check, _CRITICAL, Message("The database cannot be reached ({error})", error=facts.error))
        ]
    found: list[Finding] = []
    if facts.is_in_recovery or facts.is_read_only:
        found.append(
            Finding(
                check,
                _CRITICAL,
                Message("The database takes no writes: it is a standby, recovering, or read-only"),
                "read-only",
            )
        )
    elif facts.write_problem:
        found.append(
            Finding(
                check,
                _CRITICAL,
                Message("A write was not confirmed: {problem}", problem=facts.write_problem),
                "write",
            )
        )
    slowest = max(facts.took_ms, facts.pushed_ms)
    if slowest > SLOW_DATABASE_MS:
        found.append(
            Finding(
                check,
                _WARNING,
                Message("The database takes {ms} ms for one row", ms=f"{slowest:.0f}"),
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
                Message(
                    "{used} of {most} database connections are in use",
                    used=facts.connections,
                    most=facts.connections_max,
                ),
                "connections",
            )
        )
    if facts.transaction_age >= TRANSACTION_AGE_WARN:
        found.append(
            Finding(
                check,
                _CRITICAL if facts.transaction_age >= TRANSACTION_AGE_CRITICAL else _WARNING,
                Message(
                    "The oldest transaction number is {millions} million old: vacuum does not keep up",
                    millions=f"{facts.transaction_age / 1e6:.0f}",
                ),
                "transaction-age",
            )
        )
    if facts.oldest_open_s > OPEN_TRANSACTION_S_MAX:
        found.append(
            Finding(
                check,
                _WARNING,
                Message(
                    "A transaction has been open for {minutes} minutes: vacuum cannot clean up behind it",
                    minutes=f"{facts.oldest_open_s / 60:.0f}",
                ),
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
                Message(
                    "There are standbys, but their state may not be read: GRANT pg_monitor TO the schema's owner"
                ),
                "rights",
            )
        ]
    if facts.sync_names and not any(one.sync in {"sync", "quorum"} for one in streaming):
        found.append(
            Finding(
                check,
                _CRITICAL,
                Message(
                    "Commits are promised to a synchronous standby and there is none: they wait, or are not confirmed"
                ),
                "sync",
            )
        )
    elif len(streaming) < facts.wanted:
        found.append(
            Finding(
                check,
                _WARNING,
                Message.plural(
                    "{n} standby is following, {wanted} wanted",
                    "{n} standbys are following, {wanted} wanted",
                    len(streaming),
                    wanted=facts.wanted,
                ),
                "count",
            )
        )
    found += [_behind(one) for one in streaming if _is_behind(one)]
    found += [
        Finding(
            check,
            _WARNING,
            Message(
                "The replication slot {slot} lost log that it needs: rebuild that standby or backup",
                slot=slot,
            ),
            f"slot-{slot}",
        )
        for slot in facts.lost_slots
    ]
    found += [
        Finding(
            check,
            _WARNING,
            Message(
                "The backups' slot {slot} keeps log, and nothing was fetched for two days:"
                " take a backup or, if its folder is gone, run SELECT pg_drop_replication_slot('{slot}')",
                slot=slot,
            ),
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
        Message(
            "The standby {name} is {megabytes} MB and {seconds} s behind",
            name=one.name,
            megabytes=f"{megabytes:.0f}",
            seconds=f"{seconds:.0f}",
        ),
        f"lag-{one.name}",
    )
