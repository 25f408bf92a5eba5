"""One row of a list of venues, understood. Pure."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wenyue.imports.cells import Cells
from wenyue.imports.reading.heading import fold_name
from wenyue.imports.refusals import Reason
from wenyue.imports.regions import province_of
from wenyue.imports.usual_words import VENUE_KINDS
from wenyue.imports.values import span_of, time_of
from wenyue.imports.weekdays import weekdays_of
from wenyue.locale import DEFAULT, SOURCE, Message, Texts

NAME_MAX: Final = 120
SUMMARY_MAX: Final = 2_000
FACTS: Final = ("hours_note", "address", "entrance", "directions", "access", "sights")  # texts by language
ATTRACTION: Final = "attraction"
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LEVELS: Final = {"a": "A", "aa": "2A", "aaa": "3A", "aaaa": "4A", "aaaaa": "5A"} | {
    f"{n}a": f"{n}A" for n in range(2, 6)
}
_AROUND_LEVEL: Final = re.compile(r"国家|级|旅游|风景|景区|\s")
_TAG_MARKS: Final = re.compile(r"[、,，;；|/\n]+")
_LEVEL_MAX: Final = 40
_PHONE_MAX: Final = 60
_PHONE_DIGITS: Final = 3
_OF_DAYS: Final = re.compile(r"(\D+?)\s*(\d[\d:]*\s*-\s*\d[\d:]*)\s*(?:\(([\d:]+)\))?")
_TAGS_MAX: Final = 30
ALIASES_MAX: Final = 30  # of one venue; the database holds no more


@dataclass(frozen=True, slots=True)
class Week:
    """The same wall times on every weekday."""

    opens: time
    closes: time
    last_entry: time


@dataclass(frozen=True, slots=True)
class VenueRow:
    """A venue as a list says it: what is '' , None or empty, it does not say.

    `code`: its code here, where the list has codes. `name` and `summary` by language.
    """

    code: str
    name: Texts
    kind: str
    province: str
    city: str
    latitude: float | None
    longitude: float | None
    level: str
    timezone: str
    summary: Texts
    tags: tuple[str, ...]
    aliases: tuple[str, ...]
    week: Week | None
    closed_weekdays: int | None  # bit 0 = Monday
    days: tuple[
        tuple[int, Week], ...
    ] = ()  # each open weekday (0 = Monday) with its own hours, where these differ
    facts: Mapping[str, Texts] = field(
        default_factory=dict[str, Texts]
    )  # by the names in FACTS, those that it says
    phone: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """By which a venue is known whose code the list does not have."""
        return self.province, self.name[DEFAULT]

    @property
    def says_hours(self) -> bool:
        """It says when the venue is open, or on which weekdays it is not."""
        return self.week is not None or self.closed_weekdays is not None or bool(self.days)


def new_code(row: VenueRow) -> str:
    """The code of a venue that is made: the list's, else one made of its kind, its province and its name."""
    if row.code:
        return row.code
    return code_of(*row.place, row.kind if row.kind not in {"", ATTRACTION} else row.level.lower() or "v")


def code_of(province: str, name: str, prefix: str) -> str:
    """A stable code: the prefix and eight hex digits of the hash of province and name."""
    beginning = prefix if _CODE.fullmatch(prefix) else "v"
    digest = hashlib.sha256(f"{province}\n{name}".encode()).hexdigest()
    return f"{beginning}-{digest[:8]}"


def read_venue(cells: Cells) -> VenueRow:
    """The venue in a row. Raises RowRefused."""
    kind = cells.word("kind", VENUE_KINDS) or _kind_of_heading(cells.column("name"))
    code = read_code(cells, "code")
    name = printable(cells, "name", needed=True)
    latitude, longitude = _degrees(cells, "latitude", 90), _degrees(cells, "longitude", 180)
    if (latitude is None) != (longitude is None):
        lacking = "latitude" if latitude is None else "longitude"
        raise cells.refuse(Reason.MISSING, lacking, Message("give both latitude and longitude, or neither"))
    return VenueRow(
        code=code,
        name=texts_of(name, printable(cells, "name_en")),
        kind=kind,
        province=_province(cells, is_needed=not code),
        city=printable(cells, "city"),
        latitude=latitude,
        longitude=longitude,
        level=_level(cells, kind),
        timezone=_timezone(cells),
        summary=texts_of(
            printable(cells, "summary", most=SUMMARY_MAX), printable(cells, "summary_en", most=SUMMARY_MAX)
        ),
        tags=_several(cells, "tags")[:_TAGS_MAX],
        aliases=_aliases(cells),
        week=_week(cells),
        closed_weekdays=read_weekdays(cells, "closed_weekdays"),
        days=_days(cells),
        facts=_facts(cells),
        phone=_phone(cells),
    )


def _several(cells: Cells, field: str) -> tuple[str, ...]:
    parts = _TAG_MARKS.split(printable(cells, field, most=SUMMARY_MAX))
    return tuple(sorted({one.strip() for one in parts if one.strip()}))


def _aliases(cells: Cells) -> tuple[str, ...]:
    found = _several(cells, "aliases")
    if len(found) > ALIASES_MAX:
        raise cells.refuse(Reason.TOO_LARGE, "aliases", Message("at most {n} other names", n=ALIASES_MAX))
    return found


def read_code(cells: Cells, field: str) -> str:
    """A code of ours in lower case, '' when there is none. Raises RowRefused."""
    code = cells.key(field, is_needed=False).lower()
    if code and not _CODE.fullmatch(code):
        raise cells.refuse(
            Reason.BAD_CODE, field, Message("a code has letters a to z, digits and hyphens, at most 64")
        )
    return code


def read_weekdays(cells: Cells, field: str) -> int | None:
    """Weekdays as bits (bit 0 = Monday), None when nothing stands there. Raises RowRefused."""
    text = cells.text(field)
    if not text:
        return None
    found = weekdays_of(text)
    if found is None:
        raise cells.refuse(
            Reason.UNKNOWN_WORD, field, Message("weekdays such as 周一至周五, 周六、周日 or Mon-Fri")
        )
    return found


def texts_of(chinese: str, english: str) -> dict[str, str]:
    """A text by language, of the languages in which there is one."""
    return {tag: text for tag, text in ((DEFAULT, chinese), (SOURCE, english)) if text}


def one_line(text: str) -> str:
    """As a row has it: on one line, blanks single."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


def printable(cells: Cells, field: str, *, needed: bool = False, most: int = NAME_MAX) -> str:
    """A text that can be printed, in canonical form; '' when there is none. Raises RowRefused."""
    text = cells.needed(field, most) if needed else cells.text(field, most)
    if any(unicodedata.category(one) in {"Cc", "Cs", "Co", "Cn"} for one in text):
        raise cells.refuse(
            Reason.BAD_CHARACTER,
            field,
            Message("a character that cannot be printed: check the file's encoding"),
        )
    return unicodedata.normalize("NFC", text)


def _province(cells: Cells, *, is_needed: bool) -> str:
    text = cells.text("province", NAME_MAX)
    if not text and not is_needed:
        return ""
    found = province_of(text)
    if found is None:
        raise cells.refuse(
            Reason.UNKNOWN_WORD if text else Reason.MISSING,
            "province",
            Message("the name of a province is needed, such as 浙江 or 内蒙古"),
        )
    return found


def _degrees(cells: Cells, field: str, limit: int) -> float | None:
    number = cells.number(field)
    if number is None:
        return None
    if not -limit <= number <= limit:
        fix = (
            Message("degrees from -{limit} to {limit}; are latitude and longitude swapped?", limit=limit)
            if 90 < abs(number) <= 180
            else Message("degrees from -{limit} to {limit}", limit=limit)
        )
        raise cells.refuse(Reason.TOO_LARGE, field, fix)
    return float(number)


def _level(cells: Cells, kind: str) -> str:
    """`5A` of `AAAAA`, `国家5A级旅游景区`; of what is no attraction, as it is written."""
    text = printable(cells, "level", most=_LEVEL_MAX)
    if not text or kind not in {"", ATTRACTION}:
        return text
    found = _LEVELS.get(_AROUND_LEVEL.sub("", unicodedata.normalize("NFKC", text)).casefold())
    if found is None:
        raise cells.refuse(Reason.UNKNOWN_WORD, "level", Message("5A, 4A, 3A, 2A, A, or nothing"))
    return found


def _timezone(cells: Cells) -> str:
    text = cells.text("timezone")
    if not text:
        return ""
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise cells.refuse(
            Reason.UNKNOWN_WORD, "timezone", Message("an IANA time zone such as Asia/Shanghai")
        ) from error


def _week(cells: Cells) -> Week | None:
    """The opening hours: two columns, or one that says both."""
    both = cells.span("opens")
    opens, closes = both or (cells.clock("opens"), cells.clock("closes"))
    if opens is None and closes is None:
        return None
    if opens is None or closes is None:
        raise cells.refuse(
            Reason.MISSING, "closes" if closes is None else "opens", Message("give both times, or neither")
        )
    return Week(opens, closes, cells.clock("last_entry") or closes)


def _days(cells: Cells) -> tuple[tuple[int, Week], ...]:
    """Hours that differ by weekday: `周一至周四 09:00-17:00 (16:00); 周五 09:00-21:00`. A weekday that is not named is closed."""
    text = unicodedata.normalize("NFKC", cells.text("hours_by_day", SUMMARY_MAX))
    found: dict[int, Week] = {}
    for part in filter(None, (one.strip() for one in text.split(";"))):
        said = _OF_DAYS.fullmatch(part)
        days, span = (weekdays_of(said[1]), span_of(said[2])) if said else (None, None)
        last = time_of(said[3]) if said and said[3] else None
        if said is None or not days or span is None or (said[3] and last is None):
            fix = Message("weekdays and times such as 周一至周四 09:00-17:00; 周五 09:00-21:00")
            raise cells.refuse(Reason.BAD_TIME, "hours_by_day", fix)
        found |= {day: Week(*span, last or span[1]) for day in range(7) if days & 1 << day}
    return tuple(sorted(found.items()))


def _facts(cells: Cells) -> dict[str, Texts]:
    """What the row says for whoever comes."""
    said = {
        name: texts_of(
            printable(cells, name, most=SUMMARY_MAX), printable(cells, f"{name}_en", most=SUMMARY_MAX)
        )
        for name in FACTS
    }
    return {name: texts for name, texts in said.items() if texts}


def _phone(cells: Cells) -> str:
    """As it is called: digits, and what stands between them. Several are separated by commas."""
    text = unicodedata.normalize("NFKC", printable(cells, "phone", most=_PHONE_MAX))
    if text and sum(one.isdigit() for one in text) < _PHONE_DIGITS:
        raise cells.refuse(Reason.BAD_PHONE, "phone", Message("a phone number, such as 0571-8796 0000"))
    return text


def _kind_of_heading(column: str) -> str:
    """`酒店名称` lists hotels; '' when it says nothing."""
    folded = fold_name(column)
    return next((kind for word, kind in VENUE_KINDS.items() if word in folded and not word.isascii()), "")
