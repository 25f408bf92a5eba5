"""From facts about this machine, and about reports in its home, to findings. Pure, like `rules`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

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
                    f"{disk.path} 只剩 {disk.free / _MB:,.0f} MB（{ratio:.0%}）",
                    f"{disk.path} has {disk.free / _MB:,.0f} MB left ({ratio:.0%})",
                    disk.path,
                )
            )
    return found


def judge_machine(machine: Machine) -> list[Finding]:
    """Memory, open files, and processes that should be there."""
    found: list[Finding] = []
    if machine.memory_size and machine.memory_free / machine.memory_size < MEMORY_WARN:
        free = machine.memory_free / _MB
        found.append(
            Finding("memory", _WARNING, f"内存只剩 {free:,.0f} MB", f"{free:,.0f} MB of memory are left")
        )
    for one in machine.processes:
        if one.rss > PROCESS_BYTES_MAX:
            size = one.rss / _MB
            text = f"{one.role} (process {one.pid}) holds {size:,.0f} MB"
            found.append(
                Finding("memory", _WARNING, f"{one.role} 进程占用 {size:,.0f} MB 内存", text, one.role)
            )
        if one.open_files_max and one.open_files / one.open_files_max > FILES_WARN:
            text = f"{one.role} (process {one.pid}) has {one.open_files} of {one.open_files_max} files open"
            found.append(
                Finding(
                    "memory",
                    _WARNING,
                    f"{one.role} 已打开 {one.open_files}/{one.open_files_max} 个文件",
                    text,
                    f"{one.role}-files",
                )
            )
    for role, wanted in machine.wanted:
        living = sum(one.role == role for one in machine.processes)
        if living < wanted:
            found.append(
                Finding(
                    "processes",
                    _CRITICAL if living == 0 else _WARNING,
                    f"{role} 进程应有 {wanted} 个，实有 {living} 个",
                    f"{living} of {wanted} {role} processes run",
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
        says = f"{name.replace('_', ' ')} not renewed for {age_s:.0f} s"
        found.append(
            Finding(
                "freshness",
                _CRITICAL if name in _STOPS_PEOPLE else _WARNING,
                f"{role} 进程（{count} 个）沿用旧数据：{name} 已 {age_s:.0f} 秒未更新",
                f"{count} {role} process{'es' if count > 1 else ''} go{'' if count > 1 else 'es'} by old facts: {says}",
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
                    f"{one.url} 没有就绪（{why}）",
                    f"{one.url} is not ready ({why})",
                    one.url,
                )
            )
        elif one.took_ms > SLOW_WEB_MS:
            text = f"{one.url} answers in {one.took_ms:.0f} ms"
            found.append(
                Finding("web", _WARNING, f"{one.url} 响应 {one.took_ms:.0f} 毫秒", text, f"{one.url}-slow")
            )
        if one.says:
            found.append(Finding("web", _WARNING, f"规则有误：{one.says}", one.says, f"{one.url}-rules"))
    return found


def judge_certificates(certificates: Sequence[Certificate], now: datetime) -> list[Finding]:
    """Certificates and keys are renewed in time."""
    found: list[Finding] = []
    for one in certificates:
        if one.error or one.ends_at is None:
            text = f"the certificate {one.place} could not be read: {one.error}"
            found.append(
                Finding("certificate", _WARNING, f"证书 {one.place} 无法读取：{one.error}", text, one.place)
            )
        elif one.ends_at - now < CERTIFICATE_WARN:
            left = one.ends_at - now
            days = left.total_seconds() / 86400
            found.append(
                Finding(
                    "certificate",
                    _CRITICAL if left < CERTIFICATE_CRITICAL else _WARNING,
                    f"证书 {one.place} 还有 {days:.1f} 天到期",
                    f"the certificate {one.place} ends in {days:.1f} days",
                    one.place,
                )
            )
    return found


def judge_clock(facts: ClockFacts, database_ahead_s: float | None) -> list[Finding]:
    """Our clock against the database's, the network's, other nodes' and itself a minute ago."""
    found: list[Finding] = []
    others = [("database", "数据库", database_ahead_s), ("ntp", "时间服务器", facts.ntp_ahead_s)]
    for detail, zh, ahead in others:
        if ahead is not None and abs(ahead) > CLOCK_WARN_S:
            found.append(
                Finding(
                    "clock",
                    _CRITICAL if abs(ahead) > CLOCK_CRITICAL_S else _WARNING,
                    f"本机时钟与{zh}相差 {ahead:+.2f} 秒",
                    f"this machine's clock is {ahead:+.2f} s against the {detail}'s",
                    detail,
                )
            )
    if abs(facts.stepped_s) > CLOCK_WARN_S:
        text = f"this machine's clock jumped by {facts.stepped_s:+.2f} s"
        found.append(Finding("clock", _WARNING, f"本机时钟跳变 {facts.stepped_s:+.2f} 秒", text, "step"))
    if facts.ntp_error:
        text = f"the time server does not answer: {facts.ntp_error}"
        found.append(Finding("clock", _WARNING, f"时间服务器无应答：{facts.ntp_error}", text, "ntp-silent"))
    ahead_by = [ahead for _, ahead in facts.nodes]
    if ahead_by and max(ahead_by) - min(ahead_by) > CLOCK_WARN_S:
        apart = max(ahead_by) - min(ahead_by)
        text = f"the clocks of {len(ahead_by)} nodes are {apart:.2f} s apart"
        found.append(Finding("clock", _WARNING, f"各节点时钟相差 {apart:.2f} 秒", text, "nodes"))
    return found


def judge_backup(facts: ReportFacts, now: datetime, *, is_wanted: bool) -> list[Finding]:
    """The last backup was tried, is good, and is young enough. `is_wanted`: an installation that lives must have one."""
    check = "backup"
    if facts.error:
        text = f"the self-test's report cannot be read: {facts.error}"
        return [Finding(check, _WARNING, f"备份自检报告无法读取：{facts.error}", text, "report")]
    if facts.at is None:
        severity = _WARNING if is_wanted else _NOTE
        return [
            Finding(
                check, severity, "从未做过备份自检", "no backup was ever tested: run `wenyue backup`", "never"
            )
        ]
    found: list[Finding] = []
    if not facts.is_ok:
        text = f"the last backup is not usable: {facts.problem or 'no reason given'}"
        found.append(
            Finding(check, _CRITICAL, f"最近的备份不可用：{facts.problem or '未说明'}", text, "unusable")
        )
    for detail, zh, en, at in (
        ("age", "备份", "backup", facts.taken_at),
        ("test-age", "备份自检", "backup self-test", facts.at),
    ):
        age = now - at if at is not None else timedelta(0)
        if age > BACKUP_AGE_WARN:
            hours = age.total_seconds() / 3600
            severity = _CRITICAL if age > BACKUP_AGE_CRITICAL else _WARNING
            found.append(
                Finding(
                    check,
                    severity,
                    f"最近一次{zh}是 {hours:.0f} 小时前",
                    f"the last {en} is {hours:.0f} h old",
                    detail,
                )
            )
    return found


def judge_drill(facts: ReportFacts, now: datetime) -> list[Finding]:
    """A plan that is never rehearsed fails."""
    check = "drill"
    if facts.error:
        text = f"the drill's report cannot be read: {facts.error}"
        return [Finding(check, _WARNING, f"演练报告无法读取：{facts.error}", text, "report")]
    found: list[Finding] = []
    if facts.at is None:
        text = "nothing was ever rehearsed: `wenyue drill run all`"
        found.append(Finding(check, _NOTE, "从未演练", text, "never"))
    if (facts.at is not None and not facts.is_ok) or (facts.at is None and facts.problem):
        text = f"the last drill failed: {facts.problem or 'see `wenyue drill report`'}"
        found.append(
            Finding(check, _WARNING, f"最近的演练未通过：{facts.problem or '见演练报告'}", text, "failed")
        )
    if facts.at is not None and now - facts.at > DRILL_AGE_WARN:
        days = (now - facts.at).days
        found.append(
            Finding(check, _WARNING, f"已 {days} 天没有演练", f"nothing was rehearsed for {days} days", "age")
        )
    return found
