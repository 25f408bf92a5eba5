"""`wenyue export products`: every product in one file, in the form that `wenyue import products` reads."""

from typing import Final

from rich.console import Console

from wenyue.application.export_products import export_products
from wenyue.imports.products import product_cells, product_header
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import AsOf
from wenyue.ops.exports.command import app
from wenyue.ops.exports.writing import Export, ExportFile, Words, write_export

_PRODUCTS: Final = Export(Message("products"), product_header, export_products, product_cells)


@app.command("products")
def export_product_list(file: ExportFile, *, language: Words = "zh", by: AsOf = "") -> None:
    """Write every product out: what it is, what it costs, its rules."""
    console = Console()
    count = write_export(_PRODUCTS, file, language, by, console)
    console.print(gettext("{n} products: {path}", n=count, path=file), markup=False)
