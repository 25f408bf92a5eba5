"""Reading a map file: every mistake of it at once, each with its line, its key and the fix."""

import re
import tomllib
from datetime import time
from pathlib import Path
from typing import Final, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wenyue.core.limits import QUANTITY_MAX
from wenyue.imports.bookings.model import (
    DateColumn,
    DateParts,
    DaysBefore,
    ImportedStatus,
    ImportMap,
    MappedColumns,
    MappedProduct,
    MappedVenue,
    OddRows,
    PricePer,
    ProductKind,
    ReplayTerms,
    Session,
    VenueKind,
)
from wenyue.imports.reading import InputError, Options
from wenyue.imports.reading.texts import DELIMITERS, ENCODINGS
from wenyue.imports.tomlreader import TomlReader, lines_of
from wenyue.locale import DEFAULT, SOURCE, Message, Texts

MAP_BYTES_MAX: Final = 4 * 1024 * 1024  # an export of a whole destination names each of its products
CAPACITY_MAX: Final = 100_000
PRICE_MAX: Final = 1_000_000
PRODUCT_KINDS: Final = ("session", "night", "table", "seat")
VENUE_KINDS: Final = ("hotel", "attraction", "restaurant", "transport")
PRICES_PER: Final = ("night", "stay", "place", "order")
HEADER_LINE_MAX: Final = 10_000
_ENCODINGS: Final = ("auto", "utf-8-sig", *ENCODINGS)
_DELIMITERS: Final = {"auto": "auto", "tab": "\t"} | {one: one for one in DELIMITERS}
_CODE: Final = re.compile(r"^[a-z0-9][a-z0-9-]{0,63}$")
_CURRENCY: Final = re.compile(r"^[A-Z]{3}$")
_DIRECTIVE: Final = re.compile(r"%.")
_ALLOWED_DIRECTIVES: Final = {"%Y", "%m", "%d", "%H", "%M", "%S"}


def read_map(path: Path) -> ImportMap:
    """The map at `path`, checked completely. Raises InputError that lists every mistake with line and key."""
    try:
        raw = path.read_bytes()
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
        tree = tomllib.loads(text)
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
    reader = TomlReader(tree, lines_of(text))
    found = _read(reader)
    reader.refuse_unknown()
    if reader.problems:
        listed = "\n  ".join(reader.problems)
        raise InputError(
            Message(
                "{path} has {n} mistake(s):\n  {listed}", path=path, n=len(reader.problems), listed=listed
            )
        )
    return found


def _read(r: TomlReader) -> ImportMap:
    """Take every key; mistakes are collected in the reader and stand-ins returned meanwhile."""
    venues, products = _venues(r), _products(r)
    if r.peek("columns.product") is None and len(products) > 1:
        r.problem("columns.product", "which column says it? Only a map of one product needs none")
    key_columns = r.texts("key.columns", ())
    has_hotel = any(one.is_hotel for one in venues.values())
    rows = r.choice("key.rows", ("one", "several"), "one" if has_hotel else "several")
    return ImportMap(
        source=r.matching("source", _CODE, "lower-case letters, digits and hyphens, at most 64"),
        options=_options(r),
        nulls=frozenset(r.texts("file.null", ("", "NULL", "NA"))),
        key_columns=key_columns,
        venues=venues,
        columns=_columns(r, is_hotel=has_hotel),
        statuses=_statuses(r),
        products=products,
        odd=OddRows(
            is_day_use=r.choice("rules.zero_nights", ("refuse", "day-use"), "refuse") == "day-use",
            takes_no_adults=r.choice("rules.no_adults", ("refuse", "import"), "refuse") == "import",
            takes_no_guests=r.choice("rules.no_guests", ("refuse", "import"), "refuse") == "import",
            negative_price_is_zero=r.choice("rules.negative_price", ("refuse", "zero"), "refuse") == "zero",
            takes_no_country=r.choice("rules.no_country", ("refuse", "import"), "refuse") == "import",
        ),
        sessions=_sessions(r),
        has_groups=bool(key_columns) and rows == "several",
        replay=ReplayTerms(slot_price_minor=r.whole("replay.slot_price_minor", 0, 10_000_000, 0)),
    )


def _options(r: TomlReader) -> Options:
    delimiter = r.choice("file.delimiter", tuple(_DELIMITERS), "auto")
    return Options(
        encoding=r.choice("file.encoding", _ENCODINGS, "auto"),
        delimiter=_DELIMITERS.get(delimiter, "auto"),
        sheet=r.text("file.sheet", "") if r.peek("file.sheet") else "",
        header_line=r.whole("file.header_line", 0, HEADER_LINE_MAX, 0) or None,
    )


def _venues(r: TomlReader) -> dict[str, MappedVenue]:
    if r.peek("columns.venue") is None:
        return {"": _venue(r, "venue")}
    found = {name: _venue(r, f"venues.{name}") for name in r.names("venues")}
    if not found:
        r.problem("venues", 'add a table for each venue, such as [venues."West Lake"] with code and name_zh')
    kinds = {one.is_hotel for one in found.values()}
    if len(kinds) > 1 and r.peek("key.rows") != "several":
        fix = 'hotels and other venues have maps of their own; or set key.rows = "several", and the rows of a key are one booking'
        r.problem("venues", fix)
    return found or {"": _venue(r, "venue")}


def _venue(r: TomlReader, key: str) -> MappedVenue:
    timezone = r.text(f"{key}.timezone", "Asia/Shanghai")
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        r.problem(f"{key}.timezone", f"{timezone!r} is not an IANA time zone such as 'Asia/Shanghai'")
    return MappedVenue(
        code=r.matching(f"{key}.code", _CODE, "lower-case letters, digits and hyphens, at most 64"),
        kind=cast(VenueKind, r.choice(f"{key}.kind", VENUE_KINDS, "hotel")),
        name=_name(r, key),
        timezone=timezone,
        currency=r.matching(f"{key}.currency", _CURRENCY, "three capital letters, such as CNY", "CNY"),
        check_in=r.wall_time(f"{key}.check_in", time(14)),
        check_out=r.wall_time(f"{key}.check_out", time(12)),
        day=Session(r.wall_time(f"{key}.opens", time(8)), r.wall_time(f"{key}.closes", time(18))),
        minutes=r.whole(f"{key}.minutes", 1, 24 * 60, 120),
    )


def _sessions(r: TomlReader) -> dict[str, Session]:
    return {
        name: Session(
            r.wall_time(f"sessions.{name}.starts", time(0)), r.wall_time(f"sessions.{name}.ends", time(0))
        )
        for name in r.names("sessions")
    }


def _columns(r: TomlReader, *, is_hotel: bool) -> MappedColumns:
    nights: tuple[str, ...] = ()
    departure: DateColumn | None = None
    if isinstance(r.peek("columns.nights"), dict):
        departure = _date_column(r, "columns.nights")
    elif is_hotel or r.peek("columns.nights") is not None:
        nights = r.texts("columns.nights", None if is_hotel else ())
    if is_hotel and not nights and departure is None:
        r.problem("columns.nights", "a hotel's rows need a number of nights or a departure")
    booked: DateColumn | DaysBefore | None = None
    if isinstance(r.peek("columns.booked"), dict):
        is_lead = r.peek("columns.booked.days_before_arrival") is not None
        booked = (
            DaysBefore(r.text("columns.booked.days_before_arrival"))
            if is_lead
            else _date_column(r, "columns.booked")
        )
    elif r.peek("columns.booked") is not None:
        r.problem(
            "columns.booked",
            'write { days_before_arrival = "…" } or { column = "…", formats = ["%Y-%m-%d"] }',
        )
    arrival: DateColumn | DateParts
    if r.peek("columns.arrival.year") is not None:
        arrival = DateParts(
            r.text("columns.arrival.year"), r.text("columns.arrival.month"), r.text("columns.arrival.day")
        )
    else:
        arrival = _date_column(r, "columns.arrival")
    has_quantity_column = isinstance(r.peek("columns.quantity"), str)
    return MappedColumns(
        arrival=arrival,
        nights=nights,
        departure=departure,
        quantity=r.text("columns.quantity")
        if has_quantity_column
        else r.whole("columns.quantity", 1, QUANTITY_MAX, 1),
        product=r.optional("columns.product"),
        status=r.text("columns.status"),
        status_date=_date_column(r, "columns.status_date")
        if r.peek("columns.status_date") is not None
        else None,
        booked=booked,
        price=r.text("columns.price.column"),
        price_per=cast(PricePer, r.choice("columns.price.per", PRICES_PER, "night")),
        adults=r.text("columns.adults") if is_hotel else r.optional("columns.adults"),
        children=r.optional("columns.children"),
        babies=r.optional("columns.babies"),
        country=r.optional("columns.country"),
        venue=r.optional("columns.venue"),
        session=r.optional("columns.session"),
        starts=r.optional("columns.starts"),
        ends=r.optional("columns.ends"),
        name=r.optional("columns.name"),
        document_type=r.optional("columns.document_type"),
        document=r.optional("columns.document"),
        document_country=r.optional("columns.document_country"),
        phone=r.optional("columns.phone"),
        currency=r.optional("columns.currency"),
    )


def _date_column(r: TomlReader, key: str) -> DateColumn:
    if not isinstance(r.peek(key), dict):
        r.problem(key, 'write { column = "…", formats = ["%Y-%m-%d"] }')
        r.take(key)
        return DateColumn("?", ("%Y-%m-%d",))
    formats = r.texts(f"{key}.formats", ("%Y-%m-%d",))
    meanings: dict[str, str] = {}
    for one in formats:
        directives = _DIRECTIVE.findall(one)
        unknown = [d for d in directives if d not in _ALLOWED_DIRECTIVES]
        if unknown or any(directives.count(d) != 1 for d in ("%Y", "%m", "%d")):
            r.problem(f"{key}.formats", f"{one!r} must have %Y, %m and %d once each (and may have %H %M %S)")
            continue
        shape = one.replace("%m", "#").replace("%d", "#")
        if meanings.setdefault(shape, one) != one:
            r.problem(
                f"{key}.formats",
                f"{meanings[shape]!r} and {one!r} read the same text as different dates: keep one",
            )
    return DateColumn(r.text(f"{key}.column"), formats)


def _statuses(r: TomlReader) -> dict[str, ImportedStatus]:
    words = tuple(status.value for status in ImportedStatus)
    found = {
        name: ImportedStatus(r.choice(f"status.{name}", words, words[0]))
        for name in r.names("status")
        if name.strip()
    }
    if not found:
        r.problem(
            "status", f'add [status] with lines such as "Check-Out" = "redeemed" (words: {", ".join(words)})'
        )
    return found


def _name(r: TomlReader, key: str) -> Texts:
    chinese = r.text(f"{key}.name_zh")
    return {DEFAULT: chinese, SOURCE: r.text(f"{key}.name_en", chinese)}


def _products(r: TomlReader) -> dict[str, MappedProduct]:
    found: dict[str, MappedProduct] = {}
    codes: dict[tuple[str, str], str] = {}
    for name in r.names("products"):
        key = f"products.{name}"
        code = r.matching(f"{key}.code", _CODE, "lower-case letters, digits and hyphens, at most 64")
        venue = r.text(f"{key}.venue", "") if r.peek(f"{key}.venue") is not None else ""
        if venue and r.peek(f"venues.{venue}") is None:
            r.problem(f"{key}.venue", f"there is no [venues.{venue!r}]")
        if (venue, code) in codes:
            other = codes[venue, code]
            r.problem(f"{key}.code", f"{code!r} is already the code of products.{other}: codes are unique")
        codes.setdefault((venue, code), name)
        is_auto = r.peek(f"{key}.capacity") in {"auto", None}
        if is_auto:
            r.take(f"{key}.capacity")
        capacity = None if is_auto else r.whole(f"{key}.capacity", 0, CAPACITY_MAX, 0)
        found[name] = MappedProduct(
            code,
            _name(r, key),
            capacity,
            session=_session_of(r, key),
            price_minor=_price(r, f"{key}.price"),
            policy_code=r.text(f"{key}.policy", "") if r.peek(f"{key}.policy") is not None else "",
            venue=venue,
            kind=cast(ProductKind, r.choice(f"{key}.kind", PRODUCT_KINDS, "session"))
            if r.peek(f"{key}.kind") is not None
            else None,
        )
    if not found:
        r.problem(
            "products",
            'add a table per product, such as [products.A] with code, name_zh and capacity = "auto"',
        )
    return found


def _session_of(r: TomlReader, key: str) -> Session | None:
    """When a product always is, where the map says so."""
    if r.peek(f"{key}.starts") is None and r.peek(f"{key}.ends") is None:
        return None
    return Session(r.wall_time(f"{key}.starts", time(0)), r.wall_time(f"{key}.ends", time(0)))


def _price(r: TomlReader, key: str) -> int | None:
    """In minor units, of a number such as 60 or 60.5; None where the map says nothing."""
    found = r.take(key)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= PRICE_MAX:
        r.problem(key, "must be a number such as 60 or 60.5, without quotes")
        return None
    return round(found * 100)
