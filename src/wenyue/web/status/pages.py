"""Every path of the status page, and the page itself in every language."""

from collections.abc import Sequence
from functools import cache, partial
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from wenyue.locale import LOCALES, Locale, Message, translations
from wenyue.locale.templates import EXTENSIONS, prepare
from wenyue.web.status import wording
from wenyue.web.status.assets import assets, names
from wenyue.web.status.for_programs import as_json, atom, feed_of, path_of
from wenyue.web.status.known import Known, days_of, is_shown
from wenyue.web.status.model import COMPONENTS, Component, Day, State
from wenyue.web.status.moments import say_moment, say_span
from wenyue.web.status.prepared import HTML, Page, page
from wenyue.web.status.rules import class_of, overall, uptime

AGE_S: Final = 10  # a cache in front may keep a page so long
_BAR: Final = 4
_TOPS: Final = {"ok": 0, "slow": 9, "down": 16, "none": 24}
_ANYBODY: Final = ((b"access-control-allow-origin", b"*"),)
_PAST_MAX: Final = 15  # status.json has more


def all_pages(known: Known) -> dict[str, Page]:
    """Every path that there is."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
        f" connect-src 'self' {known.booking_url}".rstrip()
    )
    made: dict[str, Page] = dict(assets())
    for locale in LOCALES:
        more = [(b"content-language", locale.encode())]
        text = html(known, locale).encode()
        made[path_of(locale)] = page(text, HTML, age_s=AGE_S, policy=policy, more=more)
        feed = atom(known, locale).encode()
        made[feed_of(locale)] = page(feed, "application/atom+xml; charset=utf-8", age_s=60)
    made["/status.json"] = page(
        as_json(known),
        "application/json; charset=utf-8",
        age_s=AGE_S,
        more=_ANYBODY,
    )
    made["/healthz"] = page(b"ok\n", "text/plain; charset=utf-8", age_s=0, more=_ANYBODY)
    return made


def html(known: Known, locale: Locale) -> str:
    """The whole page in one language."""
    state = overall(known.standings)
    shown = [one for one in COMPONENTS if is_shown(one, known)]
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


def _row(one: Component, known: Known, locale: Locale) -> dict[str, object]:
    days = days_of(one.name, known)
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
        "feed": feed_of(locale),
        "languages": [
            (one, path_of(one.tag)) for one in LOCALES.values() if one.is_offered and one.tag != locale
        ],
        "css": names()["status.css"],
        "js": names()["status.js"],
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
