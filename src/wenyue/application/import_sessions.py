"""Whoever may import brings a list of sessions in: those that are not here open as their venues open their own.

What is here stays as it is: capacities, prices and times of sessions need a second person, whatever a list says.
"""

from datetime import datetime

from wenyue.application.known_sessions import KnownSessions
from wenyue.application.list_outcomes import ListRequest, ListTaken
from wenyue.application.on_server import acting_with, require
from wenyue.application.operating import Operator, Works
from wenyue.audit import Entry, record
from wenyue.booking import importing
from wenyue.core.duties import Right
from wenyue.events import append, kinds
from wenyue.imports.sessions import SessionRow
from wenyue.platform.database.db import Tx


async def import_sessions(works: Works, operator: Operator, request: ListRequest[SessionRow]) -> ListTaken:
    """Open them all or none. Raises NotAllowed, LoginEnded."""
    if request.is_dry_run:
        require(operator, Right.DATA_IMPORT)
        async with works.db.reading() as tx:
            return await do_import_sessions(tx, request, works.clock())
    async with acting_with(works, operator, Right.DATA_IMPORT) as act:
        taken = await do_import_sessions(act.tx, request, act.now)
        detail: dict[str, object] = {"source": request.source, "sessions": taken.slots_opened}
        await record(act.tx, [Entry(act.now, operator.name, "sessions.imported", "import", detail)])
        if taken.slots_opened:
            await append(act.tx, [kinds.SessionsImported(request.source, taken.slots_opened)], act.now)
    return taken


async def do_import_sessions(tx: Tx, request: ListRequest[SessionRow], now: datetime) -> ListTaken:
    """The same in a transaction that has begun; of a rehearsal it only reads, and tells what would open."""
    known = await KnownSessions.of(tx, [row for _, row in request.rows], now)
    taken = ListTaken([known.take(line, row) for line, row in request.rows])
    for venue_id, wanted in sorted(known.opening.items()):
        if request.is_dry_run:
            taken.slots_opened += len(wanted)
        elif wanted and (opened := await importing.open_listed(tx, venue_id, wanted, request.source)):
            taken.slots_opened += opened
            actor, about = f"import:{request.source}", f"venue:{venue_id}"
            await record(tx, [Entry(now, actor, "venue.slots_opened", about, {"slots": opened})])
    taken.gone = known.gone(request.source)
    return taken
