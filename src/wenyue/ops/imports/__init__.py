"""Moving in: commands that bring files of another system in."""

from wenyue.ops.imports.card_types import import_type_files
from wenyue.ops.imports.cards import import_card_list
from wenyue.ops.imports.command import app, import_bookings
from wenyue.ops.imports.guess import guess_file
from wenyue.ops.imports.products import import_product_list
from wenyue.ops.imports.run import Importer, Options, Summary
from wenyue.ops.imports.sessions import import_session_list
from wenyue.ops.imports.venues import import_venue_list

__all__ = [
    "Importer",
    "Options",
    "Summary",
    "app",
    "guess_file",
    "import_bookings",
    "import_card_list",
    "import_product_list",
    "import_session_list",
    "import_type_files",
    "import_venue_list",
]
