"""The live page in pieces: each a bit of HTML, sent with the page and again with every answer to the page's module."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from markupsafe import Markup

from wenyue.core.clock import zone
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
from wenyue.web.shared.i18n import pick, translator

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
    where = zone(timezone)
    since = "" if live.away_since is None else f"{datetime.fromtimestamp(live.away_since, where):%H:%M}"
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
    t = translator(locale)
    return {name: getattr(template, name)(shown[name], t) for name in PIECES}  # a macro gives Markup


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
    t = translator(locale)
    lately, seconds = live.lately, live.lately_s
    turned_away = lately.failed + lately.shed
    share = 100 * turned_away / lately.offered if lately.offered else 0.0
    is_slow = live.p99_ms is not None and live.p99_ms > _GOAL_MS
    found = [
        Tile(t("请求", "Offered"), per_second(lately.offered, seconds), t("个/秒", "/s"), LATELY.say(locale)),
        Tile(
            t("办成", "Goodput"),
            per_second(lately.good, seconds),
            t("个/秒", "/s"),
            t("按规则谢绝 {n}/秒", "{n}/s refused by the rules", n=per_second(lately.refused, seconds)),
        ),
        Tile(
            t("没办成", "Turned away"),
            percent(share),
            "",
            t("{n} 个/秒", "{n}/s", n=per_second(turned_away, seconds)),
            "bad" if share >= 50 else "warn" if turned_away else "",
        ),
        Tile(
            t("一般用时", "Typical"),
            milliseconds(live.p50_ms),
            "",
            t("一半的预约不超过", "half of the bookings within"),
        ),
        Tile(
            t("最慢百分之一", "Slowest 1 %"),
            milliseconds(live.p99_ms),
            "",
            t("目标 1 s 以内", "goal: within 1 s"),
            "warn" if is_slow else "",
        ),
        Tile(
            t("排队", "Queue"),
            f"{live.depth:,}",
            "",
            t(
                "门口等 {n}，同时办理上限 {most}",
                "{n} at the door, at most {most} at once",
                n=live.waiting,
                most=live.limit,
            ),
        ),
    ]
    if live.room is not None:
        waiting, admitted = live.room
        found.append(
            Tile(
                t("候场", "Waiting room"),
                f"{waiting:,}",
                t("人", ""),
                t("已轮到 {n} 人", "{n} had their turn", n=f"{admitted:,}"),
            )
        )
    return found


def _plot_ticks(live: Live) -> list[Tick]:
    return [Tick(index, text) for index, text in live.ticks]


def _load(live: Live, locale: Locale) -> Markup:
    t = translator(locale)
    return plot(
        [
            Series("offered", [bucket.offered for bucket in live.buckets], "area"),
            Series("good", [bucket.good for bucket in live.buckets], "area"),
            Series("bad", [bucket.turned_away for bucket in live.buckets]),
        ],
        _plot_ticks(live),
        label=t(
            "每秒请求、办成和没办成的数量随时间的变化", "Requests, successes and refusals a second over time"
        ),
    )


def _latency(live: Live, locale: Locale) -> Markup:
    t = translator(locale)
    return plot(
        [
            Series("p99", [bucket.p99_ms for bucket in live.buckets]),
            Series("p50", [bucket.p50_ms for bucket in live.buckets]),
        ],
        _plot_ticks(live),
        label=t("预约用时（毫秒）随时间的变化", "Duration of bookings in milliseconds over time"),
        least=20,
        mark=_GOAL_MS,
    )


def _queue(live: Live, locale: Locale) -> Markup:
    t = translator(locale)
    shown = [
        Series("depth", [bucket.depth for bucket in live.buckets], "area"),
        Series("waiting", [bucket.waiting for bucket in live.buckets]),
    ]
    if live.room is not None:
        shown.append(Series("room", [bucket.room for bucket in live.buckets]))
    label = t("排队人数随时间的变化", "Waiting requests over time")
    return plot(shown, _plot_ticks(live), label=label, least=10)


def _reasons(live: Live, locale: Locale) -> dict[str, Any]:
    most = max((hour for _, _, hour in (*live.reasons, *live.refusals)), default=1)

    def rows(found: list[tuple[str, int, int]]) -> list[dict[str, Any]]:
        return [
            {
                "code": code,
                "title": reason_title(code, locale),
                "lately": f"{lately:,}",
                "hour": f"{hour:,}",
                "width": max(1, round(100 * hour / most)),
                "runbook": RUNBOOKS.get(code, ""),
            }
            for code, lately, hour in found
        ]

    return {"failures": rows(live.reasons), "refusals": rows(live.refusals)}


def _signs(live: Live, locale: Locale) -> dict[str, Any]:
    most = max((count for _, count in live.signs), default=1)
    rows = [
        {"title": sign_title(name, locale), "count": f"{n:,}", "width": max(1, round(100 * n / most))}
        for name, n in live.signs
    ]
    return {"rows": rows, "blocks": live.blocks}


def _tight(live: Live, locale: Locale) -> dict[str, Any]:
    rows = [
        {
            "venue": pick(one.venue_zh, one.venue_en, locale),
            "product": pick(one.product_zh, one.product_en, locale),
            "when": f"{one.on_date[5:]} {one.starts}",
            "left": one.left,
            "capacity": one.capacity,
            "width": max(1, round(100 * (1 - one.left / max(1, one.capacity)))),
        }
        for one in live.tight or ()
    ]
    return {"rows": rows, "is_known": live.tight is not None, "age_s": max(0, int(live.at - live.tight_at))}


def _processes(live: Live, locale: Locale) -> list[dict[str, Any]]:
    t = translator(locale)
    names = {"web": t("网页", "web"), "worker": t("后台", "worker")}
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
                "files": f"{gauges.get('process_open_fds', 0):,.0f}",
                "is_away": bool(gauges.get("database_away", 0)),
                "is_old": bool(old_facts([one])),
                "failures": f"{failures:,.0f}" if one.role == "worker" else "",
            }
        )
    return found
