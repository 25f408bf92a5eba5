"""The gate over JSON: scan, take back. For turnstiles and handheld terminals; bearer token of a member of staff.

Admitted and refused are both answers (200): the scan was decided and written down. A problem means that it was not.
"""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wenyue.application.admit_visitor import AdmitVisitor, admit_visitor
from wenyue.application.on_duty import NotAtPost
from wenyue.application.second_proofs import NotConfirmed
from wenyue.application.undo_admission import UndoAdmission, undo_admission
from wenyue.gate import (
    REASON_LENGTH_MAX,
    ScanIdReused,
    UndoOutcome,
)
from wenyue.web.api.asking import LocaleOf, LoginOf, RightOf, ServicesOf
from wenyue.web.api.gate_bodies import AnswerBody, ScanBody, answer_body
from wenyue.web.api.gate_refused import Refused, not_at_post, problem_of, staff_with
from wenyue.web.api.gate_session import ConfirmBody, second_of, second_refused
from wenyue.web.wording.gate_api import GATE_API_WORDS
from wenyue.web.wording.gate_undo import UNDO_TEXTS

_UNDO_STATUS: Final = {
    UndoOutcome.UNKNOWN_SCAN: 404,
    UndoOutcome.NOT_ADMITTED: 409,
    UndoOutcome.TOO_LATE: 409,
    UndoOutcome.REASON_NEEDED: 422,
    UndoOutcome.SECOND_NEEDED: 403,
    UndoOutcome.SECOND_UNFIT: 403,
}


class UndoBody(BaseModel):
    """Why the admission is taken back. `second`: who confirms it, after a `second_needed`."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, Field(min_length=1, max_length=REASON_LENGTH_MAX)]
    second: ConfirmBody | None = None


class UndoAnswer(BaseModel):
    """The place can be used again."""

    scan_id: UUID
    outcome: UndoOutcome
    title: str


router: Final = APIRouter(prefix="/v1/gate", tags=["gate"])


@router.post("/scans", response_model=AnswerBody)
async def post_scan(
    body: ScanBody, services: ServicesOf, login: LoginOf, right: RightOf, locale: LocaleOf
) -> AnswerBody | Response:
    """Decide one presentation. The same `scan_id` with the same content gets the same answer again.

    Once an admission was taken back, its `scan_id` gets the reason `undone`.
    """
    wanted = AdmitVisitor(
        body.scan_id, body.venue, body.gate, body.presented, ((body.line_no, body.visitor_no),)
    )
    try:
        staff_with(login, right)
        done = await admit_visitor(services, login.key, wanted)
        if isinstance(done, NotAtPost):
            return problem_of(not_at_post(done), locale)
        return answer_body(done[0], locale)
    except Refused as refused:
        return problem_of(refused, locale)
    except ScanIdReused:
        return problem_of(
            Refused(422, "scan_id_reused", GATE_API_WORDS["scan_id_reused"], "/scan_id"), locale
        )


@router.post("/scans/{scan_id}/undo", response_model=UndoAnswer)
async def post_undo(
    *,
    scan_id: UUID,
    body: UndoBody,
    request: Request,
    services: ServicesOf,
    login: LoginOf,
    right: RightOf,
    locale: LocaleOf,
) -> UndoAnswer | Response:
    """Within two hours, with a reason; the place can then be used again. Sending it twice changes nothing.

    A place that was taken back before, and a keeper's eleventh of a day, want somebody who may confirm it as `second`.
    """
    try:
        staff_with(login, right)
        wanted = UndoAdmission(scan_id, body.reason)
        outcome = await undo_admission(services, login.key, wanted, second_of(body.second, request))
        if isinstance(outcome, NotConfirmed):
            raise second_refused(outcome)
    except Refused as refused:
        return problem_of(refused, locale)
    if outcome in _UNDO_STATUS:
        return problem_of(Refused(_UNDO_STATUS[outcome], outcome.value, UNDO_TEXTS[outcome]), locale)
    return UndoAnswer(scan_id=scan_id, outcome=outcome, title=UNDO_TEXTS[outcome].say(locale))
