"""From how far subscribers have come in the log of events to findings. Pure; docs/monitoring.md repeats the thresholds."""

from collections.abc import Sequence
from typing import Final

from wenyue.monitoring.model import EventFacts, Finding, Severity

LAG_WARN_S: Final = 60.0
LAG_CRITICAL_S: Final = 600.0
LOST_TOLD_S: Final = 7 * 86_400.0  # what was dropped unheard is told for a week
NOBODY: Final = "nobody"  # events wait, and no worker has ever made a subscriber known
OLD_NOTES: Final = "old-notes"  # notes of an earlier version
MESSAGES: Final = ("messages", OLD_NOTES, NOBODY)  # what keeps travellers' messages back


def judge_events(facts: Sequence[EventFacts]) -> list[Finding]:
    """Every subscriber is told in time, and nothing is stuck with it."""
    return [finding for one in facts for finding in (*_lag(one), *_parked(one), *_lost(one))]


def _lag(one: EventFacts) -> list[Finding]:
    if one.oldest_s <= LAG_WARN_S:
        return []
    severity = Severity.CRITICAL if one.oldest_s > LAG_CRITICAL_S else Severity.WARNING
    zh = f"事件订阅者 {one.name} 落后 {one.waiting} 条，最早 {one.oldest_s:.0f} 秒前"
    en = f"the subscriber {one.name} is {one.waiting} events behind, the oldest for {one.oldest_s:.0f} s"
    if one.failures:
        zh += f"；连续失败 {one.failures} 次（{one.error}）"
        en += f"; it failed {one.failures} times in a row ({one.error})"
    return [Finding("events", severity, zh, en, one.name)]


def _parked(one: EventFacts) -> list[Finding]:
    if not one.parked:
        return []
    return [
        Finding(
            "events",
            Severity.WARNING,
            f"事件订阅者 {one.name} 有 {one.parked} 个对象的事件多次处理失败，已搁置",
            f"events of {one.parked} subjects failed again and again for the subscriber {one.name} and are parked",
            f"{one.name}:parked",
        )
    ]


def _lost(one: EventFacts) -> list[Finding]:
    if not one.lost or one.lost_age_s > LOST_TOLD_S:
        return []
    return [
        Finding(
            "events",
            Severity.CRITICAL,
            f"事件订阅者 {one.name} 有 {one.lost} 条事件未处理即因过期被删除",
            f"{one.lost} events were dropped for their age before the subscriber {one.name} had handled them",
            f"{one.name}:lost",
        )
    ]
