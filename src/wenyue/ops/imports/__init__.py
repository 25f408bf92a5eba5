"""Moving in: commands that bring files of another system in."""

from wenyue.ops.imports.command import app, import_bookings
from wenyue.ops.imports.run import Importer, Options, Summary
from wenyue.ops.imports.venues import import_venue_list

__all__ = ["Importer", "Options", "Summary", "app", "import_bookings", "import_venue_list"]
