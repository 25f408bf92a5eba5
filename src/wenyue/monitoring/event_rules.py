"""From how far subscribers have come in the log of events to findings. Pure; docs/monitoring.md repeats the thresholds."""

from collections.abc import Sequence
from typing import Final

from wenyue.locale import Message
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
    text = Message.plural(
        "The subscriber {name} is {n} event behind, for {seconds} s",
        "The subscriber {name} is {n} events behind, the oldest for {seconds} s",
        one.waiting,
        name=one.name,
        seconds=f"{one.oldest_s:.0f}",
    )
    if one.failures:
        text = Message(
            "{behind}; failures in a row: {failures} ({error})",
            behind=text,
            failures=one.failures,
            error=one.error,
        )
    return [Finding("events", severity, text, one.name)]


def _parked(one: EventFacts) -> list[Finding]:
    if not one.parked:
        return []
    return [
        Finding(
            "events",
            Severity.WARNING,
            Message.plural(
                "Events of {n} subject kept failing for the subscriber {name} and are parked",
                "Events of {n} subjects kept failing for the subscriber {name} and are parked",
                one.parked,
                name=one.name,
            ),
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
            Message.plural(
                "{n} event expired and was dropped before the subscriber {name} had handled it",
                "{n} events expired and were dropped before the subscriber {name} had handled them",
                one.lost,
                name=one.name,
            ),
            f"{one.name}:lost",
        )
    ]
