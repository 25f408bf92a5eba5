"""What somebody asks of the list of places: read from the address, where it lives, and written into the next one. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, get_args

from wenyue.booking.slots.outlook import PARTY_MAX
from wenyue.catalogue import VenueKind
from wenyue.core.limits import SEARCH_TEXT_MAX
from wenyue.locale import translations
from wenyue.web.shared.forms import FieldError, parse_day, whole_number
from wenyue.web.shared.i18n import Locale, say_date
from wenyue.web.traveller.context import with_query

AHEAD_DAYS: Final = 60  # so far ahead a day may be asked for
STRIP_DAYS: Final = 14
_BIGGEST_ID: Final = 2**63 - 1
_SEEN_MAX: Final = 20_000
_PROVINCE_LENGTH_MAX: Final = 20
_TYPED_MAX: Final = 64  # of a field that is shown again as it was typed
_POINT: Final = re.compile(r"(-?\d{1,2}(?:\.\d{1,6})?),(-?\d{1,3}(?:\.\d{1,6})?)")
_SORTS: Final = ("soon", "near")


@dataclass(frozen=True, slots=True)
class PlacesQuery:
    """What is asked for. `day` None: whichever; `sort` '': as found. `origin`: from where, as typed.

    `after`: the last venue of the page before, `seen` how many there were up to it.
    """

    text: str = ""
    province: str = ""
    kind: VenueKind | None = None
    day: date | None = None
    party: int = 1
    is_free: bool = False
    is_card: bool = False
    sort: str = ""
    origin: str = ""
    after: int = 0
    seen: int = 0

    @property
    def href(self) -> str:
        """Its address."""
        return with_query("/venues", self.fields | {"after": self.after or "", "seen": self.seen or ""})

    @property
    def fields(self) -> dict[str, object]:
        """Its fields in an address, without the page."""
        return {
            "q": self.text,
            "province": self.province,
            "kind": self.kind or "",
            "day": self.day.isoformat() if self.day else "",
            "party": self.party if self.party > 1 else "",
            "free": "1" if self.is_free else "",
            "card": "1" if self.is_card else "",
            "sort": self.sort,
            "from": self.origin,
        }

    @property
    def point(self) -> tuple[float, float] | None:
        """Where `origin` is when it names no place but a point: latitude and longitude in degrees, to a kilometre."""
        found = _POINT.fullmatch(self.origin)
        if found is None:
            return None
        latitude, longitude = round(float(found[1]), 2), round(float(found[2]), 2)
        return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None

    def first_page(self) -> "PlacesQuery":
        """The same from the beginning."""
        return replace(self, after=0, seen=0)


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """A query with what could not be read: it is left out of the query, said at its field, and shown as it was typed."""

    query: PlacesQuery
    errors: tuple[FieldError, ...]
    day: str
    party: str

    def with_error(self, field: str, text: str) -> "ReadQuery":
        """The same with one more thing to mend."""
        return replace(self, errors=(*self.errors, FieldError(field, text)))


def read_query(raw: Mapping[str, str], today: date, locale: Locale) -> ReadQuery:
    """The query in an address."""
    errors: list[FieldError] = []
    typed_day, typed_party = (
        _clean(raw.get("day", ""))[:_TYPED_MAX],
        _clean(raw.get("party", ""))[:_TYPED_MAX],
    )
    query = PlacesQuery(
        text=_clean(raw.get("q", ""))[:SEARCH_TEXT_MAX],
        province=_clean(raw.get("province", ""))[:_PROVINCE_LENGTH_MAX],
        kind=kind_of(raw.get("kind", "")),
        day=_day(typed_day, today, locale, errors),
        party=_party(typed_party, locale, errors),
        is_free=raw.get("free") == "1",
        is_card=raw.get("card") == "1",
        sort=raw.get("sort", "") if raw.get("sort") in _SORTS else "",
        origin=_clean(raw.get("from", ""))[:SEARCH_TEXT_MAX],
        after=whole_number(raw.get("after", ""), 1, _BIGGEST_ID) or 0,
        seen=whole_number(raw.get("seen", ""), 1, _SEEN_MAX) or 0,
    )
    if query.sort == "near" and not query.origin:
        gettext = translations(locale).gettext
        errors.append(
            FieldError("from", gettext("Say from where: a city, a province or a place, such as West Lake"))
        )
    return ReadQuery(query, tuple(errors), typed_day, typed_party)


def strip_of(query: PlacesQuery, today: date) -> tuple[date, ...]:
    """The dates to choose from: from today on, or around a day that is later."""
    first = today
    if query.day is not None and query.day >= today + timedelta(days=STRIP_DAYS):
        first = query.day - timedelta(days=STRIP_DAYS // 2)
    return tuple(first + timedelta(days=n) for n in range(STRIP_DAYS))


def kind_of(raw: str) -> VenueKind | None:
    """The venue kind that `raw` names."""
    for kind in get_args(VenueKind):
        if raw == kind:
            return kind
    return None


def _day(typed: str, today: date, locale: Locale, errors: list[FieldError]) -> date | None:
    if not typed:
        return None
    gettext, day, last = translations(locale).gettext, parse_day(typed), today + timedelta(days=AHEAD_DAYS)
    if day is None:
        example = (today + timedelta(days=1)).isoformat()
        errors.append(
            FieldError(
                "day", gettext("“{x}” is not a date. Write it like {example}", x=typed, example=example)
            )
        )
    elif day < today:
        said = say_date(day, locale)
        errors.append(FieldError("day", gettext("{d} is over. Choose today or a later day", d=said)))
    elif day > last:
        said = say_date(last, locale)
        errors.append(
            FieldError("day", gettext("So far ahead nothing is planned. Choose a day up to {d}", d=said))
        )
    else:
        return day
    return None


def _party(typed: str, locale: Locale, errors: list[FieldError]) -> int:
    if not typed:
        return 1
    party = whole_number(typed, 1, PARTY_MAX)
    if party is None:
        gettext = translations(locale).gettext
        errors.append(
            FieldError("party", gettext("How many people? Write a number from 1 to {n}", n=PARTY_MAX))
        )
    return party or 1


def _clean(raw: str) -> str:
    return "".join(character for character in raw.strip() if character.isprintable())
