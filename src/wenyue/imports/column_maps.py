"""Maps of columns: a TOML file that a person wrote, or what the file itself is guessed to say when that is certain enough.

`kind`, `source` (the same in every run: keys are remembered by it), `[file]` (encoding, delimiter, sheet, header_line, null),
`[columns]` (field = "column", of dates also { column, formats }), `[words.FIELD]` (what a word of the old system means here),
`[defaults]` (field = what holds where no column says it, or the cell is empty). docs/importing.md has examples.
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final, cast

from wenyue.imports.columns import FIELDS, Kind, Shape, field_of
from wenyue.imports.guessing import SAMPLE_ROWS, Proposal, propose
from wenyue.imports.mapping import NULLS, ColumnMap, ColumnRule
from wenyue.imports.reading import InputError, Options, Sheet, fold_name, shown
from wenyue.imports.reading.texts import DELIMITERS, ENCODINGS
from wenyue.imports.tomlreader import TomlReader, lines_of
from wenyue.locale import Message

MAP_BYTES_MAX: Final = 256 * 1024
SURE_FROM: Final = 70  # of 100: a guess below it needs a person
_SOURCE: Final = re.compile(r"^[a-z0-9][a-z0-9-]{0,63}$")
_DELIMITER_WORDS: Final = {"auto": "auto", "tab": "\t", **{mark: mark for mark in DELIMITERS}}
_LINES_MAX: Final = 1_000
_SPELT: Final = frozenset({Shape.DATE, Shape.TIME})
_DIRECTIVE: Final = re.compile(r"%.")
_ALLOWED: Final = frozenset({"%Y", "%y", "%m", "%d", "%H", "%M", "%S"})
_YEARS: Final = frozenset({"%Y", "%y"})


def read_column_map(path: Path, kind: Kind, meanings: Mapping[str, Collection[str]] = {}) -> ColumnMap:
    """The map at `path`, checked completely. `meanings`: field → what its words may mean here, where that is known.

    Raises InputError that tells every mistake with its line and key.
    """
    text, tree = _parsed(path)
    reader = TomlReader(tree, lines_of(text))
    found = _read(reader, kind, meanings)
    reader.refuse_unknown()
    if reader.problems:
        raise InputError(
            Message(
                "{path} has {n} mistake(s):\n  {listed}",
                path=path,
                n=len(reader.problems),
                listed="\n  ".join(reader.problems),
            )
        )
    return found


class NotSure(InputError):
    """The columns of a file that has no map cannot be told with certainty; carries what they seem to say."""

    def __init__(self, message: Message, proposal: Proposal) -> None:
        super().__init__(message)
        self.proposal = proposal


def guessed_map(sheet: Sheet, kind: Kind, today: date) -> tuple[ColumnMap, Proposal]:
    """What the columns of a file that has no map say; its source is its kind's name.

    Raises NotSure when a column that is needed is missing, or one that was recognised is below SURE_FROM; InputError.
    """
    rows = [row.cells for row in islice(sheet.rows(), SAMPLE_ROWS)]
    proposal = propose(sheet.header, rows, today, kind)
    if proposal.missing:
        raise NotSure(
            Message(
                "{path}: no column seems to say {fields}: write a map and name it with --map",
                path=sheet.path,
                fields=", ".join(proposal.missing),
            ),
            proposal,
        )
    doubtful = [one for one in proposal.columns if one.field is not None and one.confidence < SURE_FROM]
    if doubtful:
        raise NotSure(
            Message(
                "{path}: it is not certain enough what {columns} say: write a map and name it with --map",
                path=sheet.path,
                columns=", ".join(repr(shown(one.column)) for one in doubtful),
            ),
            proposal,
        )
    columns = {field: ColumnRule(column) for field, column in proposal.mapped().items()}
    return ColumnMap(kind, kind.value, Options(), columns), proposal


def _parsed(path: Path) -> tuple[str, dict[str, object]]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAP_BYTES_MAX + 1)
    except OSError as error:
        raise InputError(
            Message("cannot read the map {path}: {strerror}", path=path, strerror=error.strerror)
        ) from error
    if len(raw) > MAP_BYTES_MAX:
        raise InputError(
            Message(
                "{path} is larger than {map_bytes_max} bytes: is it a map?",
                path=path,
                map_bytes_max=MAP_BYTES_MAX,
            )
        )
    try:
        text = raw.decode("utf-8-sig")
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise InputError(
            Message("{path} is not UTF-8 (byte {start}): save it as UTF-8", path=path, start=error.start)
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(Message("{path} is not valid TOML: {error}", path=path, error=error)) from error
    except RecursionError as error:
        raise InputError(
            Message("{path} is not a map: lists or tables are nested too deeply in it", path=path)
        ) from error


def _read(r: TomlReader, kind: Kind, meanings: Mapping[str, Collection[str]]) -> ColumnMap:
    """Take every key; mistakes are collected in the reader and stand-ins returned meanwhile."""
    if r.text("kind") not in {kind.value, "?"}:
        r.problem("kind", f"this is a map of {r.peek('kind')!r}, and {kind.value!r} are imported")
    delimiter = r.choice("file.delimiter", tuple(_DELIMITER_WORDS), "auto")
    header_line = r.whole("file.header_line", 1, _LINES_MAX, 0)
    return ColumnMap(
        kind=kind,
        source=r.matching("source", _SOURCE, "lower-case letters, digits and hyphens, at most 64"),
        options=Options(
            encoding=r.choice("file.encoding", ("auto", "utf-8-sig", *ENCODINGS), "auto"),
            delimiter=_DELIMITER_WORDS.get(delimiter, "auto"),
            sheet=r.optional("file.sheet") or "",
            header_line=header_line or None,
        ),
        columns=_columns(r, kind),
        nulls=frozenset(r.texts("file.null", NULLS)) | {""},
        words=_words(r, kind, meanings),
        defaults=_defaults(r, kind),
    )


def _columns(r: TomlReader, kind: Kind) -> dict[str, ColumnRule]:
    found: dict[str, ColumnRule] = {}
    said_by: dict[str, str] = {}
    for name in _names(r, "columns"):
        key, field = f"columns.{name}", field_of(kind, name)
        if field is None:
            continue  # an unknown key, told with its nearest neighbour once all are known
        if isinstance(r.peek(key), dict):
            rule = ColumnRule(r.text(f"{key}.column"), _formats(r, f"{key}.formats", field.shape))
        else:
            rule = ColumnRule(r.text(key))
        if (other := said_by.setdefault(fold_name(rule.column), name)) != name:
            r.problem(key, f"the column {rule.column!r} is that of {other} already: a column says one thing")
        found[name] = rule
    for field in FIELDS[kind]:
        if field.name not in found:
            r.take(f"columns.{field.name}")  # a key that there may be: what a misspelt one is compared with
        has_default = r.peek(f"defaults.{field.name}") is not None
        if field.is_needed and field.name not in found and not has_default:
            r.problem(f"columns.{field.name}", "missing: which column says it?")
    return found


def _formats(r: TomlReader, key: str, shape: Shape) -> tuple[str, ...]:
    """strptime's, of dates and times; two that read one text as different dates are a mistake: 3/4 must not be guessed."""
    formats = r.texts(key, ())
    if formats and shape not in _SPELT:
        r.problem(key, "only dates and times have formats")
    meanings: dict[str, str] = {}
    for one in formats:
        directives = _DIRECTIVE.findall(one)
        has_day = len(_YEARS & set(directives)) == 1 and {"%m", "%d"} <= set(directives)
        if not set(directives) <= _ALLOWED or len(set(directives)) < len(directives):
            r.problem(key, f"{one!r} may have %Y, %y, %m, %d, %H, %M and %S, each once")
        elif shape is Shape.DATE and not has_day:
            r.problem(key, f"{one!r} must have %Y (or %y), %m and %d")
        elif (same := meanings.setdefault(one.replace("%m", "#").replace("%d", "#"), one)) != one:
            r.problem(key, f"{same!r} and {one!r} read the same text as different dates: keep one")
    return formats


def _words(r: TomlReader, kind: Kind, meanings: Mapping[str, Collection[str]]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name in _names(r, "words"):
        key, field = f"words.{name}", field_of(kind, name)
        if field is None or field.shape is not Shape.TEXT:
            r.take(key)
            r.problem(key, f"{kind.value} have no words of this name")
            continue
        said = r.take(key)
        if not isinstance(said, dict):
            r.problem(key, f'write a table [{key}] with lines such as "old word" = "word here"')
            continue
        found[name] = {}
        for word, meaning in cast("dict[str, object]", said).items():
            allowed = meanings.get(name)
            if not isinstance(meaning, str) or not meaning.strip():
                r.problem(f"{key}.{word}", "must be a text in quotes")
            elif allowed is not None and meaning not in allowed:
                r.problem(f"{key}.{word}", f"{meaning!r} is none of: {', '.join(map(repr, sorted(allowed)))}")
            else:
                found[name][" ".join(word.split())] = meaning
    return found


def _defaults(r: TomlReader, kind: Kind) -> dict[str, str]:
    for field in FIELDS[kind]:
        r.take(f"defaults.{field.name}")
    known = [name for name in _names(r, "defaults") if field_of(kind, name) is not None]
    return {name: r.text(f"defaults.{name}") for name in known}


def _names(r: TomlReader, key: str) -> list[str]:
    """The keys of a table, those that are unknown among them: `refuse_unknown` tells them."""
    found = r.peek(key)
    return list(cast("dict[str, object]", found)) if isinstance(found, dict) else []
