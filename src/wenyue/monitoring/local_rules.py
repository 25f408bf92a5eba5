"""From facts about this machine, and about reports in its home, to findings. Pure, like `rules`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from wenyue.locale import Message
from wenyue.monitoring.model import (
    Certificate,
    ClockFacts,
    Disk,
    Finding,
    Machine,
    OldFact,
    ReportFacts,
    Severity,
    WebFacts,
)

DISK_WARN: Final = 0.10
DISK_CRITICAL: Final = 0.03
DISK_CRITICAL_BYTES: Final = 512 * 1024 * 1024
MEMORY_WARN: Final = 0.05
PROCESS_BYTES_MAX: Final = 1536 * 1024 * 1024
FILES_WARN: Final = 0.80
SLOW_WEB_MS: Final = 1_000.0
CERTIFICATE_WARN: Final = timedelta(days=21)
CERTIFICATE_CRITICAL: Final = timedelta(days=7)
CLOCK_WARN_S: Final = 1.0
CLOCK_CRITICAL_S: Final = 5.0
BACKUP_AGE_WARN: Final = timedelta(hours=26)
BACKUP_AGE_CRITICAL: Final = timedelta(hours=50)
DRILL_AGE_WARN: Final = timedelta(days=40)
_MB: Final = 1024 * 1024
# While one of these is old, people who wait for a place are not let in, or new rules do not hold.
_STOPS_PEOPLE: Final = frozenset(
    {
        "rules",
        "waiting_rooms",
        "room_signal",
        "web_signals",
        "task_keep_the_waiting_rooms",
        "task_expire_holds",
    }
)
_NOTE, _WARNING, _CRITICAL = Severity.NOTE, Severity.WARNING, Severity.CRITICAL


def judge_disk(disks: Sequence[Disk]) -> list[Finding]:
    """Space and inodes."""
    found: list[Finding] = []
    for disk in disks:
        ratio = min(disk.free / disk.size if disk.size else 0.0, disk.free_inodes_ratio)
        is_critical = ratio < DISK_CRITICAL or disk.free < DISK_CRITICAL_BYTES
        if ratio < DISK_WARN or is_critical:
            found.append(
                Finding(
                    "disk",
                    _CRITICAL if is_critical else _WARNING,
                    Message(
                        "{path} has {free} MB left ({share})",
                        path=disk.path,
                        free=f"{disk.free / _MB:,.0f}",
                        share=f"{ratio:.0%}",
                    ),
                    disk.path,
                )
            )
    return found


def judge_machine(machine: Machine) -> list[Finding]:
    """Memory, open files, and processes that should be there."""
    found: list[Finding] = []
    if machine.memory_size and machine.memory_free / machine.memory_size < MEMORY_WARN:
        free = machine.memory_free / _MB
        found.append(Finding("memory", _WARNING, Message("{free} MB of memory left", free=f"{free:,.0f}")))
    for one in machine.processes:
        if one.rss > PROCESS_BYTES_MAX:
            size = one.rss / _MB
            text = Message(
                "{role} (process {pid}) uses {size} MB", role=one.role, pid=one.pid, size=f"{size:,.0f}"
            )
            found.append(Finding("memory", _WARNING, text, one.role))
        if one.open_files_max and one.open_files / one.open_files_max > FILES_WARN:
            text = Message(
                "{role} (process {pid}) has {used} of {most} files open",
                role=one.role,
                pid=one.pid,
                used=one.open_files,
                most=one.open_files_max,
            )
            found.append(Finding("memory", _WARNING, text, f"{one.role}-files"))
    for role, wanted in machine.wanted:
        living = sum(one.role == role for one in machine.processes)
        if living < wanted:
            found.append(
                Finding(
                    "processes",
                    _CRITICAL if living == 0 else _WARNING,
                    Message(
                        "{living} of {wanted} {role} processes are running",
                        living=living,
                        wanted=wanted,
                        role=role,
                    ),
                    role,
                )
            )
    return found


def judge_freshness(facts: Sequence[OldFact]) -> list[Finding]:
    """Nobody goes on with old facts unseen: one finding for a role and what it goes by, however many processes."""
    found: list[Finding] = []
    for role, name in sorted({(one.role, one.name) for one in facts}):
        same = [one for one in facts if (one.role, one.name) == (role, name)]
        age_s, count = max(one.age_s for one in same), len(same)
        found.append(
            Finding(
                "freshness",
                _CRITICAL if name in _STOPS_PEOPLE else _WARNING,
                Message.plural(
                    "{n} {role} process is working with old facts: {fact} not renewed for {seconds} s",
                    "{n} {role} processes are working with old facts: {fact} not renewed for {seconds} s",
                    count,
                    role=role,
                    fact=name.replace("_", " "),
                    seconds=f"{age_s:.0f}",
                ),
                f"{role}-{name}",
            )
        )
    return found


def judge_web(facts: Sequence[WebFacts]) -> list[Finding]:
    """Every address answers that it is ready, and soon."""
    found: list[Finding] = []
    for one in facts:
        if one.status != 200:
            why = one.error or f"HTTP {one.status}"
            found.append(
                Finding(
                    "web",
                    _CRITICAL,
                    Message("{url} is not ready ({why})", url=one.url, why=why),
                    one.url,
                )
            )
        elif one.took_ms > SLOW_WEB_MS:
            text = Message("{url} answers in {ms} ms", url=one.url, ms=f"{one.took_ms:.0f}")
            found.append(Finding("web", _WARNING, text, f"{one.url}-slow"))
        if one.says:
            text = Message("Rules are wrong: {problems}", problems=one.says)
            found.append(Finding("web", _WARNING, text, f"{one.url}-rules"))
    return found


def judge_certificates(certificates: Sequence[Certificate], now: datetime) -> list[Finding]:
    """Certificates and keys are renewed in time."""
    found: list[Finding] = []
    for one in certificates:
        if one.error or one.ends_at is None:
            text = Message(
                "The certificate {place} could not be read: {error}", place=one.place, error=one.error
            )
            found.append(Finding("certificate", _WARNING, text, one.place))
        elif one.ends_at - now < CERTIFICATE_WARN:
            left = one.ends_at - now
            days = left.total_seconds() / 86400
            found.append(
                Finding(
                    "certificate",
                    _CRITICAL if left < CERTIFICATE_CRITICAL else _WARNING,
                    Message(
                        "The certificate {place} expires in {days} days", place=one.place, days=f"{days:.1f}"
                    ),
                    one.place,
                )
            )
    return found


def judge_clock(facts: ClockFacts, database_ahead_s: float | None) -> list[Finding]:
    """Our clock against the database's, the network's, other nodes' and itself a minute ago."""
    found: list[Finding] = []
    others = [
        ("database", Message("This machine's clock is {seconds} s off the database's"), database_ahead_s),
        ("ntp", Message("This machine's clock is {seconds} s off the time server's"), facts.ntp_ahead_s),
    ]
    for detail, text, ahead in others:
        if ahead is not None and abs(ahead) > CLOCK_WARN_S:
            found.append(
                Finding(
                    "clock",
                    _CRITICAL if abs(ahead) > CLOCK_CRITICAL_S else _WARNING,
                    text.filled(seconds=f"{ahead:+.2f}"),
                    detail,
                )
            )
    if abs(facts.stepped_s) > CLOCK_WARN_S:
        text = Message("This machine's clock jumped by {seconds} s", seconds=f"{facts.stepped_s:+.2f}")
        found.append(Finding("clock", _WARNING, text, "step"))
    if facts.ntp_error:
        text = Message("The time server does not answer: {error}", error=facts.ntp_error)
        found.append(Finding("clock", _WARNING, text, "ntp-silent"))
    ahead_by = [ahead for _, ahead in facts.nodes]
    if ahead_by and max(ahead_by) - min(ahead_by) > CLOCK_WARN_S:
        apart = max(ahead_by) - min(ahead_by)
        text = Message(
            "The clocks of {n} nodes are {seconds} s apart", n=len(ahead_by), seconds=f"{apart:.2f}"
        )
        found.append(Finding("clock", _WARNING, text, "nodes"))
    return found


def judge_backup(facts: ReportFacts, now: datetime, *, is_wanted: bool) -> list[Finding]:
    """The last backup was tried, is good, and is young enough. `is_wanted`: an installation that lives must have one."""
    check = "backup"
    if facts.error:
        text = Message("The backup self-test's report cannot be read: {error}", error=facts.error)
        return [Finding(check, _WARNING, text, "report")]
    if facts.at is None:
        severity = _WARNING if is_wanted else _NOTE
        return [Finding(check, severity, Message("No backup was ever tested: run `wenyue backup`"), "never")]
    found: list[Finding] = []
    if not facts.is_ok:
        text = Message(
            "The last backup is not usable: {problem}", problem=facts.problem or Message("no reason given")
        )
        found.append(Finding(check, _CRITICAL, text, "unusable"))
    for detail, text, at in (
        ("age", Message("The last backup is {hours} h old"), facts.taken_at),
        ("test-age", Message("The last backup self-test is {hours} h old"), facts.at),
    ):
        age = now - at if at is not None else timedelta(0)
        if age > BACKUP_AGE_WARN:
            hours = age.total_seconds() / 3600
            severity = _CRITICAL if age > BACKUP_AGE_CRITICAL else _WARNING
            found.append(
                Finding(
                    check,
                    severity,
                    text.filled(hours=f"{hours:.0f}"),
                    detail,
                )
            )
    return found


def judge_drill(facts: ReportFacts, now: datetime) -> list[Finding]:
    """A plan that is never rehearsed fails."""
    check = "drill"
    if facts.error:
        text = Message("The drill's report cannot be read: {error}", error=facts.error)
        return [Finding(check, _WARNING, text, "report")]
    found: list[Finding] = []
    if facts.at is None:
        text = Message("Nothing was ever rehearsed: `wenyue drill run all`")
        found.append(Finding(check, _NOTE, text, "never"))
    if (facts.at is not None and not facts.is_ok) or (facts.at is None and facts.problem):
        problem = facts.problem or Message("see `wenyue drill report`")
        text = Message("The last drill failed: {problem}", problem=problem)
        found.append(Finding(check, _WARNING, text, "failed"))
    if facts.at is not None and now - facts.at > DRILL_AGE_WARN:
        days = (now - facts.at).days
        found.append(
            Finding(
                check,
                _WARNING,
                Message.plural(
                    "Nothing was rehearsed for {n} day", "Nothing was rehearsed for {n} days", days
                ),
                "age",
            )
        )
    return found
