"""From probes to what the page says. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from wenyue.web.status.model import Day, Seen, Standing, State

SLOW_MS: Final = 1_500.0
TURNS_AFTER: Final = 2  # probes in a row until the page says so
INCIDENT_AFTER: Final = 3  # … until an incident is opened, or closed
SLOW_INCIDENT_AFTER: Final = 36  # … until being slow is one: three minutes
MONITOR_AGE_MAX: Final = timedelta(minutes=4)
DAYS_SHOWN: Final = 90
_RANK: Final = (State.OK, State.SLOW, State.UNKNOWN, State.DOWN)


def judge(seen: Sequence[Seen]) -> State:
    """What the probes of one component mean together. Refused for being busy is slow, not down."""
    if any(one.status is None or (one.status >= 500 and one.status != 503) for one in seen):
        return State.DOWN
    if seen and seen[0].status != 200:
        return State.DOWN  # it says itself that it is not ready
    busy = any(one.status in {429, 503} for one in seen)
    return State.SLOW if busy or any(one.took_ms > SLOW_MS for one in seen) else State.OK


def follow(standing: Standing | None, state: State, took_ms: float | None, now: datetime) -> Standing:
    """The component's standing after one more probe: it turns after TURNS_AFTER in a row."""
    if standing is None:
        return Standing(
            state,
            now,
            bad=int(state is not State.OK),
            good=int(state is State.OK),
            worst=state,
            took_ms=took_ms,
        )
    if state is State.OK:
        good = standing.good + 1
        turned = standing.state is not State.OK and good >= TURNS_AFTER
        return replace(
            standing,
            state=State.OK if turned else standing.state,
            since=now if turned else standing.since,
            good=good,
            bad=0,
            worst=State.OK,
            took_ms=took_ms,
        )
    bad = standing.bad + 1
    worst = max(state, standing.worst, key=_RANK.index) if standing.bad else state
    turned = bad >= TURNS_AFTER and standing.state is not state
    return replace(
        standing,
        state=state if turned else standing.state,
        since=now if turned and standing.state is State.OK else standing.since,
        bad=bad,
        good=0,
        worst=worst,
        took_ms=took_ms,
    )


def from_monitor(raw: object, now: datetime) -> dict[str, State]:
    """What the monitor's last round says about components; nothing when it is silent for too long, or unreadable."""
    known: Mapping[str, Any] = cast(dict[str, Any], raw) if isinstance(raw, dict) else {}
    try:
        at = datetime.fromisoformat(str(known.get("at")))
    except ValueError:
        return {}
    if at.tzinfo is None or not -MONITOR_AGE_MAX < now - at < MONITOR_AGE_MAX:
        return {}
    said: object = known.get("components")
    components: Mapping[str, Any] = cast(dict[str, Any], said) if isinstance(said, dict) else {}
    names = {state.value: state for state in State}
    return {str(name): names.get(str(value), State.UNKNOWN) for name, value in list(components.items())[:20]}


def overall(standings: Mapping[str, Standing]) -> State:
    """The page's headline: the worst component, where what nobody can see counts for nothing."""
    states = [one.state for one in standings.values() if one.state is not State.UNKNOWN]
    return max(states, key=_RANK.index, default=State.UNKNOWN)


def last_days(days: Mapping[date, Day], today: date) -> list[Day]:
    """DAYS_SHOWN days up to today, oldest first; a day on which nobody looked is empty."""
    wanted = [today - timedelta(days=back) for back in range(DAYS_SHOWN - 1, -1, -1)]
    return [days.get(day, Day(day)) for day in wanted]


def uptime(days: Sequence[Day]) -> float | None:
    """Share of the seconds looked at in which the component could be used."""
    seen = sum(day.seen_s for day in days)
    return None if not seen else sum(day.ok_s + day.slow_s for day in days) / seen


def class_of(day: Day) -> str:
    """How a day is drawn: none, ok, slow (some trouble) or down (more than a minute away)."""
    if not day.seen_s:
        return "none"
    if day.down_s > 60:
        return "down"
    return "slow" if day.down_s or day.slow_s > 600 else "ok"
