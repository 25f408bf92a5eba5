"""The life of an alert. Pure: the book of alerts, this round's checks and `now` give the new book and what to tell.

A finding must stand for as many rounds as its check asks before it fires; it is told once, told again when it gets
worse, remembered at growing intervals, and resolved after two good rounds. A check that could not be made changes nothing.
What says that somebody tampered with the record goes on until a person resolves it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from wenyue.locale import Message, in_every_language
from wenyue.monitoring.model import Alert, Checked, Event, Finding, Notice, Severity

ALERTS_MAX: Final = 200
FINDINGS_PER_CHECK_MAX: Final = 20
GOOD_ROUNDS: Final = 2
ESCALATE_AFTER: Final = timedelta(minutes=15)
BLIND_ROUNDS: Final = 3
_REMIND_AFTER: Final = {
    Severity.CRITICAL: (
        timedelta(minutes=5),
        timedelta(minutes=15),
        timedelta(minutes=30),
        timedelta(hours=1),
    ),
    Severity.WARNING: (timedelta(hours=4), timedelta(hours=24)),
}
# Rounds that a finding must stand before it fires; 1 where it is not given. What is slow may be slow for a moment.
_ROUNDS: Final = {
    "database:slow": 3,
    "database:connections": 2,
    "holds": 2,
    "events": 2,
    "jobs:age": 2,
    "jobs:abandoned": 3,
    "memory": 3,
    "processes": 2,
    "record:unsealed": 2,
    "replication": 2,
}


# Only people resolve these; `wenyue monitor resolve`.
BY_PEOPLE: Final = frozenset({"record:broken", "record:anchors"})


@dataclass(frozen=True, slots=True)
class Round:
    """One round: what was checked, who must not be told (subjects), when, and what people resolved (subject → when)."""

    checks: Sequence[Checked]
    silenced: frozenset[str]
    now: datetime
    resolved: Mapping[str, datetime] = field(default_factory=dict[str, datetime])


def step(
    book: Mapping[str, Alert], this: Round, new_id: Callable[[], str]
) -> tuple[dict[str, Alert], list[Notice]]:
    """(the new book, what to tell now). At most ALERTS_MAX alerts are kept; the worst come first."""
    found = dict(_findings(this.checks))
    made = {one.name for one in this.checks if not one.problem}
    shared = {one.name for one in this.checks if one.is_shared}
    after: dict[str, Alert] = {}
    notices: list[Notice] = []
    for subject, (finding, rounds_wanted) in found.items():
        known = book.get(subject)
        alert = _seen(known, finding, new_id, this.now, is_shared=finding.check in shared)
        alert, notice = _tell(alert, known, rounds_wanted, this)
        after[subject] = alert
        notices += [notice] if notice else []
    for subject, alert in book.items():
        if subject in after:
            continue
        if alert.fired_at is not None and subject in BY_PEOPLE and not _is_resolved(alert, this):
            alert, notice = _tell(alert, alert, 1, this)  # noqa: PLW2901 - the same alert, told again
            after[subject] = alert
            notices += [notice] if notice else []
            continue
        if alert.check not in made and alert.check != "monitor":
            after[subject] = alert  # nobody looked: it stays as it was
            continue
        good = replace(alert, good_rounds=alert.good_rounds + 1)
        if alert.fired_at is not None and good.good_rounds < GOOD_ROUNDS:
            after[subject] = good
        elif alert.fired_at is not None and not is_silenced(alert, this.silenced):
            notices.append(Notice(Event.RESOLVED, good, this.now, is_escalated=_was_escalated(alert)))
    worst = sorted(after.values(), key=lambda one: (-one.severity.rank, one.since))[:ALERTS_MAX]
    return {one.subject: one for one in worst}, notices


def _is_resolved(alert: Alert, this: Round) -> bool:
    """Whether a person resolved it after it began."""
    at = this.resolved.get(alert.subject)
    return at is not None and at >= alert.since


def is_silenced(alert: Alert, silenced: frozenset[str]) -> bool:
    """Whether a silence covers the alert: its subject, or its whole check."""
    return alert.subject in silenced or alert.check in silenced


def _findings(checks: Sequence[Checked]) -> list[tuple[str, tuple[Finding, int]]]:
    """Findings that may fire, by subject. When the database is away, that alone is told, not everything behind it."""
    is_away = any(one.check == "database" and not one.detail for c in checks for one in c.findings)
    found: list[tuple[str, tuple[Finding, int]]] = []
    for check in checks:
        if check.problem and not is_away:
            blind = Finding(
                "monitor",
                Severity.WARNING,
                Message(
                    "The check {check} cannot be made: {problem}", check=check.name, problem=check.problem
                ),
                check.name,
            )
            found.append((blind.subject, (blind, BLIND_ROUNDS)))
        for finding in check.findings[:FINDINGS_PER_CHECK_MAX]:
            if finding.severity is not Severity.NOTE:
                rounds = _ROUNDS.get(finding.subject, _ROUNDS.get(finding.check, 1))
                found.append((finding.subject, (finding, rounds)))
    return found


def _seen(
    known: Alert | None, finding: Finding, new_id: Callable[[], str], now: datetime, *, is_shared: bool
) -> Alert:
    if known is None:
        return Alert(
            id=new_id(),
            subject=finding.subject,
            check=finding.check,
            severity=finding.severity,
            texts=in_every_language(finding.text),
            since=now,
            is_shared=is_shared,
        )
    return replace(
        known,
        severity=finding.severity,
        texts=in_every_language(finding.text),
        rounds=known.rounds + 1,
        good_rounds=0,
        is_shared=is_shared,
    )


def _tell(alert: Alert, known: Alert | None, rounds_wanted: int, this: Round) -> tuple[Alert, Notice | None]:
    """The alert after this round, and what is told about it."""
    if alert.fired_at is None and alert.rounds < rounds_wanted:
        return alert, None
    fired = alert if alert.fired_at is not None else replace(alert, fired_at=this.now)
    if is_silenced(fired, this.silenced):
        return fired, None
    if fired.told_at is None:
        event = Event.FIRED
    elif known is not None and known.severity.rank < fired.severity.rank:
        event = Event.WORSE
    elif this.now - fired.told_at >= _wait(fired):
        event = Event.REMINDER
    else:
        return fired, None
    told = replace(fired, told_at=this.now, told=fired.told + 1)
    is_escalated = (
        fired.severity is Severity.CRITICAL and this.now - (fired.fired_at or this.now) >= ESCALATE_AFTER
    )
    return told, Notice(event, told, this.now, is_escalated=is_escalated)


def _wait(alert: Alert) -> timedelta:
    """How long until it is told again: longer each time."""
    waits = _REMIND_AFTER.get(alert.severity, (timedelta(days=1),))
    return waits[min(max(alert.told, 1), len(waits)) - 1]


def _was_escalated(alert: Alert) -> bool:
    if alert.severity is not Severity.CRITICAL or alert.told_at is None or alert.fired_at is None:
        return False
    return alert.told_at - alert.fired_at >= ESCALATE_AFTER
