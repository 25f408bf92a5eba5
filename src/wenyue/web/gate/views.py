"""What the gate's templates see: frozen view models in the keeper's language."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wenyue.core.clock import zone
from wenyue.gate import UNDO_WINDOW_S, Choice, Reason, ScanAnswer
from wenyue.locale import Message, text_in, translations
from wenyue.web.shared.i18n import Locale, say_span
from wenyue.web.wording.gate import Tone
from wenyue.web.wording.gate_sentences import say_choice_document, say_scan


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """One person (or line) of a party, to be pressed."""

    booking_id: str
    place: str  # line.visitor, as the form sends it back
    name: str
    document: str
    product: str
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class ResultView:
    """The answer at arm's length. `count` is empty for one person."""

    tone: Tone
    icon: str
    verdict: str  # 放行 or 不放行 in words, never by colour alone
    word: str
    why: str
    next_step: str
    also: str = ""
    name: str = ""
    document: str = ""
    count: str = ""
    product: str = ""
    session: str = ""
    note: str = ""
    choices: tuple[ChoiceView, ...] = ()
    people: tuple[str, ...] = ()
    new_scan_id: str = ""
    undo_scan_id: str = ""  # the earlier scan that used the place, while it can be taken back


@dataclass(frozen=True, slots=True)
class RowView:
    """One of the last scans."""

    scan_id: str
    time: str
    tone: Tone
    icon: str
    word: str
    who: str
    product: str
    is_undone: bool
    can_undo: bool


def result_view(answer: ScanAnswer, locale: Locale, new_scan_id: UUID) -> ResultView:
    """The big panel for one scan."""
    gettext, said = translations(locale).gettext, say_scan(answer, locale)
    note = ""
    if answer.is_replay and answer.reason is not Reason.UNDONE:
        note = gettext("This scan was sent twice. Nothing was redeemed twice.")
    return ResultView(
        tone=said.tone,
        icon=said.icon,
        verdict=_verdict(said.tone, locale),
        word=said.word,
        why=said.why,
        next_step=said.next_step,
        also=said.also,
        name=answer.name,
        document=answer.document,
        count=_say_people(answer.quantity, locale) if answer.quantity > 1 else "",
        product=text_in(answer.product, locale),
        session=_session(answer, locale),
        note=note,
        choices=tuple(_choice_view(choice, locale) for choice in answer.choices),
        new_scan_id=str(new_scan_id),
        undo_scan_id=_undo_scan_id(answer),
    )


def party_view(answers: list[ScanAnswer], locale: Locale) -> ResultView:
    """The big panel for a party that was let in together: green only when everybody was."""
    gettext = translations(locale).gettext
    admitted = [answer for answer in answers if answer.reason is Reason.ADMIT]
    refused = [answer for answer in answers if answer not in admitted]
    first = say_scan((refused or answers)[0], locale)
    tone: Tone = "ask" if refused and admitted else first.tone
    return ResultView(
        tone=tone,
        icon="users" if tone != "bad" else first.icon,
        verdict=_verdict(tone, locale),
        word=first.word if not admitted else gettext("Admit"),
        why=first.why if refused else gettext("All valid and redeemed."),
        next_step=first.next_step,
        count=_say_people(sum(answer.quantity for answer in admitted), locale) if admitted else "",
        product=text_in(answers[0].product, locale),
        session=_session(answers[0], locale),
        people=tuple(f"{answer.name} · {say_scan(answer, locale).word}" for answer in answers),
    )


def row_view(answer: ScanAnswer, locale: Locale, now: datetime) -> RowView:
    """One line of the list."""
    said = say_scan(answer, locale)
    is_recent = (now - answer.at).total_seconds() <= UNDO_WINDOW_S
    several = _say_people(answer.quantity, locale) if answer.quantity > 1 else ""
    return RowView(
        scan_id=str(answer.scan_id),
        time=f"{answer.at.astimezone(zone(answer.timezone)):%H:%M:%S}",
        tone=said.tone,
        icon=said.icon,
        word=said.word,
        who=" ".join(part for part in (answer.name, several) if part),
        product=text_in(answer.product, locale),
        is_undone=answer.reason is Reason.UNDONE,
        can_undo=answer.reason is Reason.ADMIT and is_recent,
    )


def _say_people(n: int, locale: Locale) -> str:
    return translations(locale).npgettext("gate", "{n} person", "{n} people", n)


def _undo_scan_id(answer: ScanAnswer) -> str:
    if answer.used_scan_id is None or answer.when is None:
        return ""
    is_recent = (answer.at - answer.when).total_seconds() <= UNDO_WINDOW_S
    return str(answer.used_scan_id) if is_recent else ""


def _verdict(tone: Tone, locale: Locale) -> str:
    words = {
        "good": Message.in_context("gate", "Open"),
        "ask": Message("Wait"),
        "bad": Message("Do not open"),
    }
    return words[tone].say(locale)


def _session(answer: ScanAnswer, locale: Locale) -> str:
    if answer.starts_at is None or answer.ends_at is None:
        return ""
    label = text_in(answer.label, locale)
    return f"{label} {say_span(answer.starts_at, answer.ends_at, answer.timezone)}".strip()


def _choice_view(choice: Choice, locale: Locale) -> ChoiceView:
    several = _say_people(choice.quantity, locale) if choice.quantity > 1 else ""
    return ChoiceView(
        booking_id=str(choice.booking_id),
        place=f"{choice.line_no}.{choice.visitor_no}",
        name=" ".join(part for part in (choice.name, several) if part) or f"#{choice.visitor_no + 1}",
        document=say_choice_document(choice, locale),
        product=text_in(choice.product, locale),
        is_waiting=choice.is_waiting,
    )
