"""Turns what is known into bytes: the page in both languages, the JSON form, the feeds, style sheet and script."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, partial
from importlib.resources import files
from typing import Final
from xml.sax.saxutils import escape

from jinja2 import Environment, PackageLoader, StrictUndefined

from wenyue.core.clock import zone
from wenyue.web.status import wording
from wenyue.web.status.model import COMPONENTS, Component, Day, Incident, Standing, State
from wenyue.web.status.rules import class_of, last_days, overall, uptime
from wenyue.web.status.wire import Page, page

ZONE: Final = "Asia/Shanghai"
AGE_S: Final = 10  # a cache in front may keep a page so long
_FOREVER_S: Final = 31_536_000
_SHEETS: Final = ("10-tokens.css", "20-base.css", "30-parts.css")
_HTML: Final = "text/html; charset=utf-8"
_BAR: Final = 4
_TOPS: Final = {"ok": 0, "slow": 9, "down": 16, "none": 24}
_FEED_MAX: Final = 20
_PAST_MAX: Final = 15  # status.json has more


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that the page is made from."""

    at: datetime
    standings: Mapping[str, Standing]
    days: Mapping[str, Mapping[date, Day]] = field(default_factory=dict[str, Mapping[date, Day]])
    incidents: Sequence[Incident] = ()
    booking_url: str = ""
    own_url: str = ""
    takes_subscriptions: bool = False


def all_pages(known: Known) -> dict[str, Page]:
    """Every path that there is."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
        f" connect-src 'self' {known.booking_url}".rstrip()
    )
    made: dict[str, Page] = dict(_assets())
    for path, locale in (("/", "zh-CN"), ("/en", "en")):
        more = f"content-language: {locale}\r\n"
        made[path] = page(html(known, locale).encode(), _HTML, age_s=AGE_S, policy=policy, more=more)
        feed = atom(known, locale).encode()
        made[path.rstrip("/") + "/feed.atom"] = page(feed, "application/atom+xml; charset=utf-8", age_s=60)
    made["/status.json"] = page(
        as_json(known),
        "application/json; charset=utf-8",
        age_s=AGE_S,
        more="access-control-allow-origin: *\r\n",
    )
    made["/healthz"] = page(
        b"ok\n", "text/plain; charset=utf-8", age_s=0, more="access-control-allow-origin: *\r\n"
    )
    return made


def plain_page(status: str, zh: str, en: str, *, form: tuple[str, str, str, str] | None = None) -> Page:
    """A small page that says one thing, in both languages; `form`: (path, mark, signature, words) of its one button."""
    css = _names()["status.css"]
    button = ""
    if form is not None:
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">'
            for name, value in zip(("mark", "sign"), form[1:3], strict=True)
        )
        button = f'<form method="post" action="{form[0]}">{fields}<button class="button">{escape(form[3])}</button></form>'
    text = (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>稳约 Wenyue</title><link rel="stylesheet" href="{css}"><main class="page page--status"><h1>{escape(zh)}</h1>'
        f'<p lang="en">{escape(en)}</p>{button}<p><a href="/">服务状态 · Status</a></p></main></html>'
    )
    return page(
        text.encode(),
        _HTML,
        age_s=0,
        status=status,
        policy="default-src 'none'; style-src 'self'; form-action 'self'",
    )


def html(known: Known, locale: str) -> str:
    """The whole page in one language."""
    is_en = locale == "en"

    def pick(zh: str, en: str) -> str:
        return (en or zh) if is_en else (zh or en)

    state = overall(known.standings)
    shown = [one for one in COMPONENTS if _is_shown(one, known)]
    booking = known.standings.get("booking")
    booking_state = booking.state if booking else State.UNKNOWN
    context: dict[str, object] = {
        "locale": locale,
        "t": pick,
        "pick": pick,
        "at": known.at,
        "state": state.value,
        "headline": pick(*wording.HEADLINES[state]),
        "advice": pick(*wording.ADVICE[state]),
        "marks": {one.value: path for one, path in wording.MARKS.items()},
        "tones": {one.value: tone for one, tone in wording.TONES.items()},
        "words": {one.value: pick(*said) for one, said in wording.WORDS.items()},
        "said": {name: pick(*said) for name, said in wording.NOTE_STATES.items()},
        "said_booking": pick(*wording.SAID_BOOKING[booking_state]),
        "names": {one.name: pick(one.zh, one.en) for one in COMPONENTS},
        "rows": [_row(one, known, pick) for one in shown],
        "open": [one for one in known.incidents if one.closed_at is None],
        "past": [one for one in known.incidents if one.closed_at is not None][:_PAST_MAX],
        "verdicts": [(key, tone, pick(*title), pick(*text)) for key, tone, title, text in wording.VERDICTS],
        "booking_url": known.booking_url,
        "booking_state": booking_state.value,
        "takes_subscriptions": known.takes_subscriptions,
        "feed": "/en/feed.atom" if is_en else "/feed.atom",
        "css": _names()["status.css"],
        "js": _names()["status.js"],
        "clock": partial(say_clock, is_en=is_en),
        "span": partial(say_span, is_en=is_en),
    }
    return _environment().get_template("status.html").render(context)


def as_json(known: Known) -> bytes:
    """The same for programs; the shape stands in docs/monitoring.md."""
    state = overall(known.standings)
    body = {
        "at": known.at.isoformat(),
        "state": state.value,
        "zh": wording.HEADLINES[state][0],
        "en": wording.HEADLINES[state][1],
        "components": [
            {
                "name": one.name,
                "zh": one.zh,
                "en": one.en,
                "state": standing.state.value,
                "since": standing.since.isoformat(),
                "latency_ms": None if standing.took_ms is None else round(standing.took_ms, 1),
                "uptime_90d": uptime(_days(one.name, known)),
                "days": [
                    {"day": day.day.isoformat(), "uptime": day.uptime, "state": class_of(day)}
                    for day in _days(one.name, known)
                    if day.seen_s
                ],
            }
            for one in COMPONENTS
            if _is_shown(one, known) and (standing := known.standings.get(one.name)) is not None
        ],
        "incidents": [
            {
                "id": one.id,
                "component": one.component,
                "opened_at": one.opened_at.isoformat(),
                "closed_at": one.closed_at.isoformat() if one.closed_at else None,
                "is_automatic": one.is_automatic,
                "zh": one.title_zh,
                "en": one.title_en,
                "notes": [
                    {"at": note.at.isoformat(), "state": note.state, "zh": note.zh, "en": note.en}
                    for note in one.notes
                ],
            }
            for one in known.incidents
        ],
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def atom(known: Known, locale: str) -> str:
    """The incidents as an Atom feed (RFC 4287)."""
    is_en = locale == "en"
    title = "Wenyue status" if is_en else "稳约服务状态"
    base = known.own_url or "http://localhost"
    changed = [note.at for one in known.incidents[:_FEED_MAX] for note in one.notes]
    entries = "".join(_entry(one, base, is_en=is_en) for one in known.incidents[:_FEED_MAX])
    updated = max(changed, default=known.at.replace(hour=0, minute=0, second=0, microsecond=0))
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{locale}">'
        f"<title>{title}</title><id>{escape(base)}/</id><updated>{updated.isoformat()}</updated>"
        f'<author><name>稳约 Wenyue</name></author><link href="{escape(base)}/{"en" if is_en else ""}"/>'
        f'<link rel="self" href="{escape(base)}{"/en" if is_en else ""}/feed.atom"/>{entries}</feed>\n'
    )


def _entry(one: Incident, base: str, *, is_en: bool) -> str:
    changed = max((note.at for note in one.notes), default=one.opened_at)
    title = one.title_en or one.title_zh if is_en else one.title_zh
    lines = [
        f"{say_clock(note.at, is_en=is_en)} {wording.NOTE_STATES[note.state][is_en]}: "
        + ((note.en or note.zh) if is_en else note.zh)
        for note in one.notes
    ]
    place = f"{base}/{'en' if is_en else ''}#i-{one.id}"
    return (
        f'<entry><title>{escape(title)}</title><id>{escape(base)}/incident/{one.id}</id><link href="{escape(place)}"/>'
        f"<published>{one.opened_at.isoformat()}</published><updated>{changed.isoformat()}</updated>"
        f'<content type="text">{escape(chr(10).join(lines))}</content></entry>'
    )


def say_clock(at: datetime, *, is_en: bool) -> str:
    """`11月22日 14:05:03`, on a Beijing clock."""
    local = at.astimezone(zone(ZONE))
    return f"{local:%Y-%m-%d %H:%M:%S}" if is_en else f"{local.month}月{local.day}日 {local:%H:%M:%S}"


def say_span(seconds: float, *, is_en: bool) -> str:
    """`3 分钟`; `–` for nothing."""
    whole = round(seconds)
    if whole <= 0:
        return "–"
    for size, zh, en in ((3600, "小时", "h"), (60, "分钟", "min")):
        if whole >= 2 * size:
            return f"{whole // size} {en if is_en else zh}"
    return f"{whole} {'s' if is_en else '秒'}"


def _row(one: Component, known: Known, pick: Callable[[str, str], str]) -> dict[str, object]:
    days = _days(one.name, known)
    standing = known.standings.get(one.name)
    state = standing.state if standing else State.UNKNOWN
    share = uptime(days)
    bad = [day for day in reversed(days) if class_of(day) in {"slow", "down"}]
    says = f"{share:.2%}" if share is not None else ""
    label = pick(
        f"最近 {len(days)} 天：可用率 {says or '暂无'}，{len(bad)} 天有异常",
        f"last {len(days)} days: uptime {says or 'not known yet'}, trouble on {len(bad)} days",
    )
    return {
        "name": pick(one.zh, one.en),
        "note": pick(one.note_zh, one.note_en),
        "state": state.value,
        "days": days,
        "paths": _bars(days),
        "uptime": says,
        "bad": bad[:30],
        "label": label,
    }


def _bars(days: Sequence[Day]) -> list[tuple[str, str]]:
    """One path of bars for each kind of day; the worse a day, the shorter its bar: nobody needs to tell colours apart."""
    paths: dict[str, list[str]] = {}
    for at, day in enumerate(days):
        paths.setdefault(class_of(day), []).append(f"M{at * _BAR} {_TOPS[class_of(day)]}h3V28h-3z")
    return [(kind, "".join(bars)) for kind, bars in paths.items()]


def _days(name: str, known: Known) -> list[Day]:
    return last_days(known.days.get(name, {}), known.at.astimezone(zone(ZONE)).date())


def _is_shown(one: Component, known: Known) -> bool:
    """What only a monitor sees is shown where one ever looked: it may run on another machine."""
    standing = known.standings.get(one.name)
    is_known = standing is not None and standing.state is not State.UNKNOWN
    return not one.needs_monitor or is_known or bool(known.days.get(one.name))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("wenyue.web.status"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _files() -> dict[str, tuple[str, bytes]]:
    """Style sheet, script and icon; the shared sheets are read as files, so that nothing of the rest of web is loaded."""
    web = files("wenyue.web")
    sheets = [web.joinpath("shared", "css", name).read_text(encoding="utf-8") for name in _SHEETS]
    own = web.joinpath("status", "assets")
    css = "\n".join([*sheets, own.joinpath("status.css").read_text(encoding="utf-8")])
    return {
        "status.css": ("text/css; charset=utf-8", css.encode()),
        "status.js": ("text/javascript; charset=utf-8", own.joinpath("status.js").read_bytes()),
        "icon.svg": ("image/svg+xml", web.joinpath("shared", "icon.svg").read_bytes()),
    }


@cache
def _names() -> dict[str, str]:
    """{plain name: path with a hash of the content}."""
    named: dict[str, str] = {}
    for name, (_, body) in _files().items():
        stem, _, extension = name.rpartition(".")
        named[name] = f"/static/{stem}.{hashlib.sha256(body).hexdigest()[:10]}.{extension}"
    return named


@cache
def _assets() -> dict[str, Page]:
    made = {_names()[name]: page(body, kind, age_s=_FOREVER_S) for name, (kind, body) in _files().items()}
    kind, icon = _files()["icon.svg"]
    return made | {"/icon.svg": page(icon, kind, age_s=86_400)}
