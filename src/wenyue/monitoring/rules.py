"""From facts about bookings and later work to findings.

Pure; thresholds stand at the head, and docs/monitoring.md repeats them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from wenyue.locale import Message
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
                Message.plural(
                    "{n} broken invariant: {first}",
                    "{n} broken invariants: {first}",
                    facts.broken_count,
                    first=first,
                ),
            )
        )
    last = facts.finished_at or facts.began_at
    if now - last > PASS_AGE_WARN:
        hours = (now - last).total_seconds() / 3600
        found.append(
            Finding(
                check,
                _WARNING,
                Message(
                    "No full check was finished for {hours} h: it does not keep up with the number of rows",
                    hours=f"{hours:.0f}",
                ),
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
                Message.plural(
                    "{n} hold is more than {seconds} s past its end and not given back",
                    "{n} holds are more than {seconds} s past their end and not given back",
                    facts.stuck_holds,
                    seconds=HOLD_OVERDUE_S,
                ),
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
                Message(
                    "The oldest job that could run has waited for {seconds} s",
                    seconds=f"{facts.jobs_age_s:.0f}",
                ),
                "age",
            )
        )
    if facts.jobs_failed:
        found.append(
            Finding(
                "jobs",
                _WARNING,
                Message.plural(
                    "{n} job failed for good within a day",
                    "{n} jobs failed for good within a day",
                    facts.jobs_failed,
                ),
                "failed",
            )
        )
    if facts.jobs_abandoned:
        found.append(
            Finding(
                "jobs",
                _WARNING,
                Message.plural(
                    "{n} job was taken by a worker that is gone",
                    "{n} jobs were taken by a worker that is gone",
                    facts.jobs_abandoned,
                ),
                "abandoned",
            )
        )
    if facts.unsettled_age_s > UNSETTLED_AGE_MAX_S:
        found.append(
            Finding(
                "no-shows",
                _WARNING,
                Message.plural(
                    "{n} session ended two days ago and was not checked for no-shows",
                    "{n} sessions ended two days ago and were not checked for no-shows",
                    facts.unsettled,
                ),
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
            Message(
                "{partner} has been silent for {seconds} s; it should send a heartbeat every {every} s",
                partner=one.partner,
                seconds=f"{one.age_s:.0f}",
                every=one.every_s,
            ),
            one.partner,
        )
        for one in beats
        if not one.partner.startswith(("worker:", "monitor:")) and _is_silent(one)
    ]
    for one in filter(_is_silent, monitors):
        node = one.partner.removeprefix("monitor:")
        text = Message(
            "The monitor of {node} has not been seen for {seconds} s: nobody is watching that machine",
            node=node,
            seconds=f"{one.age_s:.0f}",
        )
        found.append(
            Finding(
                "monitors",
                _WARNING,
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
                Message(
                    "No worker has been seen for {seconds} s: holds do not expire, messages are not sent",
                    seconds=f"{age_s:.0f}",
                ),
            )
        )
    return found


def _is_silent(beat: Beat) -> bool:
    return beat.age_s > BEATS_MISSED * beat.every_s
