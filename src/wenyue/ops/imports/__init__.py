"""Moving in: reservations of an old system, read by a map, checked row by row, written once."""

from wenyue.ops.imports.command import app, import_bookings
from wenyue.ops.imports.demand import dates_of
from wenyue.ops.imports.fault import InputError
from wenyue.ops.imports.mapfile import read_map
from wenyue.ops.imports.model import ImportedStatus, ImportMap, Refusal, Reservation, Verdict
from wenyue.ops.imports.run import Importer, Options, Summary
from wenyue.ops.imports.stage import read_all
from wenyue.ops.imports.table import open_table
from wenyue.ops.imports.venues import import_venue_list

__all__ = [
    "ImportMap",
    "ImportedStatus",
    "Importer",
    "InputError",
    "Options",
    "Refusal",
    "Reservation",
    "Summary",
    "Verdict",
    "app",
    "dates_of",
    "import_bookings",
    "import_venue_list",
    "open_table",
    "read_all",
    "read_map",
]
