"""What each check is called, what to do about it, and on which page of the documentation it stands."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from wenyue.locale import DEFAULT, LOCALES, Locale, Message, in_every_language, text_in, translations
from wenyue.monitoring.model import Event, Notice, Severity

_SMS_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Guide:
    """Its title, the first step to take, and a page relative to the folder `docs`."""

    title: Message
    step: Message
    page: str


GUIDES: Final[dict[str, Guide]] = {
    "database": Guide(
        Message("Database"),
        Message("Look at its process and log: `wenyue doctor`"),
        "runbooks/database-killed.md",
    ),
    "replication": Guide(
        Message("Replication"),
        Message("Look at the standby and the network; rebuild it if need be"),
        "runbooks/standby-cut-commits-cancelled.md",
    ),
    "windows": Guide(
        Message("Places and counters"),
        Message("Stop selling that session, keep the evidence, compare line by line"),
        "monitoring.md#invariants",
    ),
    "bookings": Guide(
        Message("Bookings and lines"),
        Message("Keep the evidence, compare line by line"),
        "monitoring.md#invariants",
    ),
    "entitlements": Guide(
        Message("Entitlements"),
        Message("Keep the evidence, compare line by line"),
        "monitoring.md#invariants",
    ),
    "holds": Guide(
        Message("Expired holds"), Message("See whether a worker is running"), "runbooks/later-killed.md"
    ),
    "events": Guide(
        Message("Events"),
        Message(
            "See who is behind or stuck: `wenyue events subscribers`; mend the cause, then `wenyue events retry`"
        ),
        "runbooks/subscriber-stuck.md",
    ),
    "jobs": Guide(
        Message("Jobs"), Message("Look at the worker and the SMS provider"), "monitoring.md#later-work"
    ),
    "changes": Guide(
        Message("Changes by one person"),
        Message(
            "Review them on the console's page of changes; if nobody of yours did it, withdraw it"
            " and give that login a new password"
        ),
        "monitoring.md#changes",
    ),
    "undos": Guide(
        Message("Undone admissions"),
        Message("Read gate.undone and gate.undo_refused in the audit record, and ask who was on duty"),
        "monitoring.md#undos",
    ),
    "no-shows": Guide(Message("No-shows"), Message("Look at the worker's log"), "monitoring.md#later-work"),
    "worker": Guide(Message("Worker"), Message("Start one: `wenyue worker`"), "runbooks/worker-killed.md"),
    "monitors": Guide(
        Message("Monitors of other machines"),
        Message("See whether that machine is up; retire it when it is gone for good"),
        "monitoring.md#the-monitor-itself",
    ),
    "partners": Guide(
        Message("Partner heartbeats"),
        Message("Call the partner; retire it when it is gone for good"),
        "monitoring.md#partners",
    ),
    "record": Guide(
        Message("Audit record"),
        Message("If it is broken, keep the evidence, stop writing and compare with a backup"),
        "monitoring.md#record",
    ),
    "staff": Guide(
        Message("Staff changes"),
        Message("Ask whoever did it; if it was not them, retire their login and undo the change"),
        "monitoring.md#staff",
    ),
    "demo": Guide(
        Message("Demo logins"),
        Message("Before going live: `wenyue staff retire` or `reset`"),
        "security.md#what-the-operator-does",
    ),
    "abuse": Guide(
        Message("Suspicious patterns"),
        Message("Look: `wenyue abuse list`; lift what is wrong"),
        "runbooks/suspicious-patterns.md",
    ),
    "retention": Guide(
        Message("Retention"),
        Message("Look at the worker; `wenyue retention run` erases at once"),
        "monitoring.md#retention",
    ),
    "disk": Guide(
        Message("Disk"),
        Message("Free space, but delete nothing inside the data folder"),
        "runbooks/disk-full.md",
    ),
    "memory": Guide(
        Message("Memory and files"), Message("Restart the process that grew"), "monitoring.md#memory"
    ),
    "processes": Guide(
        Message("Processes"), Message("Read what `wenyue up` printed"), "monitoring.md#memory"
    ),
    "web": Guide(
        Message("Web"), Message("Look at processes and database: `wenyue doctor`"), "monitoring.md#web"
    ),
    "freshness": Guide(
        Message("Old facts"),
        Message("Read that process's log and look at the database: `wenyue doctor`"),
        "monitoring.md#old-facts",
    ),
    "certificate": Guide(
        Message("Certificates"), Message("Renew it and reload the proxy"), "monitoring.md#certificates"
    ),
    "clock": Guide(
        Message("Clocks"), Message("Look at chrony or systemd-timesyncd"), "runbooks/clock-steps.md"
    ),
    "backup": Guide(
        Message("Backups"),
        Message("Take one and test it: `wenyue backup`, `wenyue backup check`"),
        "runbooks/backup-selftest.md",
    ),
    "drill": Guide(Message("Drills"), Message("Rehearse: `wenyue drill run`"), "reliability.md"),
    "monitor": Guide(
        Message("The monitor"), Message("Read the monitor's log"), "monitoring.md#the-monitor-itself"
    ),
}
_EVENTS: Final = {
    Event.FIRED: Message("ALERT"),
    Event.WORSE: Message("WORSE"),
    Event.REMINDER: Message("STILL"),
    Event.RESOLVED: Message("RESOLVED"),
}
_SEVERITIES: Final = {
    Severity.NOTE: Message.in_context("severity", "note"),
    Severity.WARNING: Message.in_context("severity", "warning"),
    Severity.CRITICAL: Message.in_context("severity", "critical"),
}
SMS_LOCALE: Final = DEFAULT  # a text has room for one language


def guide_of(check: str) -> Guide:
    """The guide of a check."""
    return GUIDES.get(check, GUIDES["monitor"])


def page_of(check: str, base: str) -> str:
    """Where to read on: under `base`, the address of the operator's copy of `docs`, or in the repository."""
    return f"{base.rstrip('/')}/{guide_of(check).page}" if base else f"docs/{guide_of(check).page}"


def in_a_row(said: Message) -> str:
    """In every language, one after the other: `数据库 Database`."""
    return " ".join(in_every_language(said).values())


def subject_line(notice: Notice, node: str) -> str:
    """One line that says it all: `[稳约] 告警 ALERT · 严重 critical · 数据库 Database @node`."""
    event, severity = in_a_row(_EVENTS[notice.event]), in_a_row(_SEVERITIES[notice.alert.severity])
    brand = Message("Wenyue").say(DEFAULT)
    return f"[{brand}] {event} · {severity} · {in_a_row(guide_of(notice.alert.check).title)} @{node}"


def body(notice: Notice, node: str, base: str) -> str:
    """What is wrong, since when and what to do, in one language after the other; then where to read on."""
    alert = notice.alert
    lines = [subject_line(notice, node), ""]
    for locale in LOCALES:
        lines += [*_told(notice, locale), ""]
    lines.append(f"{in_a_row(Message('runbook'))}: {page_of(alert.check, base)}")
    lines.append(f"{in_a_row(Message.in_context('alert', 'id'))}: {alert.id} ({alert.subject})")
    return "\n".join(lines)


def _told(notice: Notice, locale: Locale) -> list[str]:
    _, alert = translations(locale), notice.alert
    since = f"{alert.since:%Y-%m-%d %H:%M:%S} UTC"
    lines = [
        text_in(alert.texts, locale),
        _.gettext("since {at}, for {span}", at=since, span=say_span(notice.at - alert.since, locale)),
    ]
    if notice.event is not Event.RESOLVED:
        lines.append(_.gettext("what to do: {step}", step=guide_of(alert.check).step))
    return lines


def short(notice: Notice, node: str) -> str:
    """As much as fits into a text message, in SMS_LOCALE."""
    alert = notice.alert
    said = translations(SMS_LOCALE).gettext(
        "[Wenyue operations] {event} ({severity}) {text}, {node}, since {at} UTC.",
        event=_EVENTS[notice.event],
        severity=_SEVERITIES[alert.severity],
        text=text_in(alert.texts, SMS_LOCALE),
        node=node,
        at=f"{alert.since:%H:%M}",
    )
    return said[:_SMS_LENGTH_MAX]


def say_span(span: timedelta, locale: Locale) -> str:
    """`3 分钟`, `3 min`."""
    _, seconds = translations(locale), max(0, int(span.total_seconds()))
    if seconds < 120:
        return _.gettext("{n} s", n=seconds)
    if seconds < 7200:
        return _.gettext("{n} min", n=seconds // 60)
    return _.gettext("{n} h", n=seconds // 3600)
