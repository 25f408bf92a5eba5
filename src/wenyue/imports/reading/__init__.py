"""One reader for every file of rows: CSV in any encoding of Chinese offices, workbooks, tables of web pages.

`open_sheet` finds out what the file is, where its header stands and what is odd about it; `Sheet.rows` gives the rows
as texts. What the texts mean is nobody's matter here.
"""

from wenyue.imports.reading.fault import InputError
from wenyue.imports.reading.heading import fold_name
from wenyue.imports.reading.model import LeftOut, Noise, Row, shown
from wenyue.imports.reading.sheet import Options, Sheet, open_sheet

__all__ = [
    "InputError",
    "LeftOut",
    "Noise",
    "Options",
    "Row",
    "Sheet",
    "fold_name",
    "open_sheet",
    "shown",
]
