"""What programs read of the status: JSON and the feed."""

import json
from typing import Final
from xml.sax.saxutils import escape

from wenyue.locale import DEFAULT, LOCALES, Locale, Message, Texts, in_every_language, short_tag, translations
from wenyue.web.status import wording
from wenyue.web.status.known import Known, days_of, is_shown
from wenyue.web.status.model import COMPONENTS, Incident
from wenyue.web.status.moments import say_moment
from wenyue.web.status.rules import class_of, overall, uptime
from wenyue.web.status.small_pages import in_a_row

_FEED_MAX: Final = 20


def path_of(locale: Locale) -> str:
    """Where the page stands in the language: `/`, `/en`."""
    return "/" if locale == DEFAULT else f"/{locale}"


def feed_of(locale: Locale) -> str:
    """Where the feed stands in the language: `/feed.atom`, `/en/feed.atom`."""
    return f"{path_of(locale).rstrip('/')}/feed.atom"


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
                "uptime_90d": uptime(days_of(one.name, known)),
                "days": [
                    {"day": day.day.isoformat(), "uptime": day.uptime, "state": class_of(day)}
                    for day in days_of(one.name, known)
                    if day.seen_s
                ],
            }
            for one in COMPONENTS
            if is_shown(one, known) and (standing := known.standings.get(one.name)) is not None
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
        f"<author><name>{escape(in_a_row(Message('Wenyue')))}</name></author>"
        f'<link href="{escape(base)}{path_of(locale)}"/>'
        f'<link rel="self" href="{escape(base)}{feed_of(locale)}"/>{entries}</feed>\n'
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
