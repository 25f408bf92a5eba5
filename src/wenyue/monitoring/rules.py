"""From facts about bookings and later work to findings.

Pure; thresholds stand at the head, and docs/monitoring.md repeats them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from wenyue.monitoring.model import Beat, Finding, PassFacts, Severity, TaskFacts

HOLD_OVERDUE_S: Final = 60
JOB_AGE_WARN_S: Final = 120.0
JOB_AGE_CRITICAL_S: Final = 1_800.0
UNSETTLED_AGE_MAX_S: Final = 48 * 3600.0
BEATS_MISSED: Final = 3  # so many periods of silence, then somebody is told
PASS_AGE_WARN: Final = timedelta(hours=26)
_WARNING, _CRITICAL = Severity.WARNING, Severity.CRITICAL


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


def judge_tasks(facts: TaskFacts) -> list[Finding]:
    """Holds, jobs and no-shows are worked off in time."""
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
    return found + _jobs(facts)


def _jobs(facts: TaskFacts) -> list[Finding]:
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
