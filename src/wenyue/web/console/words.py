"""What the live page says: reasons, the sentence on top, and which runbook helps."""

from dataclasses import dataclass
from typing import Final, Literal

from wenyue.booking import Outcome
from wenyue.locale import Message, translations
from wenyue.web.console.live import LATELY_S, Live, Old
from wenyue.web.shared import Locale
from wenyue.web.wording.outcomes import say

Tone = Literal["good", "warn", "bad"]

_TITLES: Final = {
    "shed": Message("Too many requests: turned away at the door"),
    "busy": Message("System busy (nothing was done)"),
    "too_often": Message("Too many requests from one person"),
    "too_late": Message("Couldn't start within 3 seconds (nothing was done)"),
    "unknown": Message("Result unconfirmed (ask again with the same ID)"),
}
_SIGNS: Final = {
    "guessed-secrets": Message("Guessed passwords, PINs or codes"),
    "scanned-ids": Message("Other people's IDs tried one by one"),
    "forged-tokens": Message("Forged logins or vouchers"),
    "replayed-vouchers": Message("Used vouchers presented again"),
    "rotated-accounts": Message("Many accounts booking for one person"),
    "tried-documents": Message("One account tries many documents"),
    "taken-documents": Message("One staff member takes back documents of many accounts"),
    "withheld-texts": Message("Many texts of one account not sent"),
    "many-persons": Message("One account booking for many people"),
}
# Reason → page of docs/runbooks. A test holds that the pages are there.
RUNBOOKS: Final = {
    "shed": "rush",
    "too_often": "rush",
    "busy": "database-killed",
    "too_late": "slow-fsync",
    "unknown": "database-link-cut",
    "away": "database-killed",
    "worker": "later-killed",
    "old": "busy-then-quiet",
}
_ROLES: Final = {"web": Message("web"), "worker": Message("worker")}
_FACTS: Final = {
    "rules": Message("booking rules"),
    "pool_views": Message("places left"),
    "waiting_rooms": Message("waiting room queues"),
    "room_signal": Message("load signal for the waiting rooms"),
    "web_signals": Message("load signals of the web processes"),
    "admission": Message("measured capacity"),
    "figures": Message("operating figures"),
}
_SLOW_MS: Final = 1_000
_STUCK_S: Final = 60
_OLD_SHOWN: Final = 3
_TIMES: Final = 1_000  # milliseconds in a second


@dataclass(frozen=True, slots=True)
class State:
    """The sentence on top, how grave it is, and the runbook that helps ('' when none is needed)."""

    tone: Tone
    title: str
    text: str
    runbook: str = ""


def reason_title(code: str, locale: Locale) -> str:
    """A reason in words; what nobody worded stays a code."""
    if code in _TITLES:
        return _TITLES[code].say(locale)
    try:
        return say(Outcome[code.upper()], locale).title
    except KeyError:
        return code


def sign_title(pattern: str, locale: Locale) -> str:
    """A suspicious pattern in words."""
    return _SIGNS[pattern].say(locale) if pattern in _SIGNS else pattern


def state_of(live: Live, locale: Locale, since: str) -> State:
    """The worst thing that is true now. `since`: the wall clock when the database went away."""
    gettext = translations(locale).gettext
    turned_away = live.lately.failed + live.lately.shed
    if live.away_since is not None:
        return State(
            "bad",
            gettext("The database hasn't answered since {at}", at=since),
            gettext(
                "Bookings get a “busy” answer and take no places. They resume automatically once the "
                "database is back."
            ),
            RUNBOOKS["away"],
        )
    if not live.has_worker:
        return State(
            "bad",
            gettext("The worker isn't reporting"),
            gettext("Expired holds aren't released and no messages are sent. Bookings work as usual."),
            RUNBOOKS["worker"],
        )
    if live.old:
        return State(
            "warn",
            gettext("A process is using outdated data"),
            gettext(
                "{clauses}.",
                clauses=translations(locale)
                .pgettext("between clauses", "; ")
                .join(old_title(one, locale) for one in live.old[:_OLD_SHOWN]),
            ),
            RUNBOOKS["old"],
        )
    if turned_away:
        share = 100 * turned_away / max(1, live.lately.offered)
        code = max(("shed", "busy", "too_late", "unknown"), key=lambda one: live.lately.reasons.get(one, 0))
        return State(
            "bad" if share >= 50 else "warn",
            gettext("{share} of the last minute's requests were turned away", share=percent(share)),
            gettext("Main reason: {why}.", why=reason_title(code, locale)),
            RUNBOOKS.get(code, ""),
        )
    stuck = stuck_work(live)
    if stuck is not None:
        return State(
            "warn",
            gettext("Background work is piling up"),
            gettext("The oldest has waited {n} s.", n=int(stuck)),
            RUNBOOKS["worker"],
        )
    return _pace(live, locale)


def _pace(live: Live, locale: Locale) -> State:
    gettext = translations(locale).gettext
    if live.p99_ms is not None and live.p99_ms > _SLOW_MS:
        return State(
            "warn",
            gettext("Bookings are slow"),
            gettext("The slowest 1 in 100 took {ms}.", ms=milliseconds(live.p99_ms)),
            RUNBOOKS["too_late"],
        )
    return State(
        "good",
        gettext("All systems normal"),
        gettext("No failed requests in the last minute.")
        if live.lately.offered
        else gettext("No one is booking right now."),
    )


def old_title(one: Old, locale: Locale) -> str:
    """`web: the waiting rooms, 31 s old`."""
    gettext = translations(locale).gettext
    role, fact = _ROLES.get(one.role), _FACTS.get(one.name)
    if one.name.startswith("task_"):
        task = one.name.removeprefix("task_").replace("_", " ")
        named = gettext("task “{task}”", task=task)
    else:
        named = fact.say(locale) if fact else one.name
    return gettext(
        "{role}: {what} not updated for {age} s",
        role=role.say(locale) if role else one.role,
        what=named,
        age=f"{one.age_s:.0f}",
    )


def stuck_work(live: Live) -> float | None:
    """For how many seconds the oldest overdue hold, or event that somebody was not told of, has waited, when that is too long."""
    worst = 0.0
    for snapshot in live.processes:
        for name in ("events_oldest_seconds", "holds_overdue_seconds"):
            worst = max(worst, *snapshot.gauges.get(name, {}).values(), 0.0)
    return worst if worst > _STUCK_S else None


def per_second(count: float, seconds: float) -> str:
    """A rate with as many digits as it is worth."""
    rate = count / seconds
    if rate >= 100 or rate == int(rate):
        return f"{rate:,.0f}"
    return f"{rate:.1f}" if rate >= 0.1 else "<0.1"


def percent(value: float) -> str:
    """`0 %`, `0.4 %`, `37 %`; what happened is never shown as nothing."""
    if value == 0 or value >= 10:
        return f"{value:.0f} %"
    return f"{max(0.1, value):.1f} %"


def milliseconds(value: float | None) -> str:
    """`4 ms`, `1.3 s`, `–` when nobody booked."""
    if value is None:
        return "–"
    if value >= _TIMES:
        return f"{value / _TIMES:.1f} s"
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


LATELY: Final = Message("last {n} s", n=LATELY_S)
