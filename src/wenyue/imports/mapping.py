"""How the columns of one file are to be read: a map, written by a person or proposed by `guessing`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wenyue.imports.columns import Kind
from wenyue.imports.reading import Options

NULLS = ("", "无", "NULL", "N/A", "NA", "-", "--", "/")


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """Which column says a field; `formats`: of dates and times that are written in no usual way (strptime's)."""

    column: str
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A map. `source`: the old system's data, by which keys are remembered: the same in every run.

    `words`: field → what the old system calls it → what it is here. `defaults`: field → its value where no column says
    it, or the cell is empty.
    """

    kind: Kind
    source: str
    options: Options
    columns: Mapping[str, ColumnRule]
    nulls: frozenset[str] = frozenset(NULLS)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    defaults: Mapping[str, str] = field(default_factory=dict[str, str])
