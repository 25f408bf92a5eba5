"""The catalogue over JSON: venues by search and province, a venue with its products, one product. Needs no login."""

import base64
import binascii
from datetime import time
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from wenyue import catalogue
from wenyue.catalogue import (
    OpeningHours,
    Product,
    Venue,
    VenueKind,
    opening_hours,
    product,
    products,
    venue,
    venues_by_id,
)
from wenyue.core.limits import PAGE_SIZE, PAGE_SIZE_MAX, SEARCH_TEXT_MAX
from wenyue.locale import DEFAULT, SOURCE, text_in
from wenyue.web.api.asking import LocaleOf, ServicesOf
from wenyue.web.shared.problem import RequestRefused

router: Final = APIRouter(prefix="/v1", tags=["catalogue"])
_CACHED: Final = {"Cache-Control": "public, max-age=60", "Vary": "Accept-Language"}
_ID_BYTES: Final = 8
_TEXT: Final = (
    "words in any order: of a name, another name, a city or province, the summary; Chinese of either script, "
    "pinyin or its first letters"
)


class VenueAnswer(BaseModel):
    """A place with gates of its own. `name` and `summary` are in the caller's language; coordinates WGS 84.

    `aliases`: other names by which people look for it. `tags` holds `romanised-name` where `name_en` was made from the
    Chinese name, for want of an established one.
    """

    code: str
    kind: str
    name: str
    name_zh: str
    name_en: str
    province: str
    city: str
    latitude: float | None
    longitude: float | None
    level: str
    timezone: str
    tags: list[str]
    aliases: list[str]
    summary: str
    is_demo: bool


class VenuePage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    items: list[VenueAnswer]
    next: str | None


class ProductAnswer(BaseModel):
    """Something that is sold by the slot; money in minor units (分), a slot may have its own price.

    `needs_visitors`: every place carries a named person. `person_rule`: once per venue and day, once per slot, or none.
    """

    id: int
    venue_code: str
    code: str
    kind: str
    name: str
    name_zh: str
    name_en: str
    price_minor: int
    currency: str
    policy_code: str
    needs_visitors: bool
    person_rule: str


class HoursAnswer(BaseModel):
    """Wall times of one weekday (Monday 0); a weekday that is missing is closed."""

    weekday: int
    opens: time
    closes: time
    last_entry: time


class VenueDetail(VenueAnswer):
    """A venue with its week, what it sells, and what somebody who comes wants to know, in the caller's language.

    In `directions`, `access` and `sights` a semicolon ends one and begins the next; what nobody wrote is empty.
    """

    address: str
    entrance: str
    directions: str
    access: str
    sights: str
    hours_note: str
    phone: str
    opening_hours: list[HoursAnswer]
    products: list[ProductAnswer]


@router.get("/venues")
async def venue_list(
    *,
    services: ServicesOf,
    locale: LocaleOf,
    response: Response,
    text: Annotated[str, Query(max_length=SEARCH_TEXT_MAX, description=_TEXT)] = "",
    province: Annotated[
        str, Query(max_length=SEARCH_TEXT_MAX, description="the province's name, in full")
    ] = "",
    kind: Annotated[VenueKind | None, Query(description="one kind only")] = None,
    cursor: Annotated[str, Query(max_length=16, description="`next` of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE,
) -> VenuePage:
    """Active venues in a stable order: those that `text` finds, the best first; what is added meanwhile appears nowhere twice."""
    async with services.db.reading() as tx:
        find = partial(catalogue.searching.found_venues, tx, text)
        found = await find(province=province or None, kind=kind, after=_after(cursor), limit=limit)
        last = found[-1][0] if found else 0
        more = len(found) == limit and await find(province=province or None, kind=kind, after=last, limit=1)
    response.headers.update(_CACHED)
    items = [VenueAnswer(**_venue(one, locale)) for _, one in found]
    return VenuePage(items=items, next=_cursor(last) if more else None)


@router.get("/venues/{code}")
async def venue_detail(
    code: Annotated[str, Path(max_length=100)], services: ServicesOf, locale: LocaleOf, response: Response
) -> VenueDetail:
    """The venue with its opening hours and products; GET /v1/availability has the slots."""
    async with services.db.reading() as tx:
        found = await venue(tx, code)
        if found is None or not found.is_active:
            raise RequestRefused(404, "not_found")
        week = await opening_hours(tx, found.id)
        sold = await products(tx, found.id)
    response.headers.update(_CACHED)
    return VenueDetail(
        **_venue(found, locale),
        **_facts(found, locale),
        opening_hours=[_hours(day) for day in week],
        products=[_product(one, found.code, locale) for one in sold],
    )


@router.get("/products/{product_id}")
async def product_detail(
    product_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
    services: ServicesOf,
    locale: LocaleOf,
    response: Response,
) -> ProductAnswer:
    """The product and the venue that sells it."""
    async with services.db.reading() as tx:
        found = await product(tx, product_id)
        at = await venues_by_id(tx, [found.venue_id]) if found is not None else {}
    if found is None or not found.is_active or not at[found.venue_id].is_active:
        raise RequestRefused(404, "not_found")
    response.headers.update(_CACHED)
    return _product(found, at[found.venue_id].code, locale)


def _cursor(venue_id: int) -> str:
    return base64.urlsafe_b64encode(venue_id.to_bytes(_ID_BYTES, "big")).rstrip(b"=").decode()


def _after(cursor: str) -> int:
    """The id that a cursor stands for. Raises RequestRefused (422)."""
    if not cursor:
        return 0
    try:
        raw = base64.b64decode(cursor + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    after = int.from_bytes(raw, "big", signed=True)
    if len(raw) != _ID_BYTES or after < 0:
        raise RequestRefused(422, "bad_cursor")
    return after


def _venue(one: Venue, locale: str) -> dict[str, Any]:
    return {
        "code": one.code,
        "kind": one.kind,
        "name": text_in(one.name, locale),
        "name_zh": text_in(one.name, DEFAULT),
        "name_en": one.name.get(SOURCE, ""),
        "province": one.province,
        "city": one.city,
        "latitude": one.latitude,
        "longitude": one.longitude,
        "level": one.level,
        "timezone": one.timezone,
        "tags": list(one.tags),
        "aliases": list(one.aliases),
        "summary": text_in(one.summary, locale),
        "is_demo": one.is_demo,
    }


def _product(one: Product, venue_code: str, locale: str) -> ProductAnswer:
    return ProductAnswer(
        id=one.id,
        venue_code=venue_code,
        code=one.code,
        kind=one.kind,
        name=text_in(one.name, locale),
        name_zh=text_in(one.name, DEFAULT),
        name_en=one.name.get(SOURCE, ""),
        price_minor=one.price_minor,
        currency=one.currency,
        policy_code=one.policy_code,
        needs_visitors=one.needs_visitors,
        person_rule=one.person_rule,
    )


def _facts(one: Venue, locale: str) -> dict[str, Any]:
    said = {name: text_in(texts, locale) for name, texts in one.facts.texts.items()}
    return said | {"phone": one.facts.phone}


def _hours(day: OpeningHours) -> HoursAnswer:
    return HoursAnswer(weekday=day.weekday, opens=day.opens, closes=day.closes, last_entry=day.last_entry)
