"""A venue's page with its calendar."""

from datetime import date, timedelta
from typing import Final

from starlette.responses import Response

from wenyue.booking import LineView, availability
from wenyue.catalogue import (
    OpeningHours,
    Product,
    Venue,
    opening_hours,
    products,
    venue,
)
from wenyue.catalogue.picturing import pictures
from wenyue.core.clock import local_date
from wenyue.locale import text_in, translations
from wenyue.platform.database.db import Tx
from wenyue.policy import Preset
from wenyue.web.shared import whole_number
from wenyue.web.shared.forms import parse_day
from wenyue.web.shared.i18n import Locale
from wenyue.web.traveller.calendar_views import CALENDAR_DAYS, CalendarFacts, calendar_view
from wenyue.web.traveller.card_desk import Bearer, bearer_of, refusals_of
from wenyue.web.traveller.context import TravellerContext, get, with_query
from wenyue.web.traveller.picture_pages import picture_view
from wenyue.web.traveller.views import ProductTab, venue_view

_BIGGEST_ID: Final = 2**63 - 1


async def show_venue(context: TravellerContext) -> Response:
    """A venue: facts, rules, calendar, and the sessions of the chosen day."""
    code = str(context.request.path_params["code"])
    async with context.reading() as tx:
        place = await venue(tx, code)
        if place is None or not place.is_active:
            return context.not_found()
        offered = await products(tx, place.id)
        shown = (await pictures(tx, [place.id])).get(place.id, [])
        hours = await opening_hours(tx, place.id)
        wanted = whole_number(context.request.query_params.get("product", ""), 1, _BIGGEST_ID)
        product = next((one for one in offered if one.id == wanted), offered[0] if offered else None)
        bearer = await bearer_of(context, tx)
        facts = None if product is None else await calendar_facts(context, tx, place, product, bearer)
    tabs = [
        ProductTab(
            with_query(f"/venues/{place.code}", {"product": one.id}) + "#calendar",
            text_in(one.name, context.locale),
            product is not None and one.id == product.id,
        )
        for one in offered
    ]
    preset = context.services.presets.get(product.policy_code) if product else None
    return context.page(
        "venue",
        tab="venues",
        venue=venue_view(place, context.locale),
        gallery=[picture_view(one, context.locale) for one in shown],
        hours=_say_hours(hours, local_date(context.now, place.timezone), context.locale),
        rules=_rules(preset, context.locale) if preset else (),
        products=tabs,
        view=calendar_view(facts, context.locale) if facts else None,
    )


async def calendar_facts(
    context: TravellerContext,
    tx: Tx,
    place: Venue,
    product: Product,
    bearer: Bearer | None,
    *,
    href: str = "",
    moving: LineView | None = None,
) -> CalendarFacts:
    """The facts of the calendar for one product, read now. `moving`: the line that looks for another place."""
    today = local_date(context.now, place.timezone)
    slots = await availability(tx, product.id, today, today + timedelta(days=CALENDAR_DAYS - 1), context.now)
    return CalendarFacts(
        venue=place,
        product=product,
        slots=slots,
        holidays=context.services.calendar,
        refusals=await refusals_of(context, tx, slots, bearer),
        read_at=context.now,
        now=context.services.clock(),
        chosen=parse_day(context.request.query_params.get("day", "")),
        href=href or f"/venues/{place.code}",
        moving=moving,
    )


def _say_hours(hours: list[OpeningHours], today: date, locale: Locale) -> str:
    gettext = translations(locale).gettext
    if not hours:
        return ""
    now = next((one for one in hours if one.weekday == today.weekday()), None)
    if now is None:
        return gettext("Closed today")
    return gettext(
        "Today {a}–{b}, last entry {c}",
        a=f"{now.opens:%H:%M}",
        b=f"{now.closes:%H:%M}",
        c=f"{now.last_entry:%H:%M}",
    )


def _rules(preset: Preset, locale: Locale) -> list[str]:
    """The preset in the words of a notice board."""
    texts = translations(locale)
    gettext = texts.gettext
    days, at = preset.release_days, f"{preset.release_time:%H:%M}"
    rules = [
        texts.ngettext(
            "Booking opens {n} day ahead at {at}", "Booking opens {n} days ahead at {at}", days, at=at
        )
    ]
    if not preset.same_day_booking:
        rules.append(gettext("No same-day booking"))
    rules.append(texts.ngettext("{n} person per booking", "Up to {n} people per booking", preset.party_max))
    if preset.person_rule == "venue_day":
        rules.append(gettext("One visit per document per day"))
    if preset.minor_age_max is not None:
        rules.append(gettext("Ages {n} and under only with an adult", n=preset.minor_age_max))
    if preset.exempt_from_age is not None:
        rules.append(gettext("Ages {n} and over don't need a booking", n=preset.exempt_from_age))
    return rules


routes = [get("/venues/{code}", show_venue)]
