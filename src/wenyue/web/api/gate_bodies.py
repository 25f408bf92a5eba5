"""What a gate sends and shows over JSON: one presentation, and the answer to it."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from wenyue.core.limits import VISITORS_MAX
from wenyue.gate import (
    GATE_NAME_MAX,
    PRESENTED_LENGTH_MAX,
    Choice,
    Presented,
    Reason,
    ScanAnswer,
    Visit,
)
from wenyue.locale import text_in
from wenyue.web.wording.gate_sentences import say_scan

Line = Annotated[int, Field(ge=0, le=32_767)]


class ScanBody(BaseModel):
    """One presentation. `scan_id` is minted by the gate and sent again unchanged on a retry; `venue` is its code."""

    model_config = ConfigDict(extra="forbid")
    scan_id: UUID
    venue: Annotated[str, Field(min_length=1, max_length=64)]
    gate: Annotated[str, Field(min_length=1, max_length=GATE_NAME_MAX)]
    presented: Annotated[str, Field(min_length=1, max_length=PRESENTED_LENGTH_MAX)]
    visitor_no: Annotated[int, Field(ge=0, lt=VISITORS_MAX)] | None = None
    line_no: Line | None = None


class ChoiceBody(BaseModel):
    """One place of a party: send its booking as `presented` with these numbers. Names are masked.

    `kind` and `nationality` (ISO 3166 alpha-3) of the document only when several persons have the presented number.
    """

    booking_id: UUID
    line_no: int
    visitor_no: int
    quantity: int
    name: str
    document: str
    product: str
    is_waiting: bool
    kind: str
    nationality: str


class VisitBody(BaseModel):
    """Another visit of whoever is not let in."""

    venue_name: str
    product: str
    on_date: date
    starts_at: datetime


class AnswerBody(BaseModel):
    """What the gate shows. Open it only when `admitted`. `when`: used at, opens at, or closed at.

    `reason` "undone": this scan let somebody in and was taken back at `undone_at`; whoever is to go in is scanned anew.

    `others`: the next visits of whoever is refused; `also` says them. Of venues where the keeper does not work a
    typed number tells only `elsewhere_today`, and nothing after ten in a minute, or 300 in a day, that led to nothing here.
    """

    scan_id: UUID
    admitted: bool
    reason: Reason
    tone: Literal["good", "ask", "bad"]
    word: str
    why: str
    next_step: str
    also: str
    at: datetime
    presented: Presented
    booking_id: UUID | None
    line_no: int | None
    visitor_no: int | None
    quantity: int
    name: str
    document: str
    venue_name: str
    product: str
    session: str
    on_date: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    when: datetime | None
    used_gate: str
    used_scan_id: UUID | None
    choices: list[ChoiceBody]
    others: list[VisitBody]
    elsewhere_today: bool
    is_replay: bool
    undone_at: datetime | None


def answer_body(answer: ScanAnswer, locale: str) -> AnswerBody:
    """The answer in the language of the person at the gate."""
    said = say_scan(answer, locale)
    return AnswerBody(
        scan_id=answer.scan_id,
        admitted=answer.reason is Reason.ADMIT,
        reason=answer.reason,
        tone=said.tone,
        word=said.word,
        why=said.why,
        next_step=said.next_step,
        also=said.also,
        at=answer.at,
        presented=answer.presented,
        booking_id=answer.booking_id,
        line_no=answer.line_no,
        visitor_no=answer.visitor_no,
        quantity=answer.quantity,
        name=answer.name,
        document=answer.document,
        venue_name=text_in(answer.venue, locale),
        product=text_in(answer.product, locale),
        session=text_in(answer.label, locale),
        on_date=answer.on_date,
        starts_at=answer.starts_at,
        ends_at=answer.ends_at,
        when=answer.when,
        used_gate=answer.used_gate,
        used_scan_id=answer.used_scan_id,
        choices=[_choice(choice, locale) for choice in answer.choices],
        others=[_visit(one, locale) for one in answer.others],
        elsewhere_today=answer.is_elsewhere,
        is_replay=answer.is_replay,
        undone_at=answer.undone_at,
    )


def _visit(one: Visit, locale: str) -> VisitBody:
    return VisitBody(
        venue_name=text_in(one.venue, locale),
        product=text_in(one.product, locale),
        on_date=one.on_date,
        starts_at=one.starts_at,
    )


def _choice(choice: Choice, locale: str) -> ChoiceBody:
    return ChoiceBody(
        booking_id=choice.booking_id,
        line_no=choice.line_no,
        visitor_no=choice.visitor_no,
        quantity=choice.quantity,
        name=choice.name,
        document=choice.document,
        product=text_in(choice.product, locale),
        is_waiting=choice.is_waiting,
        kind=choice.kind,
        nationality=choice.nationality,
    )
