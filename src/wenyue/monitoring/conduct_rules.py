"""From facts about what people do, or could do, to findings: undos, the record, demo logins, suspicious patterns, retention.

Pure; thresholds stand at the head, and docs/monitoring.md repeats them.
"""

from collections.abc import Sequence
from typing import Final

from wenyue.monitoring.model import (
    AbuseFacts,
    ChangeFacts,
    Finding,
    RecordFacts,
    RetentionFacts,
    Severity,
    StaffActs,
    UndoFacts,
)

UNDOS_OF_KEEPER_MANY: Final = 10  # as many as one takes back alone in a day, by default
UNSEALED_WARN_S: Final = 120.0
UNSEALED_CRITICAL_S: Final = 1_800.0
RETENTION_GRACE_DAYS: Final = 3
_STAFF_ACTS: Final = {
    "staff.hired": ("已录用", "was hired"),
    "staff.reset": ("密码和二次验证已重置", "has a new password, and no second step"),
    "staff.duties_set": ("职责已变更", "has other duties"),
    "staff.retired": ("已停用", "was retired"),
}
_NOTE, _WARNING, _CRITICAL = Severity.NOTE, Severity.WARNING, Severity.CRITICAL


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


def judge_changes(facts: ChangeFacts) -> list[Finding]:
    """What one person did alone is looked at by another; where there is nobody else, it is told before it takes effect."""
    found: list[Finding] = []
    if facts.unreviewed:
        found.append(
            Finding(
                "changes",
                _WARNING,
                f"有 {facts.unreviewed} 项单人操作超过24小时无人复核",
                f"{facts.unreviewed} acts of one person were not looked at by another within 24 hours",
                "review",
            )
        )
    if facts.alone:
        acts = ", ".join(facts.alone)
        found.append(
            Finding(
                "changes",
                _WARNING,
                f"只有一人运营：以下变更到时自动生效 {acts}",
                f"one operator works alone: these changes take effect by themselves: {acts}",
                "alone",
            )
        )
    return found


def judge_staff(facts: StaffActs) -> list[Finding]:
    """Who was hired, may do other things, has a new password or left, within an hour: somebody else hears of each.

    One alert for each act on each person, so that one that an intruder adds to a day of hiring is told, too.
    """
    found = {
        (one.what, one.staff_id): Finding(
            "staff",
            _WARNING,
            f"员工 {one.login}：{_STAFF_ACTS[one.what][0]}（操作人 {one.by}）",
            f"{one.login}: {_STAFF_ACTS[one.what][1]}, by {one.by}",
            f"{one.what.removeprefix('staff.')}:{one.staff_id}",
        )
        for one in reversed(facts.newest)
    }
    if facts.count > len(facts.newest):
        many = f"{facts.count} changes of the staff within an hour"
        found["many", 0] = Finding("staff", _WARNING, f"一小时内有 {facts.count} 次员工变动", many, "many")
    return list(reversed(found.values()))


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


def judge_retention(facts: Sequence[RetentionFacts]) -> list[Finding]:
    """Data that is kept longer than its period and RETENTION_GRACE_DAYS: the worker does not erase it."""
    return [
        Finding(
            "retention",
            _WARNING,
            f"个人信息（{one.kind}）超过保留期 {one.behind_days} 天仍未清除",
            f"personal data ({one.kind}) is {one.behind_days} days past its period and not erased",
            one.kind,
        )
        for one in facts
        if one.behind_days > RETENTION_GRACE_DAYS
    ]
