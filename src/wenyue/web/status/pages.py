"""Turns what is known into bytes: the page in every language, the JSON form, the feeds, style sheet and script."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, partial
from importlib.resources import files
from typing import Any, Final
from xml.sax.saxutils import escape

from jinja2 import Environment, PackageLoader, StrictUndefined

from wenyue.core.clock import zone
from wenyue.locale import DEFAULT, LOCALES, Locale, Message, Texts, in_every_language, short_tag, translations
from wenyue.locale.formats import TIMEZONE, say_instant
from wenyue.locale.templates import EXTENSIONS, prepare
from wenyue.web.status import wording
from wenyue.web.status.model import COMPONENTS, Component, Day, Incident, Standing, State
from wenyue.web.status.prepared import Page, page
from wenyue.web.status.rules import class_of, last_days, overall, uptime

MOMENT: Final = Message("format.instant_seconds")  # 22 Nov 2026, 14:05:03
AGE_S: Final = 10  # a cache in front may keep a page so long
_FOREVER_S: Final = 31_536_000
_SHEETS: Final = ("10-tokens.css", "20-base.css", "30-parts.css")
_HTML: Final = "text/html; charset=utf-8"
_BAR: Final = 4
_TOPS: Final = {"ok": 0, "slow": 9, "down": 16, "none": 24}
_ANYBODY: Final = ((b"access-control-allow-origin", b"*"),)
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
    for locale in LOCALES:
        more = [(b"content-language", locale.encode())]
        text = html(known, locale).encode()
        made[path_of(locale)] = page(text, _HTML, age_s=AGE_S, policy=policy, more=more)
        feed = atom(known, locale).encode()
        made[_feed_of(locale)] = page(feed, "application/atom+xml; charset=utf-8", age_s=60)
    made["/status.json"] = page(
        as_json(known),
        "application/json; charset=utf-8",
        age_s=AGE_S,
        more=_ANYBODY,
    )
    made["/healthz"] = page(b"ok\n", "text/plain; charset=utf-8", age_s=0, more=_ANYBODY)
    return made


def path_of(locale: Locale) -> str:
    """Where the page stands in the language: `/`, `/en`."""
    return "/" if locale == DEFAULT else f"/{locale}"


def _feed_of(locale: Locale) -> str:
    return f"{path_of(locale).rstrip('/')}/feed.atom"


@dataclass(frozen=True, slots=True)
class Button:
    """The one button of a small page: where it posts `mark` and `sign`, and what it says."""

    path: str
    mark: str
    sign: str
    words: Message


def plain_page(status: int, said: Message, button: Button | None = None) -> Page:
    """A small page that says one thing in every language: nobody knows yet who reads it."""
    first, *others = LOCALES
    lines = [f"<h1>{escape(said.say(first))}</h1>"]
    lines += [f'<p lang="{locale}">{escape(said.say(locale))}</p>' for locale in others]
    if button is not None:
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">'
            for name, value in (("mark", button.mark), ("sign", button.sign))
        )
        words = escape(_in_a_row(button.words))
        lines.append(
            f'<form method="post" action="{button.path}">{fields}<button class="button">{words}</button></form>'
        )
    text = (
        f'<!doctype html><html lang="{first}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{escape(_in_a_row(Message("Wenyue")))}</title><link rel="stylesheet" href="{_names()["status.css"]}">'
        f'<main class="page page--status">{"".join(lines)}<p><a href="/">{escape(_in_a_row(Message("Service status")))}</a></p>'
        "</main></html>"
    )
    return page(
        text.encode(),
        _HTML,
        age_s=0,
        status=status,
        policy="default-src 'none'; style-src 'self'; form-action 'self'",
    )


def _in_a_row(said: Message) -> str:
    """`退订 · Unsubscribe`."""
    return " · ".join(in_every_language(said).values())


def html(known: Known, locale: Locale) -> str:
    """The whole page in one language."""
    state = overall(known.standings)
    shown = [one for one in COMPONENTS if _is_shown(one, known)]
    booking = known.standings.get("booking")
    booking_state = booking.state if booking else State.UNKNOWN
    context: dict[str, object] = {
        "at": known.at,
        "state": state.value,
        "headline": wording.HEADLINES[state],
        "advice": wording.ADVICE[state],
        "said_booking": wording.SAID_BOOKING[booking_state],
        "rows": [_row(one, known, locale) for one in shown],
        "open": [one for one in known.incidents if one.closed_at is None],
        "past": [one for one in known.incidents if one.closed_at is not None][:_PAST_MAX],
        "booking_url": known.booking_url,
        "booking_state": booking_state.value,
        "takes_subscriptions": known.takes_subscriptions,
    }
    return _environment(locale).get_template("status.html").render(context)


def as_json(known: Known) -> bytes:
    """The same for programs; the shape stands in docs/monitoring.md."""
    state = overall(known.standings)
    body = {
        "at": known.at.isoformat(),
        "state": state.value,
        **_keyed(in_every_language(wording.HEADLINES[state])),
        "components": [
            {
                "name": one.name,
                **_keyed(in_every_language(wording.COMPONENTS[one.name])),
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
                **_keyed({locale: wording.say_title(one, locale) for locale in LOCALES}),
                "notes": [
                    {"at": note.at.isoformat(), "state": note.state}
                    | _keyed({locale: wording.say_note(note, locale) for locale in LOCALES})
                    for note in one.notes
                ],
            }
            for one in known.incidents
        ],
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _keyed(texts: Texts) -> dict[str, str]:
    """As programs read it: `{"zh": …, "en": …}`."""
    return {short_tag(locale): text for locale, text in texts.items()}


def atom(known: Known, locale: Locale) -> str:
    """The incidents as an Atom feed (RFC 4287)."""
    base = known.own_url or "http://localhost"
    changed = [note.at for one in known.incidents[:_FEED_MAX] for note in one.notes]
    entries = "".join(_entry(one, base, locale) for one in known.incidents[:_FEED_MAX])
    updated = max(changed, default=known.at.replace(hour=0, minute=0, second=0, microsecond=0))
    title = translations(locale).gettext("Wenyue status")
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{locale}">'
        f"<title>{escape(title)}</title><id>{escape(base)}/</id><updated>{updated.isoformat()}</updated>"
        f"<author><name>{escape(_in_a_row(Message('Wenyue')))}</name></author>"
        f'<link href="{escape(base)}{path_of(locale)}"/>'
        f'<link rel="self" href="{escape(base)}{_feed_of(locale)}"/>{entries}</feed>\n'
    )


def _entry(one: Incident, base: str, locale: Locale) -> str:
    changed = max((note.at for note in one.notes), default=one.opened_at)
    lines = [
        f"{say_moment(note.at, locale)} {wording.NOTE_STATES[note.state].say(locale)}: {wording.say_note(note, locale)}"
        for note in one.notes
    ]
    place = f"{base}{path_of(locale)}#i-{one.id}"
    title = wording.say_title(one, locale)
    return (
        f'<entry><title>{escape(title)}</title><id>{escape(base)}/incident/{one.id}</id><link href="{escape(place)}"/>'
        f"<published>{one.opened_at.isoformat()}</published><updated>{changed.isoformat()}</updated>"
        f'<content type="text">{escape(chr(10).join(lines))}</content></entry>'
    )


def say_moment(at: datetime, locale: Locale) -> str:
    """`11月22日 14:05:03`, on a Beijing clock."""
    return say_instant(at, locale, pattern=MOMENT)


def say_span(seconds: float, locale: Locale) -> str:
    """`3 分钟`; `–` for nothing."""
    whole, texts = round(seconds), translations(locale)
    if whole <= 0:
        return "–"
    if whole >= 2 * 3600:
        return texts.gettext("{n} h", n=whole // 3600)
    return texts.gettext("{n} min", n=whole // 60) if whole >= 2 * 60 else texts.gettext("{n} s", n=whole)


def _row(one: Component, known: Known, locale: Locale) -> dict[str, object]:
    days = _days(one.name, known)
    standing = known.standings.get(one.name)
    state = standing.state if standing else State.UNKNOWN
    share = uptime(days)
    bad = [day for day in reversed(days) if class_of(day) in {"slow", "down"}]
    says = f"{share:.2%}" if share is not None else ""
    _ = translations(locale)
    label = _.gettext(
        "Last {n} days: uptime {share}, trouble on {bad}",
        n=len(days),
        share=says or Message.in_context("uptime", "not known yet"),
        bad=Message.plural("{n} day", "{n} days", len(bad)),
    )
    return {
        "name": wording.COMPONENTS[one.name],
        "note": wording.COMPONENT_NOTES[one.name],
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
    return last_days(known.days.get(name, {}), known.at.astimezone(zone(TIMEZONE)).date())


def _is_shown(one: Component, known: Known) -> bool:
    """What only a monitor sees is shown where one ever looked: it may run on another machine."""
    standing = known.standings.get(one.name)
    is_known = standing is not None and standing.state is not State.UNKNOWN
    return not one.needs_monitor or is_known or bool(known.days.get(one.name))


@cache
def _environment(locale: Locale) -> Environment:
    """Its globals speak the language: `_`, `say`, `moment(at)`, `span(seconds)`."""
    jinja = Environment(
        loader=PackageLoader("wenyue.web.status"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=EXTENSIONS,
    )
    shared: dict[str, Any] = {
        "locale": locale,
        "home": path_of(locale),
        "feed": _feed_of(locale),
        "languages": [
            (one, path_of(one.tag)) for one in LOCALES.values() if one.is_offered and one.tag != locale
        ],
        "css": _names()["status.css"],
        "js": _names()["status.js"],
        "marks": {one.value: path for one, path in wording.MARKS.items()},
        "tones": {one.value: tone for one, tone in wording.TONES.items()},
        "words": {one.value: said for one, said in wording.WORDS.items()},
        "note_states": wording.NOTE_STATES,
        "names": wording.COMPONENTS,
        "verdicts": wording.VERDICTS,
        "say_title": partial(wording.say_title, locale=locale),
        "say_note": partial(wording.say_note, locale=locale),
        "moment": partial(say_moment, locale=locale),
        "span": partial(say_span, locale=locale),
    }
    jinja.globals.update(shared)
    prepare(jinja, locale)
    return jinja


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
