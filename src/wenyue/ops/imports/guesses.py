"""What a file's columns are taken for, as a table at the terminal."""

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from wenyue.imports.guessing import Proposal
from wenyue.imports.reading import shown
from wenyue.locale import command_locale, say
from wenyue.locale.terminal import gettext


def show_proposal(proposal: Proposal, console: Console) -> None:
    """Each column with the field that it is taken for, how sure that is, and why."""
    locale = command_locale()
    grid = Grid(title=gettext("what the columns say"))
    for name in (gettext("column"), gettext("is"), gettext("sure"), gettext("why")):
        grid.add_column(name)
    for one in proposal.columns:
        sure = f"{one.confidence} %" if one.field is not None else ""
        field = one.field or gettext("not read")
        grid.add_row(Text(shown(one.column)), Text(field), sure, Text(say(one.reason, locale)))
    console.print(grid)
