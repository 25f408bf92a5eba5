"""What may I do, and what may the others: the table of rights for whoever is signed in, whatever their duty."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from wenyue.catalogue import venues_by_id
from wenyue.core.duties import RIGHTS, Right, Role, may, may_anywhere
from wenyue.locale import text_in
from wenyue.web.console.context import OperatorContext, get
from wenyue.web.shared.request_context import redirect
from wenyue.web.wording.duties import RIGHT_WORDS, ROLES, WHOLE_DESTINATION, say_scope


@dataclass(frozen=True, slots=True)
class RightRow:
    """One right: who holds it, and where whoever reads may use it; empty: nowhere."""

    right: str
    word: str
    cells: tuple[bool, ...]
    where: tuple[str, ...]


async def show_duties(context: OperatorContext) -> Response:
    """Everybody's own duties and rights, and the whole table."""
    if context.staff is None:
        return redirect(context.signin_path)
    held = sorted(context.staff.duties, key=str)
    async with context.services.db.reading() as tx:
        ids = sorted({one.venue_id for one in held if one.venue_id is not None})
        venues = await venues_by_id(tx, ids)
    names = {id_: text_in(venue.name, context.locale) for id_, venue in venues.items()}
    rows: list[RightRow] = []
    for right, roles in RIGHTS.items():
        own = [one for one in held if one.role in roles]
        if right in WHOLE_DESTINATION and not may(context.staff.duties, right):
            own = []
        where = tuple(dict.fromkeys(say_scope(one, names, context.locale) for one in own))
        cells = tuple(role in roles for role in Role)
        rows.append(RightRow(right.value, RIGHT_WORDS[right].say(context.locale), cells, where))
    return context.page(
        "duties",
        section="duties",
        held=[(ROLES[one.role].say(context.locale), say_scope(one, names, context.locale)) for one in held],
        roles=[ROLES[role].say(context.locale) for role in Role],
        rows=rows,
        is_keeper=may_anywhere(context.staff.duties, Right.BOOKINGS_FIND),
    )


routes: Final = [get("/console/duties", show_duties)]
