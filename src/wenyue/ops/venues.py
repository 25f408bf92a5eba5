"""`wenyue import venues FILE`: attractions from a CSV file of province, name, latitude and longitude.

Re-runnable: a venue's code is derived from its province and name, so a second run changes only what differs. Every
row is accounted for: imported, unchanged, or refused with the reason.
"""

import asyncio
import csv
import hashlib
import io
import math
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from wenyue.application.import_venues import VenuesTaken, do_import_venues
from wenyue.catalogue import Venue
from wenyue.locale import DEFAULT, SOURCE, Message, written
from wenyue.platform.database.db import Tx
from wenyue.platform.fault import SetupError

FILE_BYTES_MAX: Final = 20 * 1024 * 1024
ROWS_MAX: Final = 100_000
NAME_MAX: Final = 120
DEFAULT_LEVEL: Final = "5A"
SHIPPED_FILE: Final = Path(__file__).parent / "data" / "china-5a-attractions.csv"

_REQUIRED: Final = ("province", "name", "latitude", "longitude")
_OPTIONAL: Final = ("name_en", "city", "level")
_LEVELS: Final = frozenset({"", "A", "2A", "3A", "4A", "5A"})
_PROVINCE_LIST: Final = (
    "北京 天津 河北 山西 内蒙古 辽宁 吉林 黑龙江 上海 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 广西 海南"
    " 重庆 四川 贵州 云南 西藏 陕西 甘肃 青海 宁夏 新疆 台湾 香港 澳门"
)
_PROVINCES: Final = frozenset(_PROVINCE_LIST.split())
_PROVINCE_SUFFIXES: Final = (
    "壮族自治区",
    "回族自治区",
    "维吾尔自治区",
    "自治区",
    "特别行政区",
    "省",
    "市",
)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not imported. `line` counts from 1, the header included."""

    line: int
    name: str
    reason: str


@dataclass(slots=True)
class VenueReport:
    """What became of the file: read = new + changed + unchanged + refused."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    is_dry_run: bool = False
    refused: list[RefusedRow] = field(default_factory=list[RefusedRow])


class _RowError(Exception):
    """Why one row is refused."""


async def import_venues(
    tx: Tx,
    path: Path,
    *,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> VenueReport:
    """Import the file; with `dry_run` only say what would happen. `progress` hears rows done and rows in all.

    Columns: province, name, latitude, longitude (degrees, both or neither), and if present name_en, city and level
    (5A when the column is missing). Raises SetupError when the file as a whole cannot be used.
    """

    async def take(venues: Sequence[Venue], heard: Callable[[int], None]) -> VenuesTaken:
        return await do_import_venues(tx, venues, is_dry_run=dry_run, progress=heard)

    return await read_venues(path, take, dry_run=dry_run, progress=progress)


async def read_venues(
    path: Path,
    take: Callable[[Sequence[Venue], Callable[[int], None]], Awaitable[VenuesTaken]],
    *,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> VenueReport:
    """Read the file and have what is in order taken; `take` tells how many it has taken so far. Raises as `import_venues`."""
    columns, rows = await asyncio.to_thread(_read, path)
    report = VenueReport(read=len(rows), is_dry_run=dry_run)
    found = await asyncio.to_thread(_check, columns, rows, report)
    refused = len(report.refused)
    taken = await take(found, lambda done: progress(refused + done, len(rows)))
    report.new, report.changed, report.unchanged = taken.new, taken.changed, taken.unchanged
    return report


def venue_code(province: str, name: str, level: str = DEFAULT_LEVEL) -> str:
    """A venue's stable code: '5a-' and eight hex digits of the hash of province and name."""
    digest = hashlib.sha256(f"{province}\n{name}".encode()).hexdigest()[:8]
    return f"{level.lower() or 'v'}-{digest}"


def _check(columns: list[str], rows: Sequence[tuple[int, list[str]]], report: VenueReport) -> list[Venue]:
    lines: dict[str, int] = {}
    found: list[Venue] = []
    for line, fields in rows:
        row = dict(zip(columns, fields, strict=False))
        try:
            _check_width(columns, fields)
            one = _parse(row)
        except _RowError as error:
            report.refused.append(RefusedRow(line, row.get("name", "")[:NAME_MAX], str(error)))
            continue
        if one.code in lines:
            reason = f"the same province and name as line {lines[one.code]}: remove one of the two"
            report.refused.append(RefusedRow(line, one.name[DEFAULT], reason))
            continue
        lines[one.code] = line
        found.append(one)
    return found


def _check_width(columns: list[str], fields: list[str]) -> None:
    if len(fields) != len(columns):
        raise _RowError(f"{len(fields)} fields, but the header names {len(columns)}: check commas and quotes")


def _parse(row: dict[str, str]) -> Venue:
    province = _province(_text(row, "province"))
    name = _text(row, "name")
    if not name:
        raise _RowError("`name` is empty: give the venue's official name")
    level = _text(row, "level").upper() if "level" in row else DEFAULT_LEVEL
    if level not in _LEVELS:
        raise _RowError(f"`level` is {level!r}: use 5A, 4A, 3A, 2A, A, or leave it empty")
    latitude, longitude = _degrees(row, "latitude", 90), _degrees(row, "longitude", 180)
    if (latitude is None) != (longitude is None):
        raise _RowError("only one of `latitude` and `longitude` is given: give both or neither")
    return Venue(
        code=venue_code(province, name, level),
        kind="attraction",
        name=written({DEFAULT: name, SOURCE: _text(row, "name_en")}),
        province=province,
        city=_text(row, "city"),
        latitude=latitude,
        longitude=longitude,
        level=level,
        source="public list",
    )


def _text(row: dict[str, str], column: str) -> str:
    text = unicodedata.normalize("NFC", row.get(column, "")).strip()
    if len(text) > NAME_MAX:
        raise _RowError(f"`{column}` is longer than {NAME_MAX} characters: shorten it")
    if any(unicodedata.category(one) in {"Cc", "Cs", "Co", "Cn"} for one in text):
        raise _RowError(f"`{column}` has a character that cannot be printed: check the file's encoding")
    return text


def _province(text: str) -> str:
    short = text
    for suffix in _PROVINCE_SUFFIXES:
        if short not in _PROVINCES:
            short = text.removesuffix(suffix)
    if short not in _PROVINCES:
        raise _RowError(f"`province` is {text!r}: use the short name of a province, such as 浙江 or 内蒙古")
    return short


def _degrees(row: dict[str, str], column: str, limit: int) -> float | None:
    text = _text(row, column)
    if not text:
        return None
    try:
        degrees = float(text)
    except ValueError:
        degrees = math.nan
    if math.isnan(degrees) or not -limit <= degrees <= limit:
        hint = "; are latitude and longitude swapped?" if 90 < abs(degrees) <= 180 else ""
        raise _RowError(
            f"`{column}` is {text!r}: a number of degrees from -{limit} to {limit} is needed{hint}"
        )
    return degrees


def _read(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The columns, and every row that is not blank with its line number. Raises SetupError."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise SetupError(
                Message(
                    "{path} is larger than {file_bytes_max} bytes: split it",
                    path=path,
                    file_bytes_max=FILE_BYTES_MAX,
                )
            )
        raw = path.read_bytes()
    except OSError as error:
        raise SetupError(
            Message("cannot read {path}: {strerror}", path=path, strerror=error.strerror)
        ) from error
    no_columns: list[str] = []
    reader = csv.reader(io.StringIO(_decode(raw, path), newline=""))
    try:
        columns = [column.strip().lower() for column in next(reader, no_columns)]
        rows = [(reader.line_num, fields) for fields in islice(reader, ROWS_MAX + 1) if fields]
    except csv.Error as error:
        raise SetupError(
            Message(
                "{path} is not CSV (line {line_no}): {error}",
                path=path,
                line_no=reader.line_num,
                error=error,
            )
        ) from error
    missing = [column for column in _REQUIRED if column not in columns]
    if missing:
        raise SetupError(
            Message(
                "{path} lacks the column(s) {missing}: the first line must name {required} (and may "
                "name {optional})",
                missing=", ".join(missing),
                path=path,
                required=", ".join(_REQUIRED),
                optional=", ".join(_OPTIONAL),
            ),
        )
    if len(rows) > ROWS_MAX:
        raise SetupError(
            Message.in_context(
                "ops", "{path} has more than {rows_max} rows: split it", path=path, rows_max=ROWS_MAX
            )
        )
    return columns, rows


def _decode(raw: bytes, path: Path) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SetupError(Message("{path} is neither UTF-8 nor GB 18030 text: save it as UTF-8", path=path))
