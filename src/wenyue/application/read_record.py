"""Whoever may reads the record of what was done; that they did is in the record, too."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from wenyue import catalogue
from wenyue.accounts import staffing
from wenyue.application.finding_staff import find_staff
from wenyue.application.on_server import acting_with
from wenyue.application.operating import Act, Operator, Works
from wenyue.audit import Entry, queries, record
from wenyue.core.documents.text import has_controls
from wenyue.core.duties import Right

TEXT_MAX: Final = 64  # of what is typed to look for


class NotRead(StrEnum):
    """Why nothing was looked for."""

    WHO_UNKNOWN = "who_unknown"  # no such login; an actor is written as the record has it, `staff:3`
    WHAT_WRONG = "what_wrong"  # an action is letters, dots and underscores
    VENUE_UNKNOWN = "venue_unknown"


class ReadRecord(Struct, frozen=True):
    """Empty: whatever. `who`: a login, or an actor (`staff:3`). `what`: an action or its beginning. `venue`: a code."""

    who: str = ""
    what: str = ""
    venue: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None
    before: tuple[int, int] | None = None


class Found(Struct, frozen=True):
    """A page, and the logins of the staff who acted, by actor."""

    page: queries.Page
    logins: dict[str, str]


async def read_record(works: Works, operator: Operator, request: ReadRecord) -> Found | NotRead:
    """Newest first. Raises NotAllowed, LoginEnded, DatabaseDown."""
    async with acting_with(works, operator, Right.RECORD_READ) as act:
        wanted = await _wanted(act, request)
        if isinstance(wanted, NotRead):
            return wanted
        found = await queries.page(act.tx, wanted)
        known = await staffing.staff_of_actors(act.tx, sorted({one.actor for one in found.entries}))
        detail: dict[str, object] = {"who": wanted.actor or "", "what": wanted.action or ""}
        detail |= {"venue": request.venue, "entries": len(found.entries)}
        if request.from_at is not None:
            detail["from"] = request.from_at.isoformat()
        await record(act.tx, [Entry(act.now, operator.name, "record.read", "record", detail)])
    return Found(found, {actor: one.staff.login for actor, one in known.items()})


async def _wanted(act: Act, request: ReadRecord) -> queries.Wanted | NotRead:
    actor = request.who.strip()[:TEXT_MAX] or None
    if actor is not None and has_controls(actor):
        return NotRead.WHO_UNKNOWN
    if actor is not None and ":" not in actor:
        known = await find_staff(act.tx, actor)
        if known is None:
            return NotRead.WHO_UNKNOWN
        actor = f"staff:{known.staff.id}"
    action = request.what.strip().rstrip(".")[:TEXT_MAX]
    if not all(one.isascii() and (one.isalnum() or one in "._") for one in action):
        return NotRead.WHAT_WRONG
    subjects: tuple[str, ...] | None = None
    if code := request.venue.strip():
        venue = None if has_controls(code) else await catalogue.venue(act.tx, code)
        if venue is None:
            return NotRead.VENUE_UNKNOWN
        products = await catalogue.products(act.tx, venue.id)
        subjects = (f"venue:{venue.id}", *(f"product:{one.id}" for one in products))
    return queries.Wanted(actor, action or None, subjects, request.from_at, request.to_at, request.before)
