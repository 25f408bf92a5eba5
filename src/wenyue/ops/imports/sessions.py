"""`wenyue import sessions`: the face of the import of sessions at a terminal."""

from typing import Final

from wenyue.application.import_sessions import import_sessions
from wenyue.imports.columns import Kind
from wenyue.imports.sessions import read_session
from wenyue.ops.acting_as import AsOf
from wenyue.ops.imports.command import app
from wenyue.ops.imports.lists import (
    DryRun,
    ListFile,
    ListKind,
    ListOptions,
    MapFile,
    RefusedFile,
    ReportFile,
    bring,
)

SESSIONS: Final = ListKind(Kind.SESSIONS, read_session, import_sessions)


@app.command("sessions")
def import_session_list(
    file: ListFile,
    *,
    map_file: MapFile = None,
    dry_run: DryRun = False,
    report: ReportFile = None,
    refused: RefusedFile = None,
    by: AsOf = "",
) -> None:
    """Bring a list of sessions in, on single days or on many: what is not here opens for sale."""
    bring(SESSIONS, ListOptions(file, map_file, dry_run, report, refused, by))
