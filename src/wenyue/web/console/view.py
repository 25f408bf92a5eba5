"""The live page in pieces: each a bit of HTML, sent with the page and again with every answer to the page's module."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from markupsafe import Markup

from wenyue.locale import text_in, translations
from wenyue.locale.formats import say_clock, say_day, say_number
from wenyue.web.console.live import Live, old_facts
from wenyue.web.console.plots import Series, Tick, Value, plot
from wenyue.web.console.words import (
    LATELY,
    RUNBOOKS,
    milliseconds,
    per_second,
    percent,
    reason_title,
    sign_title,
    state_of,
)
from wenyue.web.shared import Locale, environment

PIECES: Final = ("state", "tiles", "load", "latency", "queue", "reasons", "signs", "tight", "processes")
_GOAL_MS: Final = 1_000
_MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure: what it is, its value, what stands below; `tone` '' is ordinary."""

    name: str
    value: str
    unit: str
    more: str
    tone: str = ""


def pieces(live: Live, locale: Locale, timezone: str) -> dict[str, Markup]:
    """Every piece of the page by name, in one language."""
    template = environment(locale).get_template("console/pieces.html").module
    since = (
        ""
        if live.away_since is None
        else say_clock(datetime.fromtimestamp(live.away_since, UTC), locale, timezone)
    )
    shown: dict[str, Any] = {
        "state": state_of(live, locale, since),
        "tiles": _tiles(live, locale),
        "load": _load(live, locale),
        "latency": _latency(live, locale),
        "queue": _queue(live, locale),
        "reasons": _reasons(live, locale),
        "signs": _signs(live, locale),
        "tight": _tight(live, locale),
        "processes": _processes(live, locale),
    }
    return {name: getattr(template, name)(shown[name]) for name in PIECES}  # a macro gives Markup


def series(live: Live) -> dict[str, list[Value] | list[int]]:
    """The numbers behind the plots, for the page's module (values under the pointer) and for programs."""
    return {
        "at": [bucket.at for bucket in live.buckets],
        "offered": [bucket.offered for bucket in live.buckets],
        "good": [bucket.good for bucket in live.buckets],
        "turned_away": [bucket.turned_away for bucket in live.buckets],
        "p50_ms": [bucket.p50_ms for bucket in live.buckets],
        "p99_ms": [bucket.p99_ms for bucket in live.buckets],
        "depth": [bucket.depth for bucket in live.buckets],
        "waiting": [bucket.waiting for bucket in live.buckets],
        "room": [bucket.room for bucket in live.buckets],
    }


def _tiles(live: Live, locale: Locale) -> list[Tile]:
    gettext = translations(locale).gettext
    lately, seconds = live.lately, live.lately_s
    turned_away = lately.failed + lately.shed
    share = 100 * turned_away / lately.offered if lately.offered else 0.0
    is_slow = live.p99_ms is not None and live.p99_ms > _GOAL_MS
    found = [
        Tile(gettext("Requests"), per_second(lately.offered, seconds), gettext("/s"), LATELY.say(locale)),
        Tile(
            gettext("Completed"),
            per_second(lately.good, seconds),
            gettext("/s"),
            gettext("{n}/s declined by the rules", n=per_second(lately.refused, seconds)),
        ),
        Tile(
            gettext("Turned away"),
            percent(share),
            "",
            gettext("{n}/s", n=per_second(turned_away, seconds)),
            "bad" if share >= 50 else "warn" if turned_away else "",
        ),
        Tile(
            gettext("Typical"),
            milliseconds(live.p50_ms),
            "",
            gettext("half of all bookings take no longer"),
        ),
        Tile(
            gettext("Slowest 1%"),
            milliseconds(live.p99_ms),
            "",
            gettext("goal: under 1 s"),
            "warn" if is_slow else "",
        ),
        Tile(
            gettext("Queue"),
            say_number(live.depth, locale),
            "",
            gettext("{n} at the door, {most} processed at once at most", n=live.waiting, most=live.limit),
        ),
    ]
    if live.room is not None:
        waiting, admitted = live.room
        found.append(
            Tile(
                translations(locale).pgettext("operators", "Waiting room"),
                say_number(waiting, locale),
                translations(locale).npgettext("unit", "person", "people", waiting),
                gettext("{n} admitted so far", n=say_number(admitted, locale)),
            )
        )
    return found


def _plot_ticks(live: Live) -> list[Tick]:
    return [Tick(index, text) for index, text in live.ticks]


def _load(live: Live, locale: Locale) -> Markup:
    gettext = translations(locale).gettext
    return plot(
        [
            Series("offered", [bucket.offered for bucket in live.buckets], "area"),
            Series("good", [bucket.good for bucket in live.buckets], "area"),
            Series("bad", [bucket.turned_away for bucket in live.buckets]),
        ],
        _plot_ticks(live),
        label=gettext("Requests, completed and turned away per second over time"),
    )


def _latency(live: Live, locale: Locale) -> Markup:
    gettext = translations(locale).gettext
    return plot(
        [
            Series("p99", [bucket.p99_ms for bucket in live.buckets]),
            Series("p50", [bucket.p50_ms for bucket in live.buckets]),
        ],
        _plot_ticks(live),
        label=gettext("Booking time in milliseconds over time"),
        least=20,
        mark=_GOAL_MS,
    )


def _queue(live: Live, locale: Locale) -> Markup:
    gettext = translations(locale).gettext
    shown = [
        Series("depth", [bucket.depth for bucket in live.buckets], "area"),
        Series("waiting", [bucket.waiting for bucket in live.buckets]),
    ]
    if live.room is not None:
        shown.append(Series("room", [bucket.room for bucket in live.buckets]))
    label = gettext("Waiting requests over time")
    return plot(shown, _plot_ticks(live), label=label, least=10)


def _reasons(live: Live, locale: Locale) -> dict[str, Any]:
    most = max((hour for _, _, hour in (*live.reasons, *live.refusals)), default=1)

    def rows(found: list[tuple[str, int, int]]) -> list[dict[str, Any]]:
        return [
            {
                "code": code,
                "title": reason_title(code, locale),
                "lately": say_number(lately, locale),
                "hour": say_number(hour, locale),
                "width": max(1, round(100 * hour / most)),
                "runbook": RUNBOOKS.get(code, ""),
            }
            for code, lately, hour in found
        ]

    return {"failures": rows(live.reasons), "refusals": rows(live.refusals)}


def _signs(live: Live, locale: Locale) -> dict[str, Any]:
    most = max((count for _, count in live.signs), default=1)
    rows = [
        {
            "title": sign_title(name, locale),
            "count": say_number(n, locale),
            "width": max(1, round(100 * n / most)),
        }
        for name, n in live.signs
    ]
    return {"rows": rows, "blocks": live.blocks}


def _tight(live: Live, locale: Locale) -> dict[str, Any]:
    rows = [
        {
            "venue": text_in(one.venue, locale),
            "product": text_in(one.product, locale),
            "when": f"{say_day(date.fromisoformat(one.on_date), locale)} {one.starts}",
            "left": one.left,
            "capacity": one.capacity,
            "width": max(1, round(100 * (1 - one.left / max(1, one.capacity)))),
        }
        for one in live.scarce or ()
    ]
    return {"rows": rows, "is_known": live.scarce is not None, "age_s": max(0, int(live.at - live.scarce_at))}


def _processes(live: Live, locale: Locale) -> list[dict[str, Any]]:
    gettext = translations(locale).gettext
    names = {"web": gettext("web"), "worker": gettext("worker")}
    found: list[dict[str, Any]] = []
    for one in live.processes:
        gauges = {name: held.get("", 0.0) for name, held in one.gauges.items()}
        failures = sum(one.counters.get("worker_task_failures", {}).values())
        connections = gauges.get("database_pool_connections", 0)
        used = connections - gauges.get("database_pool_idle", 0)
        found.append(
            {
                "name": f"{names.get(one.role, one.role)} {one.process.rpartition('-')[2]}",
                "memory": f"{gauges.get('process_resident_bytes', 0) / _MEGABYTE:.0f} MB",
                "connections": f"{used:.0f}/{gauges.get('database_pool_size_max', 0):.0f}",
                "files": say_number(round(gauges.get("process_open_fds", 0)), locale),
                "is_away": bool(gauges.get("database_away", 0)),
                "is_old": bool(old_facts([one])),
                "failures": say_number(round(failures), locale) if one.role == "worker" else "",
            }
        )
    return found
