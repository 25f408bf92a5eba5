"""Bookings after they were made: look up, list, confirm, cancel, reschedule. State changes are nouns and idempotent by nature."""

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wenyue.application import Denied, Move, Part, cancel_booking, cancel_places, confirm_booking, move_lines
from wenyue.booking import (
    Answer,
    BookingState,
    BookingView,
    LineView,
    booking_view,
    bookings_of,
)
from wenyue.core.documents import mask_document, mask_name
from wenyue.core.limits import LINES_MAX, PAGE_SIZE, PAGE_SIZE_MAX, VISITORS_MAX
from wenyue.locale import text_in
from wenyue.policy import cancel_terms
from wenyue.web.api.asking import (
    HolderLoginOf,
    HolderOf,
    LocaleOf,
    RoomTokensOf,
    ServicesOf,
    traveller_of,
)
from wenyue.web.api.denials import denied
from wenyue.web.api.problems import RETRY_AFTER_S, change_problem, status_of
from wenyue.web.shared.problem import PROBLEM_TYPE, RequestRefused

router: Final = APIRouter(prefix="/v1/bookings", tags=["bookings"])


class TermsAnswer(BaseModel):
    """What giving a line back now, by a cancellation or a move, means. `until`: when these terms end.

    `strike`: what it is counted as (`late_cancel`, `cancel`); null: nothing.
    """

    is_allowed: bool
    strike: str | None
    until: datetime


class LineAnswer(BaseModel):
    """One line. `is_live` false: given back (cancelled, expired, rescheduled away). `visitors` index into the booking's."""

    line_no: int
    slot_id: int
    product_id: int
    venue_code: str
    venue: str
    product: str
    on_date: date
    starts_at: datetime
    ends_at: datetime
    quantity: int
    price_minor: int
    on_card: bool
    is_live: bool
    visitors: list[int]
    redeemed: int
    terms: TermsAnswer | None  # of a live line of a confirmed booking


class VisitorAnswer(BaseModel):
    """One named person, masked."""

    name: str
    kind: str
    number: str


class BookingAnswer(BaseModel):
    """A booking as its holder sees it. Money in minor units (分)."""

    id: UUID
    state: str
    channel: str
    card_id: int | None
    created_at: datetime
    changed_at: datetime
    hold_until: datetime | None
    total_minor: int
    currency: str
    visitors: list[VisitorAnswer]
    lines: list[LineAnswer]


class BookingPage(BaseModel):
    """Newest first. `next` is the cursor of the following page, null on the last."""

    items: list[BookingAnswer]
    next: str | None


class ChangeAnswer(BaseModel):
    """The booking after a change. `is_replay`: it had been made before. `strikes`: what it was counted as, if anything."""

    id: UUID
    outcome: str
    state: str
    is_replay: bool
    hold_until: datetime | None
    total_minor: int
    currency: str
    strikes: list[str]


class CancellationBody(BaseModel):
    """Why, in the holder's words, and how much: neither `line_nos` nor `visitors`: the whole booking.

    `line_nos`: only these lines. `visitors`: only these people's places, by their index in the booking's `visitors`, in the
    lines named or in all.
    """

    model_config = ConfigDict(extra="forbid")
    line_nos: Annotated[list[Annotated[int, Field(ge=0, le=32_767)]], Field(max_length=LINES_MAX)] = []
    visitors: Annotated[list[Annotated[int, Field(ge=0, le=32_767)]], Field(max_length=VISITORS_MAX)] = []
    reason: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")] = ""


class MoveBody(BaseModel):
    """One line to another slot of the same product, and the price that was shown for it, per place.

    Another price is refused with `price_changed`; left out: the line's own. A line that a card pays for has none.
    """

    model_config = ConfigDict(extra="forbid")
    line_no: Annotated[int, Field(ge=0, le=32_767)]
    slot_id: Annotated[int, Field(ge=1, le=2**63 - 1)]
    price_minor: Annotated[int, Field(ge=0, lt=2**53)] | None = None


class RescheduleBody(BaseModel):
    """All moves are made, or none. `visitors`: only these people move, by index."""

    model_config = ConfigDict(extra="forbid")
    moves: Annotated[list[MoveBody], Field(min_length=1, max_length=LINES_MAX)]
    visitors: Annotated[list[Annotated[int, Field(ge=0, le=32_767)]], Field(max_length=VISITORS_MAX)] = []


@router.get("")
async def my_bookings(
    services: ServicesOf,
    holder_id: HolderOf,
    locale: LocaleOf,
    cursor: Annotated[UUID | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE,
) -> BookingPage:
    """The caller's bookings, newest first."""
    async with services.db.confirmed() as tx:
        found = await bookings_of(tx, services.vault, holder_id, before=cursor, limit=limit + 1)
    page = [_booking(view, services, locale) for view in found[:limit]]
    return BookingPage(items=page, next=str(page[-1].id) if len(found) > limit else None)


@router.get("/{booking_id}")
async def one_booking(
    booking_id: UUID, services: ServicesOf, holder_id: HolderOf, locale: LocaleOf
) -> BookingAnswer:
    """The booking with this id: also how a client learns the outcome of a request whose reply was lost."""
    async with services.db.confirmed() as tx:
        view = await booking_view(tx, services.vault, booking_id, holder_id=holder_id)
    if view is None:
        raise RequestRefused(404, "not_found")
    return _booking(view, services, locale)


@router.post("/{booking_id}/confirmation", response_model=ChangeAnswer)
async def confirm(
    booking_id: UUID, services: ServicesOf, login: HolderLoginOf, locale: LocaleOf
) -> ChangeAnswer | Response:
    """Confirm a held booking before its hold runs out. Again: the same answer."""
    return _answer(await confirm_booking(services, traveller_of(login), booking_id), locale)


@router.post("/{booking_id}/cancellation", response_model=ChangeAnswer)
async def cancel(
    booking_id: UUID,
    services: ServicesOf,
    login: HolderLoginOf,
    locale: LocaleOf,
    body: CancellationBody | None = None,
) -> ChangeAnswer | Response:
    """Give the places, and the card's entitlements, back. The venue's terms say until when. Again: the same answer.

    A part of it: `line_nos`, `visitors`. The rest stands: `state` says so, and `total_minor` is what it costs.
    """
    wanted, traveller = body or CancellationBody(), traveller_of(login)
    if not wanted.line_nos and not wanted.visitors:
        return _answer(await cancel_booking(services, traveller, booking_id, reason=wanted.reason), locale)
    part = Part(tuple(wanted.line_nos), tuple(wanted.visitors))
    answer = await cancel_places(services, traveller, booking_id, part, reason=wanted.reason)
    return _answer(answer, locale)


@router.post("/{booking_id}/reschedule", response_model=ChangeAnswer)
async def reschedule(
    *,
    booking_id: UUID,
    body: RescheduleBody,
    services: ServicesOf,
    login: HolderLoginOf,
    locale: LocaleOf,
    room_tokens: RoomTokensOf,
) -> ChangeAnswer | Response:
    """The old places are given up only if every new one is had. Again: the same answer.

    A line that moves away when a cancellation would count against the holder counts the same (`terms` of its line).
    A new place behind a waiting room wants its token, in the header `Room-Token`. With `visitors` only these people go, as a
    line of their own.
    """
    if len({move.line_no for move in body.moves}) < len(body.moves):
        raise RequestRefused(422, "line_twice")
    moves = [Move(move.line_no, move.slot_id, move.price_minor) for move in body.moves]
    outcome = await move_lines(
        services, traveller_of(login), booking_id, moves, visitors=body.visitors, room_tokens=room_tokens
    )
    if isinstance(outcome, Denied):
        raise denied(outcome, locale)
    return _answer(outcome, locale)


def _answer(answer: Answer, locale: str) -> ChangeAnswer | Response:
    if not answer.outcome.is_success:
        retry = {"retry-after": str(RETRY_AFTER_S)} if answer.outcome.is_transient else {}
        body = change_problem(answer, locale)
        return Response(body, status_of(answer.outcome), retry, PROBLEM_TYPE.decode())
    return _changed(answer)


def _changed(answer: Answer) -> ChangeAnswer:
    return ChangeAnswer(
        id=answer.booking_id,
        outcome=answer.outcome.name.lower(),
        state=answer.state.name.lower() if answer.state is not None else "",
        is_replay=answer.is_replay,
        hold_until=answer.hold_until,
        total_minor=answer.total_minor,
        currency=answer.currency,
        strikes=list(answer.strikes),
    )


def _terms(view: BookingView, line: LineView, services: ServicesOf) -> TermsAnswer | None:
    preset = services.presets.get(line.policy_code)
    if view.state is not BookingState.CONFIRMED or not line.is_live or preset is None:
        return None
    terms = cancel_terms(preset, line.on_date, line.starts_at, line.timezone, services.clock())
    return TermsAnswer(is_allowed=terms.is_allowed, strike=terms.strike, until=terms.until)


def _booking(view: BookingView, services: ServicesOf, locale: str) -> BookingAnswer:
    return BookingAnswer(
        id=view.id,
        state=view.state.name.lower(),
        channel=view.channel.name.lower(),
        card_id=view.card_id,
        created_at=view.created_at,
        changed_at=view.changed_at,
        hold_until=view.hold_until,
        total_minor=view.total_minor,
        currency=view.currency,
        visitors=[
            VisitorAnswer(name=mask_name(person.name), kind=person.kind, number=mask_document(person.number))
            for person in view.party.visitors
        ],
        lines=[
            LineAnswer(
                line_no=line.line_no,
                slot_id=line.slot_id,
                product_id=line.product_id,
                venue_code=line.venue_code,
                venue=text_in(line.venue, locale),
                product=text_in(line.product, locale),
                on_date=line.on_date,
                starts_at=line.starts_at,
                ends_at=line.ends_at,
                quantity=line.quantity,
                price_minor=line.price_minor,
                on_card=line.card_id is not None,
                is_live=line.is_live,
                visitors=list(line.visitors),
                redeemed=line.redeemed,
                terms=_terms(view, line, services),
            )
            for line in view.lines
        ],
    )
