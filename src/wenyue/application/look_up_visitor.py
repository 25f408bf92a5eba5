"""A member of staff looks somebody up at a venue, by name, phone or old number. Every look-up is counted and recorded."""

from msgspec import Struct

from wenyue.application.on_duty import NotAtPost, Place, find_post, on_duty
from wenyue.container import Services
from wenyue.core.duties import Right
from wenyue.gate import Found, LookupKind, LookupProblem, LookupRequest, look_up


class LookUpVisitor(Struct, frozen=True):
    """Who is looked for, and where. It names a person: it is not shown in a log."""

    place: Place
    kind: LookupKind
    text: str

    def __repr__(self) -> str:
        return f"LookUpVisitor({self.place}, {self.kind})"


async def look_up_visitor(
    services: Services, login: str, request: LookUpVisitor
) -> Found | LookupProblem | NotAtPost:
    """Visits of the venue near today. `login`: the `Login.key` of whoever looks. Raises LoginEnded."""
    async with on_duty(services, login) as act:
        venue_id = await find_post(act, Right.BOOKINGS_FIND, request.place)
        if isinstance(venue_id, NotAtPost):
            return venue_id
        wanted = LookupRequest(
            venue_id=venue_id,
            staff_id=act.staff.id,
            kind=request.kind,
            text=request.text,
            days=services.settings.gate.lookup_days,
        )
        return await look_up(act.tx, services.vault, wanted, act.now)
