"""The gate over JSON: sign in, scan, take back. For turnstiles and handheld terminals; bearer token of a member of staff.

Admitted and refused are both answers (200): the scan was decided and written down. A problem means that it was not.
"""

from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wenyue.accounts import Caller, Login, Staff, StaffRefusal, Throttled, check_staff
from wenyue.catalogue import Venue, venue, venues_by_id
from wenyue.faces.api.asking import LocaleOf, LoginOf, ServicesOf, TokenOf, acting, forget_token, sign_out
from wenyue.faces.api.problems import PROBLEM_TYPE, FieldError, plain_problem
from wenyue.faces.shared.caller import caller_of, confirmed_by, known_device
from wenyue.faces.wording_api import API_WORDS
from wenyue.faces.wording_gate import GATE_API_WORDS, UNDO_TEXTS, say_scan
from wenyue.gate import (
    GATE_NAME_MAX,
    PRESENTED_LENGTH_MAX,
    REASON_LENGTH_MAX,
    Choice,
    Presented,
    Reason,
    ScanAnswer,
    ScanIdReused,
    ScanRequest,
    UndoOutcome,
    Visit,
    clean_line,
    scan,
    undo,
)
from wenyue.kernel.limits import STAFF_LOGIN_TTL_S, VISITORS_MAX
from wenyue.services import Services

_UNDO_STATUS: Final = {
    UndoOutcome.UNKNOWN_SCAN: 404,
    UndoOutcome.NOT_ADMITTED: 409,
    UndoOutcome.TOO_LATE: 409,
    UndoOutcome.REASON_NEEDED: 422,
    UndoOutcome.SECOND_NEEDED: 403,
    UndoOutcome.SECOND_UNFIT: 403,
}
Line = Annotated[int, Field(ge=0, le=32_767)]


class StaffBody(BaseModel):
    """Who signs in."""

    model_config = ConfigDict(extra="forbid")
    login: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class StaffSession(BaseModel):
    """The bearer token of a shift. `venues`: the codes of those they work at; empty: every venue."""

    token: str
    expires_in_s: int
    role: str
    venues: list[str]
    device_token: str


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


class UndoBody(BaseModel):
    """Why the admission is taken back. `second`: who confirms it, after a `second_needed`."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, Field(min_length=1, max_length=REASON_LENGTH_MAX)]
    second: StaffBody | None = None


class UndoAnswer(BaseModel):
    """The place can be used again."""

    scan_id: UUID
    outcome: UndoOutcome
    title: str


class Refused(Exception):
    """Carries a problem out of a handler; never leaves the gate's API."""

    def __init__(self, status: int, code: str, words: tuple[str, str], pointer: str = "") -> None:
        self.status, self.code, self.words, self.pointer = status, code, words, pointer


router: Final = APIRouter(prefix="/v1/gate", tags=["gate"])


@router.post("/session", response_model=StaffSession, summary="Sign in as staff")
async def sign_in(
    request: Request, body: StaffBody, services: ServicesOf, locale: LocaleOf, had: TokenOf
) -> StaffSession | Response:
    """A bearer token for the gate; a token that is sent along ends. Wrong passwords make the next try wait.

    Keep `device_token` and send it as the header `Device-Token` when signing in again.
    """
    now, name = services.clock(), _plain(body.login)
    token, codes = "", list[str]()
    try:
        async with services.guard.attempt("staff", name, caller_of(request), now) as tried:
            staff = await check_staff(tried.tx, services.vault, name, _plain(body.password))
            tried.is_right = isinstance(staff, Staff)
            if isinstance(staff, Staff):
                token = await tried.start_login(now, staff_id=staff.id, instead_of=had)
                known = await venues_by_id(tried.tx, sorted(staff.venue_ids))
                codes = sorted(one.code for one in known.values())
    except Throttled as slowed:
        response = problem_of(Refused(429, "staff_locked", GATE_API_WORDS["staff_locked"]), locale)
        response.headers["retry-after"] = str(max(1, int((slowed.at - now).total_seconds())))
        return response
    if isinstance(staff, StaffRefusal):
        return problem_of(Refused(401, "staff_wrong", GATE_API_WORDS["staff_wrong"]), locale)
    forget_token(request)
    return StaffSession(
        token=token,
        expires_in_s=STAFF_LOGIN_TTL_S,
        role=staff.role,
        venues=codes,
        device_token=known_device(request, "staff", name),
    )


@router.delete("/session", summary="Sign out as staff", status_code=204)
async def sign_out_staff(
    request: Request, services: ServicesOf, login: LoginOf, locale: LocaleOf
) -> Response:
    """End the token. From now on it changes nothing, whichever process it reaches."""
    try:
        staff_of(login)
    except Refused as refused:
        return problem_of(refused, locale)
    await sign_out(request, services)
    return Response(status_code=204)


@router.post("/scans", response_model=AnswerBody, summary="Scan")
async def post_scan(
    body: ScanBody, services: ServicesOf, login: LoginOf, locale: LocaleOf
) -> AnswerBody | Response:
    """Decide one presentation. The same `scan_id` with the same content gets the same answer again."""
    desk = services.gate_desk
    try:
        staff_of(login)
        async with acting(services, login) as (tx, fresh):
            wanted = _scan_request(body, staff_of(fresh), await venue(tx, body.venue))
            return _answer(await scan(tx, desk, wanted, services.clock()), locale)
    except Refused as refused:
        return problem_of(refused, locale)
    except ScanIdReused:
        return problem_of(
            Refused(422, "scan_id_reused", GATE_API_WORDS["scan_id_reused"], "/scan_id"), locale
        )


@router.post("/scans/{scan_id}/undo", response_model=UndoAnswer, summary="Take an admission back")
async def post_undo(
    *,
    scan_id: UUID,
    body: UndoBody,
    request: Request,
    services: ServicesOf,
    login: LoginOf,
    locale: LocaleOf,
) -> UndoAnswer | Response:
    """Within two hours, with a reason; the place can then be used again. Sending it twice changes nothing.

    A place that was taken back before, and a keeper's eleventh of a day, want an operator or administrator as `second`.
    """
    try:
        staff_of(login)
        second = await _second(services, caller_of(request), body.second)
        async with acting(services, login) as (tx, fresh):
            staff = staff_of(fresh)
            outcome = await undo(
                tx,
                scan_id,
                staff_id=staff.id,
                venue_ids=staff.venue_ids,
                reason=clean_line(body.reason, REASON_LENGTH_MAX),
                now=services.clock(),
                limits=services.undo_limits,
                second=second,
            )
    except Refused as refused:
        return problem_of(refused, locale)
    if outcome in _UNDO_STATUS:
        return problem_of(Refused(_UNDO_STATUS[outcome], outcome.value, UNDO_TEXTS[outcome]), locale)
    return UndoAnswer(scan_id=scan_id, outcome=outcome, title=UNDO_TEXTS[outcome].say(locale))


async def _second(services: Services, caller: Caller, given: StaffBody | None) -> Staff | None:
    """Who confirms, by their own password; wrong ones count. Raises Refused (403, 429)."""
    if given is None:
        return None
    second = await confirmed_by(services, caller, _plain(given.login), _plain(given.password))
    if isinstance(second, StaffRefusal):
        is_locked = second is StaffRefusal.LOCKED
        code = "staff_locked" if is_locked else "staff_wrong"
        raise Refused(429 if is_locked else 403, code, GATE_API_WORDS[code], "/second")
    return second


def staff_of(login: Login) -> Staff:
    """The member of staff who asks. Raises Refused (403)."""
    if login.staff is None:
        raise Refused(403, "staff_only", GATE_API_WORDS["staff_only"])
    return login.staff


def staff_at(staff: Staff, where: Venue | None) -> Venue:
    """The venue, where the member of staff works. Raises Refused (403, 404)."""
    if where is None:
        raise Refused(404, "not_found", API_WORDS["not_found"], "/venue")
    if not staff.may_act_at(where.id):
        raise Refused(403, "not_your_venue", GATE_API_WORDS["not_your_venue"], "/venue")
    return where


def _scan_request(body: ScanBody, staff: Staff, where: Venue | None) -> ScanRequest:
    """The checked request. Raises Refused (403, 404, 422)."""
    where = staff_at(staff, where)
    gate = clean_line(body.gate, GATE_NAME_MAX)
    if not gate:
        raise Refused(422, "gate_needed", GATE_API_WORDS["gate_needed"], "/gate")
    return ScanRequest(
        scan_id=body.scan_id,
        venue_id=where.id,
        gate=gate,
        staff_id=staff.id,
        presented=body.presented,
        visitor_no=body.visitor_no,
        line_no=body.line_no,
        venue_ids=frozenset(staff.venue_ids),
    )


def _answer(answer: ScanAnswer, locale: str) -> AnswerBody:
    said = say_scan(answer, locale)
    is_admitted = answer.reason is Reason.ADMIT and answer.undone_at is None
    return AnswerBody(
        scan_id=answer.scan_id,
        admitted=is_admitted,
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
        venue_name=_pick(answer.venue_zh, answer.venue_en, locale),
        product=_pick(answer.product_zh, answer.product_en, locale),
        session=_pick(answer.label_zh, answer.label_en, locale),
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
        venue_name=_pick(one.venue_zh, one.venue_en, locale),
        product=_pick(one.product_zh, one.product_en, locale),
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
        product=_pick(choice.product_zh, choice.product_en, locale),
        is_waiting=choice.is_waiting,
        kind=choice.kind,
        nationality=choice.nationality,
    )


def problem_of(refused: Refused, locale: str) -> Response:
    """The refusal as RFC 9457 says it."""
    title = refused.words[1] if locale == "en" else refused.words[0]
    errors = [FieldError(refused.pointer, refused.code, title)] if refused.pointer else None
    payload = plain_problem(refused.status, refused.code, title, errors=errors)
    return Response(payload, refused.status, media_type=PROBLEM_TYPE.decode())


def _plain(raw: str) -> str:
    """Without what the database cannot store; a login or password of such characters is simply wrong."""
    return raw.replace("\x00", "").encode(errors="replace").decode()


def _pick(zh: str, en: str, locale: str) -> str:
    return en if locale == "en" and en else zh
