"""Taking a scan back on the page, and the second person who confirms it with their own login."""

from dataclasses import dataclass
from uuid import UUID

from wenyue.application.second_proofs import NotConfirmed
from wenyue.application.undo_admission import UndoAdmission, undo_admission
from wenyue.gate import UndoOutcome
from wenyue.web.gate.confirming import LOGIN, says, second_fields, second_of
from wenyue.web.gate.context import GateContext, Station
from wenyue.web.gate.passkeys import said_of
from wenyue.web.wording.gate_undo import UNDO_TEXTS


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of it, in the keeper's language. `asks_second`: somebody has to confirm it first."""

    text: str
    is_done: bool = False
    asks_second: bool = False
    login: str = ""  # as typed by the second person
    is_wrong: bool = False  # what the second person typed, or who it is
    field: str = LOGIN  # which of theirs


def undo_said(station: Station, scan_id: UUID, reason: str) -> str:
    """The act, as a passkey signs for it."""
    return said_of("undo", station.key, str(scan_id), reason)


async def take_back(context: GateContext, station: Station, scan_id: UUID, reason: str) -> TakenBack:
    """Take the scan back; what a second person proves is checked first, when the form carries one."""
    second = second_of(context, station, undo_said(station, scan_id, reason))
    login = second.login if second is not None else ""
    request = UndoAdmission(scan_id, reason, station.venue_id)
    outcome = await undo_admission(context.services, context.login_key, request, second)
    if isinstance(outcome, NotConfirmed):
        field, text = says(context, outcome)
        return TakenBack(text, asks_second=True, login=login, is_wrong=True, field=field)
    return TakenBack(
        UNDO_TEXTS[outcome].say(context.locale),
        is_done=outcome is UndoOutcome.UNDONE,
        asks_second=outcome in {UndoOutcome.SECOND_NEEDED, UndoOutcome.SECOND_UNFIT},
        login=login,
        is_wrong=outcome is UndoOutcome.SECOND_UNFIT,
    )


def second_form(context: GateContext, scan_id: UUID, reason: str, asked: TakenBack) -> dict[str, object]:
    """What the form for the second person shows; the scan and the reason are kept."""
    return {
        "errors": ({"field": asked.field, "text": asked.text},) if asked.is_wrong else (),
        "second_error": {asked.field: asked.text} if asked.is_wrong else {},
        "text": UNDO_TEXTS[UndoOutcome.SECOND_NEEDED].say(context.locale),
        "scan_id": scan_id,
        "reason": reason,
        "second_login": asked.login,
        **second_fields(context),
    }
