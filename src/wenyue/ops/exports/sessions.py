"""`wenyue export sessions`: the sessions to come in one file, in the form that `wenyue import sessions` reads."""

from typing import Final

from rich.console import Console

from wenyue.application.export_sessions import export_sessions
from wenyue.imports.sessions import session_cells, session_header
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import AsOf
from wenyue.ops.exports.command import app
from wenyue.ops.exports.writing import Export, ExportFile, Words, write_export

_SESSIONS: Final = Export(Message("products"), session_header, export_sessions, session_cells)


@app.command("sessions")
def export_session_list(file: ExportFile, *, language: Words = "zh", by: AsOf = "") -> None:
    """Write the open sessions from today on out; days in a row that are the same are one row."""
    console = Console()
    count = write_export(_SESSIONS, file, language, by, console)
    console.print(gettext("{n} rows of sessions: {path}", n=count, path=file), markup=False)
