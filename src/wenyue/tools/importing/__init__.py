"""Moving in: reservations of an old system, read by a map, checked row by row, written once."""

from wenyue.tools.importing.command import app, import_bookings
from wenyue.tools.importing.demand import dates_of
from wenyue.tools.importing.fault import InputError
from wenyue.tools.importing.mapfile import read_map
from wenyue.tools.importing.model import ImportedStatus, ImportMap, Refusal, Reservation, Verdict
from wenyue.tools.importing.run import Importer, Options, Summary
from wenyue.tools.importing.stage import read_all
from wenyue.tools.importing.table import open_table
from wenyue.tools.importing.venues import import_venue_list

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
