"""How a scan's answer is said in one language: its texts with the times, venues and other visits of whoever is scanned."""

from dataclasses import dataclass
from datetime import datetime

from wenyue.core.clock import local_date, zone
from wenyue.core.documents import DocumentErrorCode, DocumentKind
from wenyue.gate import WHY_SHARED_NUMBER, Choice, Reason, ScanAnswer
from wenyue.web.wording import say_day, say_instant
from wenyue.web.wording.documents import DOCUMENT_ERRORS, DOCUMENT_KINDS
from wenyue.web.wording.gate import ELSEWHERE, GATE_TEXTS, SHARED_NUMBER, Tone


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
        "venue": _pick(answer.venue_zh, answer.venue_en, locale),
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
    zh, en = DOCUMENT_KINDS[DocumentKind(choice.kind)]
    parts = (en if locale.startswith("en") else zh, choice.nationality, choice.document)
    return " ".join(part for part in parts if part)


def _say_others(answer: ScanAnswer, locale: str) -> str:
    """The other visits of whoever is refused: where, what and when; empty when there are none."""
    if not answer.others:
        return ELSEWHERE.say(locale) if answer.is_elsewhere else ""
    visits = [
        f"{_pick(one.venue_zh, one.venue_en, locale)} {_say_at(one.starts_at, answer.at, one.timezone, locale)}"
        for one in answer.others
    ]
    is_all = answer.reason is Reason.NO_BOOKING
    if locale.startswith("en"):
        return ("Booked: " if is_all else "Also booked: ") + "; ".join(visits) + "."
    return ("已约：" if is_all else "另有预约：") + "；".join(visits) + "。"


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
    reason = _pick(answer.closed_zh, answer.closed_en, locale)
    if not reason:
        return ""
    return f": {reason}" if locale.startswith("en") else f"（{reason}）"


def _say_document(code: str, locale: str) -> str:
    try:
        zh, en = DOCUMENT_ERRORS[DocumentErrorCode(code)]
    except ValueError:
        zh, en = "证件号码有误", "The document number is not right"
    return f"{en}." if locale.startswith("en") else f"{zh}。"


def _pick(zh: str, en: str, locale: str) -> str:
    return en if locale.startswith("en") and en else zh
