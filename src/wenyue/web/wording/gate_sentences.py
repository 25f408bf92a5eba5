"""How a scan's answer is said in one language: its texts with the times, venues and other visits of whoever is scanned."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wenyue.core.clock import local_date, zone
from wenyue.core.documents import DocumentErrorCode, DocumentKind
from wenyue.gate import WHY_SHARED_NUMBER, Choice, Reason, ScanAnswer
from wenyue.locale import Message, text_in, translations
from wenyue.web.wording import say_day, say_instant
from wenyue.web.wording.documents import DOCUMENT_ERRORS, DOCUMENT_KINDS
from wenyue.web.wording.gate import ELSEWHERE, GATE_TEXTS, SHARED_NUMBER, Tone

_WRONG_NUMBER: Final = Message("The document number is wrong")


@dataclass(frozen=True, slots=True)
class GateSaid:
    """The sentences of one answer in one language."""

    tone: Tone
    icon: str
    word: str
    why: str
    next_step: str
    also: str = ""  # what else is booked, for somebody who is not let in


def say_scan(answer: ScanAnswer, locale: str) -> GateSaid:
    """What the gate says to `answer` in `locale`."""
    text = GATE_TEXTS[answer.reason]
    values = {
        "when": _say_when(answer, locale),
        "gate": answer.used_gate,
        "day": say_day(answer.on_date, locale) if answer.on_date else "",
        "session": _say_at(answer.starts_at, answer.at, answer.timezone, locale),
        "venue": text_in(answer.venue, locale),
        "closed": _say_closed(answer, locale),
        "why": _say_document(answer.why, locale),
    }
    is_shared = answer.reason is Reason.CHOOSE_VISITOR and answer.why == WHY_SHARED_NUMBER
    why = (SHARED_NUMBER if is_shared else text.why).say(locale).format_map(values)
    also = _say_others(answer, locale)
    return GateSaid(text.tone, text.icon, text.word.say(locale), why, text.next_step.say(locale), also)


def say_choice_document(choice: Choice, locale: str) -> str:
    """The masked document of one who may be meant; of a number that several have, with its kind and nationality."""
    if not choice.kind:
        return choice.document
    parts = (DOCUMENT_KINDS[DocumentKind(choice.kind)].say(locale), choice.nationality, choice.document)
    return " ".join(part for part in parts if part)


def _say_others(answer: ScanAnswer, locale: str) -> str:
    """The other visits of whoever is refused: where, what and when; empty when there are none."""
    if not answer.others:
        return ELSEWHERE.say(locale) if answer.is_elsewhere else ""
    visits = [
        f"{text_in(one.venue, locale)} {_say_at(one.starts_at, answer.at, one.timezone, locale)}"
        for one in answer.others
    ]
    gettext = translations(locale).gettext
    listed = translations(locale).pgettext("between visits", "; ").join(visits)
    if answer.reason is Reason.NO_BOOKING:
        return gettext("Booked: {visits}.", visits=listed)
    return gettext("Also booked: {visits}.", visits=listed)


def _say_when(answer: ScanAnswer, locale: str) -> str:
    """The instant that explains the answer."""
    return _say_at(answer.when or answer.starts_at, answer.at, answer.timezone, locale)


def _say_at(at: datetime | None, scanned_at: datetime, timezone: str, locale: str) -> str:
    """The clock alone on the day of the scan, else with its date."""
    if at is None:
        return ""
    if local_date(at, timezone) == local_date(scanned_at, timezone):
        return f"{at.astimezone(zone(timezone)):%H:%M}"
    return say_instant(at, locale, timezone)


def _say_closed(answer: ScanAnswer, locale: str) -> str:
    reason = text_in(answer.closed, locale)
    if not reason:
        return ""
    return translations(locale).pgettext("closed", ": {reason}", reason=reason)


def _say_document(code: str, locale: str) -> str:
    try:
        what = DOCUMENT_ERRORS[DocumentErrorCode(code)]
    except ValueError:
        what = _WRONG_NUMBER
    return translations(locale).pgettext("sentence", "{what}.", what=what)
