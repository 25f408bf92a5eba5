"""An import of an old system's bookings is in the record: who brought in what, and how many rows."""

from wenyue.application.on_server import acting_with
from wenyue.application.operating import Operator, Works
from wenyue.audit import Entry, record
from wenyue.core.duties import Right


async def note_import(works: Works, operator: Operator, source: str, rows: int) -> None:
    """`source`: the old system, as the map names it. Raises NotAllowed."""
    async with acting_with(works, operator, Right.DATA_IMPORT) as act:
        detail: dict[str, object] = {"source": source, "rows": rows}
        await record(act.tx, [Entry(act.now, operator.name, "bookings.imported", "import", detail)])
