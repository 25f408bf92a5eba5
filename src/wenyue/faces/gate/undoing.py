"""Taking a scan back on the page, and the second person who confirms it with their own login."""

from dataclasses import dataclass
from uuid import UUID

from wenyue.accounts import StaffRefusal
from wenyue.application.second_person import Second
from wenyue.application.undo_admission import UndoAdmission, undo_admission
from wenyue.faces.gate.shift import Shift, Station
from wenyue.faces.shared.caller import caller_of
from wenyue.faces.wording_gate import SECOND_TEXTS, UNDO_TEXTS
from wenyue.gate import UndoOutcome

_LOGIN_LENGTH_MAX = 64


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of it, in the keeper's language. `asks_second`: somebody has to confirm it first."""

    text: str
    is_done: bool = False
    asks_second: bool = False
    login: str = ""  # as typed by the second person
    is_wrong: bool = False  # the second person's login, or who it is


def second_of(shift: Shift) -> Second | None:
    """Who confirms it, when the form carries somebody."""
    login = shift.form.one("second_login").strip()[:_LOGIN_LENGTH_MAX]
    return Second(caller_of(shift.request), login, shift.form.one("second_password")) if login else None


async def take_back(shift: Shift, station: Station, scan_id: UUID, reason: str) -> TakenBack:
    """Take the scan back; a second person's password is checked first, when the form carries one."""
    second = second_of(shift)
    login = second.login if second is not None else ""
    request = UndoAdmission(scan_id, reason, station.venue_id)
    outcome = await undo_admission(shift.services, shift.login_key, request, second)
    if isinstance(outcome, StaffRefusal):
        text = SECOND_TEXTS[outcome].say(shift.locale)
        return TakenBack(text, asks_second=True, login=login, is_wrong=True)
    return TakenBack(
        UNDO_TEXTS[outcome].say(shift.locale),
        is_done=outcome is UndoOutcome.UNDONE,
        asks_second=outcome in {UndoOutcome.SECOND_NEEDED, UndoOutcome.SECOND_UNFIT},
        login=login,
        is_wrong=outcome is UndoOutcome.SECOND_UNFIT,
    )


def second_form(scan_id: UUID, reason: str, asked: TakenBack, *, locale: str) -> dict[str, object]:
    """What the form for the second person shows; the scan and the reason are kept."""
    return {
        "errors": ({"field": "second_login", "text": asked.text},) if asked.is_wrong else (),
        "text": UNDO_TEXTS[UndoOutcome.SECOND_NEEDED].say(locale),
        "scan_id": scan_id,
        "reason": reason,
        "login": asked.login,
    }
