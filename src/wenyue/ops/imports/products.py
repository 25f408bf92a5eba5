"""`wenyue import products`: the face of the import of products at a terminal."""

from typing import Final

from wenyue.application.import_products import import_products
from wenyue.imports.columns import Kind
from wenyue.imports.products import read_product
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

PRODUCTS: Final = ListKind(Kind.PRODUCTS, read_product, import_products)


@app.command("products")
def import_product_list(
    file: ListFile,
    *,
    map_file: MapFile = None,
    dry_run: DryRun = False,
    report: ReportFile = None,
    refused: RefusedFile = None,
    by: AsOf = "",
) -> None:
    """Bring a list of products in: tickets, rooms, tables, seats, with what they cost."""
    bring(PRODUCTS, ListOptions(file, map_file, dry_run, report, refused, by))
