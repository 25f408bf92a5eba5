"""From facts about what people do, or could do, to findings: undos, the record, demo logins, suspicious patterns, retention.

Pure; thresholds stand at the head, and docs/monitoring.md repeats them.
"""

from collections.abc import Sequence
from typing import Final

from wenyue.locale import Message
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
    "staff.hired": Message("{login}: was hired, by {by}"),
    "staff.reset": Message("{login}: has a new password, and no second step, by {by}"),
    "staff.duties_set": Message("{login}: has other duties, by {by}"),
    "staff.retired": Message("{login}: was retired, by {by}"),
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
                Message(
                    "Within a day: places whose admission was undone more than once: {places};"
                    " undos refused for lack of a second person: {refused}",
                    places=facts.places_again,
                    refused=facts.refused,
                ),
            )
        )
    if facts.keeper_most >= UNDOS_OF_KEEPER_MANY:
        found.append(
            Finding(
                "undos",
                _WARNING,
                Message.plural(
                    "One gate keeper undid {n} admission within a day",
                    "One gate keeper undid {n} admissions within a day",
                    facts.keeper_most,
                ),
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
                Message.plural(
                    "{n} act of one person was not reviewed by another within 24 hours",
                    "{n} acts of one person were not reviewed by another within 24 hours",
                    facts.unreviewed,
                ),
                "review",
            )
        )
    if facts.alone:
        acts = ", ".join(facts.alone)
        found.append(
            Finding(
                "changes",
                _WARNING,
                Message(
                    "One operator works alone; these changes take effect by themselves: {acts}", acts=acts
                ),
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
            _STAFF_ACTS[one.what].filled(login=one.login, by=one.by),
            f"{one.what.removeprefix('staff.')}:{one.staff_id}",
        )
        for one in reversed(facts.newest)
    }
    if facts.count > len(facts.newest):
        many = Message.plural(
            "{n} staff change within an hour", "{n} staff changes within an hour", facts.count
        )
        found["many", 0] = Finding("staff", _WARNING, many, "many")
    return list(reversed(found.values()))


def judge_record(facts: RecordFacts) -> list[Finding]:
    """The audit chain is sealed soon and whole."""
    found: list[Finding] = []
    if facts.broken_link is not None:
        found.append(
            Finding(
                "record",
                _CRITICAL,
                Message(
                    "The audit chain is broken at link {link}: somebody changed the record",
                    link=facts.broken_link,
                ),
                "broken",
            )
        )
    if facts.differing:
        found.append(
            Finding(
                "record",
                _CRITICAL,
                Message.plural(
                    "The audit chain does not match {n} anchor outside the database: it was cut off or rebuilt",
                    "The audit chain does not match {n} anchors outside the database: it was cut off or rebuilt",
                    facts.differing,
                ),
                "anchors",
            )
        )
    if facts.unsealed_age_s > UNSEALED_WARN_S:
        found.append(
            Finding(
                "record",
                _CRITICAL if facts.unsealed_age_s > UNSEALED_CRITICAL_S else _WARNING,
                Message(
                    "Entries of the record have not been sealed for {seconds} s",
                    seconds=f"{facts.unsealed_age_s:.0f}",
                ),
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
            Message("Demo logins can sign in: {names}", names=names),
        )
    ]


def judge_abuse(facts: Sequence[AbuseFacts]) -> list[Finding]:
    """Suspicious patterns that passed a limit within the hour, or whose block still holds: somebody should look."""
    return [
        Finding(
            "abuse",
            _WARNING,
            Message.plural(
                "Suspicious: {pattern} by {n} subject, blocked: {blocked}",
                "Suspicious: {pattern} by {n} subjects, blocked: {blocked}",
                one.subjects,
                pattern=one.pattern,
                blocked=one.blocked,
            ),
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
            Message.plural(
                "Personal data ({kind}) is {n} day past its period and not erased",
                "Personal data ({kind}) is {n} days past its period and not erased",
                one.behind_days,
                kind=one.kind,
            ),
            one.kind,
        )
        for one in facts
        if one.behind_days > RETENTION_GRACE_DAYS
    ]
