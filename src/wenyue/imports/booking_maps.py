"""The map of a file of bookings, for editing: stays of hotels, visits of attractions, tables, seats. Pure.

What is written is read as it stands by the import of bookings; what a person has to decide says so, or stands behind `#`.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from wenyue.imports.columns import Kind
from wenyue.imports.map_parts import choice_lines, comment, head_lines, key, quoted, why, word_lines
from wenyue.imports.reading import fold_name
from wenyue.imports.surveying import Survey
from wenyue.imports.usual_sessions import Span, kind_of_place, usual_span
from wenyue.imports.values import span_of, time_of
from wenyue.locale import DEFAULT, SOURCE, Locale, Message

# What the title of an export says beside the name of the place.
_OF_TITLES: Final = re.compile(
    r"[(（【\[].*?[)）】\]]|\d{2,4}年?(?:\d{1,2}月)?(?:份)?|(?:预订|预定|预约|订单|订房|客房|门票|入住|客人|住客|明细|清单|"
    r"名单|列表|报表|汇总|导出|数据|记录|表)+$"
)
_ROOMS: Final = frozenset({"房型", "roomtype"})
_OF_ORDERS: Final = re.compile("订单|总|实付|应付|order")
# Of a file that names no product: what its only one is called.
_ONLY: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "attraction": ("ticket", "门票", "Ticket"),
        "restaurant": ("table", "餐位", "Table"),
        "transport": ("seat", "座位", "Seat"),
        "hotel": ("room", "客房", "Room"),
    }
)


@dataclass(frozen=True, slots=True)
class VenueHere:
    """A venue of this installation, as a map has to name it."""

    code: str
    kind: str
    timezone: str
    currency: str = "CNY"


def bookings_map(
    found: Survey, locale: Locale, here: Mapping[str, VenueHere] = MappingProxyType({}), code: str = ""
) -> Iterator[str]:
    """The lines of the map. `here`: the venues that are here by their Chinese name; `code`: the only venue's, if known."""
    return _Writing(found, locale, here, code).lines()


class _Writing:
    """One map."""

    def __init__(self, found: Survey, locale: Locale, here: Mapping[str, VenueHere], code: str) -> None:
        self._found, self._locale, self._here, self._venue_code = found, locale, here, code
        self._by_field = {one.field: one for one in found.proposal.columns if one.field is not None}
        self._is_hotel = is_of_stays(found)
        self._used = {"key"}

    def lines(self) -> Iterator[str]:
        found, columns, name = self._found, self._found.proposal.mapped(), place_of(self._found)
        yield from head_lines(found, self._locale)
        said = Message("by which numbers are remembered: the same in every run, another for each old system")
        yield f"source = {quoted(_named_by_digest(name))}  {comment(said, self._locale)}"
        yield from ("", "[key]")
        if "key" in columns:
            yield f"columns = [{quoted(columns['key'])}]  {why(self._by_field['key'], self._locale)}"
        else:
            yield "columns = []"
        venues = found.words.get("venue", ()) if "venue" in columns else ()
        if len(venues) > 1:
            for word in venues:
                yield from ("", f"[venues.{key(word)}]")
                yield from self._venue(word[:120], "")
        else:
            yield from ("", "[venue]")
            yield from self._venue(name, self._venue_code)
        yield from ("", "[columns]")
        yield from self._columns(has_venues=len(venues) > 1)
        yield from ("", "[status]")
        yield from word_lines(Kind.BOOKINGS, "status", found.words.get("status", ()), self._locale)
        if not self._is_hotel:
            yield from self._sessions()
        yield from self._products()

    def _venue(self, name: str, code: str) -> Iterator[str]:
        there = self._here.get(name)
        kind = "hotel" if self._is_hotel else kind_of_place(name, self._found.sheet.header)
        if there is not None:
            said = Message("it is here under this code")
            code = code or there.code
            kind = there.kind if (there.kind == "hotel") is self._is_hotel else kind
        else:
            said = Message("as you said") if code else Message("its stable name: choose one")
        yield f"code = {quoted(code or _named_by_digest(name))}  {comment(said, self._locale)}"
        yield f"kind = {quoted(kind)}"
        yield f"name_zh = {quoted(name)}"
        yield f"timezone = {quoted(there.timezone if there else 'Asia/Shanghai')}"
        yield f"currency = {quoted(there.currency if there else 'CNY')}"

    def _columns(self, *, has_venues: bool) -> Iterator[str]:
        dated, line = self._dated, self._line
        if has_venues:
            yield from line("venue", "venue")
        yield from line("arrival", "date", dated("date"))
        if self._is_hotel and "departure" in self._by_field:
            yield from line("nights", "departure", dated("departure"))
        elif self._is_hotel:
            yield from self._needed("nights", "nights")
        else:
            for field in ("session", "starts", "ends"):
                yield from line(field, field)
        yield from line("quantity", "quantity")
        yield from line("product", "product")
        yield from self._needed("status", "status")
        yield from line("status_date", "status_date", dated("status_date"))
        yield from line("booked", "booked", dated("booked"))
        yield from self._price()
        if self._is_hotel:
            yield from self._needed("adults", "adults")
        for field in (
            "adults",
            "children",
            "babies",
            "name",
            "document_type",
            "document",
            "phone",
            "country",
        ):
            yield from line(field, field)
        for guess in self._found.proposal.columns:
            if guess.field not in self._used:
                said = guess.reason if guess.field is None else Message("it says {field}", field=guess.field)
                text = Message("{column}: {reason}", column=guess.column, reason=said)
                yield comment(text, self._locale)
        yield from choice_lines(self._found, self._locale)

    def _price(self) -> Iterator[str]:
        total = self._by_field.get("total")
        if total is None and "price" in self._by_field:
            per = "night" if self._is_hotel else "place"
            yield from self._line("price", "price", f'{{ column = {{column}}, per = "{per}" }}')
            return
        if total is not None and self._found.has_groups and not self._is_hotel:
            said = Message(
                'check: "order" where each row of a booking repeats its price, "stay" where it is the row\'s'
            )
            yield comment(said, self._locale)
        is_order = total is not None and self._found.has_groups and _OF_ORDERS.search(total.column.casefold())
        per = "order" if is_order and not self._is_hotel else "stay"
        yield from self._needed("price", "total", f'{{ column = {{column}}, per = "{per}" }}')

    def _line(self, name: str, field: str, form: str = "{column}") -> Iterator[str]:
        guess = self._by_field.get(field)
        if guess is not None and field not in self._used:
            self._used.add(field)
            yield f"{name} = {form.replace('{column}', quoted(guess.column))}  {why(guess, self._locale)}"

    def _needed(self, name: str, field: str, form: str = "{column}") -> Iterator[str]:
        """The same; without such a column, a line that somebody has to fill in."""
        if field in self._by_field:
            yield from self._line(name, field, form)
        else:
            asked = comment(Message("needed: which column says it?"), self._locale)
            yield f"# {name} = {form.replace('{column}', quoted('…'))}  {asked}"

    def _dated(self, field: str) -> str:
        formats = self._found.formats.get(field, ())
        return "{ column = {column}" + (f", formats = [{quoted(formats[0])}] }}" if formats else " }")

    def _sessions(self) -> Iterator[str]:
        """Those that do not spell when they are."""
        words = self._found.words.get("session", ()) if "session" in self._by_field else ()
        spelt = [span for word in words if (span := span_of(word)) is not None]
        for word in words:
            if span_of(word) is not None or time_of(word) is not None:
                continue
            if times := self._times(word, spelt):
                yield from ("", f"[sessions.{key(word)}]", *times)
            else:
                asked = comment(Message("needed: when is it?"), self._locale)
                yield from ("", f"# [sessions.{key(word)}]  {asked}", '# starts = "…"', '# ends = "…"')

    def _times(self, word: str, spelt: Sequence[Span]) -> list[str]:
        span = usual_span(word, spelt)
        if span is None:
            return []
        said = Message("please check: when {word} probably is", word=quoted(word))
        return [
            f'starts = "{span[0]:%H:%M}"  {comment(said, self._locale)}',
            f'ends = "{span[1]:%H:%M}"',
        ]

    def _products(self) -> Iterator[str]:
        if "product" not in self._by_field:
            kind = (
                "hotel" if self._is_hotel else kind_of_place(place_of(self._found), self._found.sheet.header)
            )
            code, chinese, english = _ONLY[kind]
            said = Message("no column says what is sold: every row is one of these")
            name = {DEFAULT: chinese, SOURCE: english}
            yield from ("", f"[products.{key(chinese)}]  {comment(said, self._locale)}")
            yield from (f"code = {quoted(code)}", f"name_zh = {quoted(name[DEFAULT])}")
            yield from (f"name_en = {quoted(name[SOURCE])}", 'capacity = "auto"')
        has_times = self._is_hotel or not self._by_field.keys().isdisjoint({"session", "starts"})
        for word in self._found.words.get("product", ()):
            yield from ("", f"[products.{key(word)}]")
            yield f"code = {quoted(_code(word))}"
            yield f"name_zh = {quoted(word)}"
            yield 'capacity = "auto"'
            if not has_times and span_of(word) is None and time_of(word) is None:
                yield from self._times(word, ())


def is_of_stays(found: Survey) -> bool:
    """Its rows are stays of a hotel, else visits: of an attraction, a restaurant, a shuttle."""
    columns = found.proposal.mapped()
    if not columns.keys().isdisjoint({"departure", "nights"}):
        return True
    return fold_name(columns.get("product", "")) in _ROOMS and "session" not in columns


def venues_of(found: Survey) -> tuple[str, ...]:
    """What the venues of a file are called."""
    several = found.words.get("venue", ())
    return several if len(several) > 1 else (place_of(found),)


def place_of(found: Survey) -> str:
    """The name of the place that an export is of: its only venue, what its title says, else the file's name."""
    venues = found.words.get("venue", ())
    if len(venues) == 1:
        return venues[0][:120]
    titles = [one.text for one in found.sheet.above if one.text.strip()]
    for raw in (*titles, found.sheet.path.name.split(".")[0]):
        text = " ".join(unicodedata.normalize("NFKC", raw).split())
        shorter = _OF_TITLES.sub("", _OF_TITLES.sub("", text)).strip(" -_:：")
        if shorter:
            return shorter[:120]
    return found.proposal.kind.value


def _named_by_digest(name: str) -> str:
    return f"venue-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _code(word: str) -> str:
    """A code for a product: its name where it can be one, else a digest of it."""
    text = re.sub(r"[^a-z0-9]+", "-", unicodedata.normalize("NFKC", word).casefold()).strip("-")
    return text[:64] if word.isascii() and text else f"p-{hashlib.sha256(word.encode()).hexdigest()[:8]}"
