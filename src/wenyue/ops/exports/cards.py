"""`wenyue export cards`: every card in one file, in the form that `wenyue import cards` reads."""

from typing import Final

from rich.console import Console

from wenyue.application.export_cards import export_cards
from wenyue.imports.card_lists import cells_of, header
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import AsOf
from wenyue.ops.exports.command import app
from wenyue.ops.exports.writing import Export, ExportFile, Words, write_export

_CARDS: Final = Export(Message("cards"), header, export_cards, lambda one, locale: cells_of(*one, locale))


@app.command("cards")
def export_card_list(file: ExportFile, *, language: Words = "zh", by: AsOf = "") -> None:
    """Write every card out: its holder, validity, companions, what is left. The file holds personal data."""
    console = Console()
    count = write_export(_CARDS, file, language, by, console)
    console.print(gettext("{n} cards: {path}", n=count, path=file), markup=False)
