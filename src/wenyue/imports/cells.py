"""The cells of one row by the fields of its kind, each as what it should be, or the row's refusal. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal
from difflib import get_close_matches
from typing import Final

from wenyue.core.documents import (
    DocumentKind,
    Phone,
    mask_document,
    mask_name,
    mask_phone,
    parse_name,
    parse_phone,
)
from wenyue.imports.keys import fold_key, is_ruined, plain_text
from wenyue.imports.mapping import ColumnMap
from wenyue.imports.reading import Row, fold_name, shown
from wenyue.imports.reading.fault import InputError
from wenyue.imports.reading.model import OVERLONG
from wenyue.imports.reading.texts import DELIMITERS
from wenyue.imports.refusals import Reason, Refusal, RowRefused
from wenyue.imports.values import date_of, number_of, span_of, time_of
from wenyue.locale import Message

TEXT_CHARS_MAX: Final = 2_000
KEY_CHARS_MAX: Final = 120
_YEARS: Final = (1970, 2100)
_MONEY_MAX: Final = Decimal(10_000_000)
DOCUMENT_WORDS: Final = {
    word: kind
    for kind, names in {
        DocumentKind.RESIDENT_ID: "身份证 居民身份证 二代身份证 二代证 idcard id",
        DocumentKind.RESIDENCE_PERMIT: "港澳台居民居住证 居住证 港澳台居住证",
        DocumentKind.FOREIGN_PR: "外国人永久居留身份证 外国人永久居留证 永久居留证",
        DocumentKind.HM_PERMIT: "港澳居民来往内地通行证 港澳通行证 回乡证 港澳居民通行证",
        DocumentKind.TW_PERMIT: "台湾居民来往大陆通行证 台胞证 台湾通行证",
        DocumentKind.PASSPORT: "护照 外国护照 passport",
        DocumentKind.TRAVEL_DOCUMENT: "旅行证 中华人民共和国旅行证",
        DocumentKind.SEAFARER_PASSPORT: "海员证",
        DocumentKind.OFFICER_ID: "军官证 文职干部证 警官证",
        DocumentKind.SOLDIER_ID: "士兵证 士官证 义务兵证",
    }.items()
    for word in (*names.split(), kind.value)
}
_MASKS: Final[Mapping[str, Callable[[str], str]]] = {
    "name": mask_name,
    "document": mask_document,
    "phone": mask_phone,
    "companions": lambda _: "***",
}  # of persons: not shown in full


class Columns:
    """Where each field of a map stands in a header. Raises InputError when the map names what the file lacks."""

    def __init__(self, chosen: ColumnMap, header: Sequence[str]) -> None:
        self.map, self.header = chosen, tuple(header)
        at = {fold_name(name): number for number, name in enumerate(header)}
        missing = [rule.column for rule in chosen.columns.values() if fold_name(rule.column) not in at]
        if missing:
            raise InputError(self._lacking(missing))
        self.at: Mapping[str, int] = {
            name: at[fold_name(rule.column)] for name, rule in chosen.columns.items()
        }

    def _lacking(self, missing: Sequence[str]) -> Message:
        """What to do about columns that the map names and the header lacks."""
        whole = self.header[0] if len(self.header) == 1 else ""
        other = max(DELIMITERS, key=whole.count)
        if whole.count(other):
            return Message(
                "the header is a single column, {header}: set file.delimiter in the map to {other} or 'auto'",
                header=shown(whole),
                other=repr(other),
            )
        names, header = ", ".join(map(repr, missing)), ", ".join(map(shown, self.header))
        near = [one for name in missing for one in get_close_matches(name, self.header, n=1, cutoff=0.5)]
        if near:
            return Message(
                "the map names columns that the file does not have: {names}; did you mean {near}? It has {header}. "
                "Correct the map, or have one written that fits: wenyue import guess FILE --out MAP.toml",
                names=names,
                near=", ".join(repr(shown(one)) for one in near),
                header=header,
            )
        return Message(
            "the map names columns that the file does not have: {names}; it has {header}. "
            "Correct the map, or have one written that fits: wenyue import guess FILE --out MAP.toml",
            names=names,
            header=header,
        )

    def of(self, row: Row) -> "Cells":
        """The row's cells. Raises RowRefused when its shape is wrong."""
        if len(row.cells) != len(self.header) or any("\x00" in cell for cell in row.cells):
            raise RowRefused(self._misshapen(row))
        return Cells(self, row)

    def _misshapen(self, row: Row) -> Refusal:
        for at, cell in enumerate(row.cells):
            if OVERLONG in cell:
                return Refusal(Reason.LINE_TOO_LONG, "", "", Message("a line of this row is too long"))
            if "\x00" in cell:
                name = self.header[at] if at < len(self.header) else f"{at + 1}"
                return Refusal(
                    Reason.BAD_CHARACTER, name, shown(cell), Message("remove the NUL byte from this value")
                )
        fix = (
            Message("the row is cut short (a truncated file?)")
            if len(row.cells) < len(self.header)
            else Message("quote the value that contains the delimiter")
        )
        return Refusal(Reason.COLUMN_COUNT, "", f"{len(row.cells)} / {len(self.header)}", fix)


class Cells:
    """One row. Every getter raises RowRefused, with the column's name in the file, what stands there and what to do."""

    def __init__(self, columns: Columns, row: Row) -> None:
        self._columns, self.row = columns, row

    def column(self, field: str) -> str:
        """What the file calls the field."""
        rule = self._columns.map.columns.get(field)
        return rule.column if rule is not None else field

    def raw(self, field: str) -> str:
        """What stands there, tidy; the map's default, or '', when nothing does."""
        at = self._columns.at.get(field)
        found = plain_text(self.row.cells[at]) if at is not None else ""
        if found in self._columns.map.nulls:
            return self._columns.map.defaults.get(field, "")
        return found

    def refuse(self, reason: Reason, field: str, fix: Message) -> RowRefused:
        """The refusal of this row for that field."""
        return RowRefused(Refusal(reason, self.column(field), self.masked(field), fix))

    def masked(self, field: str) -> str:
        """What stands there as it may be shown: short, of persons a mask."""
        raw = self.raw(field)
        return shown(_MASKS[field](raw) if field in _MASKS else raw)

    def text(self, field: str, most: int = 200) -> str:
        """A text of at most `most` characters, '' when there is none; blanks in it are single."""
        found = " ".join(self.raw(field).split())
        if len(found) > most:
            raise self.refuse(Reason.TOO_LONG, field, Message("at most {most} characters", most=most))
        return found

    def needed(self, field: str, most: int = 200) -> str:
        """… that is not empty."""
        found = self.text(field, most)
        if not found:
            raise self.refuse(Reason.MISSING, field, Message("a value is needed here"))
        return found

    def key(self, field: str, *, is_needed: bool = True) -> str:
        """A number of the old system, folded by the rule of `keys`."""
        raw = self.raw(field)
        if is_ruined(raw):
            raise self.refuse(
                Reason.KEY_RUINED,
                field,
                Message("Excel rounded this number: format the column as text and export it again"),
            )
        found = fold_key(raw)
        if not found and is_needed:
            raise self.refuse(Reason.MISSING, field, Message("every row needs its number"))
        if len(found) > KEY_CHARS_MAX:
            raise self.refuse(
                Reason.TOO_LONG, field, Message("at most {most} characters", most=KEY_CHARS_MAX)
            )
        return found

    def number(self, field: str) -> Decimal | None:
        """A number, None when there is none."""
        raw = self.raw(field)
        if not raw:
            return None
        found = number_of(raw)
        if found is None:
            raise self.refuse(
                Reason.NOT_A_NUMBER, field, Message("a number such as 75 or 75.50 is needed here")
            )
        return found

    def whole(self, field: str, low: int, high: int) -> int | None:
        """A whole number from `low` to `high`, None when there is none."""
        found = self.number(field)
        if found is None:
            return None
        if found != int(found):
            raise self.refuse(Reason.NOT_A_NUMBER, field, Message("a whole number is needed here"))
        if found < low:
            raise self.refuse(Reason.NEGATIVE, field, Message("must be at least {low}", low=low))
        if found > high:
            raise self.refuse(Reason.TOO_LARGE, field, Message("must be at most {high}", high=high))
        return int(found)

    def money(self, field: str) -> int | None:
        """An amount in minor units, None when there is none."""
        found = self.number(field)
        if found is None:
            return None
        if found < 0:
            raise self.refuse(Reason.NEGATIVE, field, Message("must be at least {low}", low=0))
        if found > _MONEY_MAX:
            raise self.refuse(Reason.TOO_LARGE, field, Message("must be at most {high}", high=_MONEY_MAX))
        return int((found * 100).quantize(Decimal(1), ROUND_HALF_UP))

    def day(self, field: str) -> date | None:
        """A date, None when there is none."""
        raw = self.raw(field)
        if not raw:
            return None
        rule = self._columns.map.columns.get(field)
        found = date_of(raw, rule.formats if rule else ())
        if found is None or not _YEARS[0] <= found.year <= _YEARS[1]:
            raise self.refuse(
                Reason.BAD_DATE,
                field,
                Message(
                    "no date such as 2027-03-01 or 2027年3月1日; name its format in the map where it is another"
                ),
            )
        return found

    def clock(self, field: str) -> time | None:
        """A wall time, None when there is none."""
        raw = self.raw(field)
        if not raw:
            return None
        found = time_of(raw)
        if found is None:
            raise self.refuse(Reason.BAD_TIME, field, Message("no time such as 08:30"))
        return found

    def span(self, field: str) -> tuple[time, time] | None:
        """Two wall times, None when there are none; a name such as 上午场 is none."""
        return span_of(self.raw(field))

    def called(self, field: str, most: int = 200) -> str:
        """A name, '' when there is none: by the map's words what it is called here, else as it stands."""
        found = self.text(field, most)
        return self._columns.map.words.get(field, {}).get(found, found)

    def word(self, field: str, usual: Mapping[str, str], default: str = "") -> str:
        """What a word of the old system means here: by the map, else by `usual` (folded words)."""
        raw = self.text(field)
        if not raw:
            return default
        said = self._columns.map.words.get(field, {})
        found = said.get(raw) or usual.get(fold_name(raw))
        if found is None:
            raise self.refuse(
                Reason.UNKNOWN_WORD,
                field,
                Message(
                    'say in the map what it means: [words.{field}] "{word}" = "…"',
                    field=field,
                    word=shown(raw),
                ),
            )
        return found

    def person(self, field: str) -> str:
        """A person's name in canonical form, '' when there is none."""
        raw = self.raw(field)
        if not raw:
            return ""
        found = parse_name(raw)
        if not isinstance(found, str):
            raise self.refuse(
                Reason.BAD_NAME, field, Message("no name of a person: {code}", code=found.code.value)
            )
        return found

    def phone(self, field: str) -> str:
        """A phone number in E.164, '' when there is none."""
        raw = self.raw(field)
        if not raw:
            return ""
        found = parse_phone(raw)
        if not isinstance(found, Phone):
            raise self.refuse(
                Reason.BAD_PHONE, field, Message("no phone number: {code}", code=found.code.value)
            )
        return found.e164
