"""A venue's page: what it is, when there are places, and what booking one means for whoever reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from starlette.responses import Response

from wenyue.booking import Outcome, SlotState, SlotView
from wenyue.cards import CardRefusal, decide_use
from wenyue.catalogue import opening_hours, products, venue
from wenyue.catalogue.picturing import pictures
from wenyue.core.clock import local_date, zone
from wenyue.locale import Message, text_in, translations
from wenyue.policy import CancelTerms, Preset, cancel_terms
from wenyue.web.shared import whole_number
from wenyue.web.shared.i18n import Locale, say_money
from wenyue.web.traveller.calendar_reading import calendar_facts
from wenyue.web.traveller.calendar_views import CalendarFacts, calendar_view
from wenyue.web.traveller.card_desk import Bearer, bearer_of, use_of
from wenyue.web.traveller.context import TravellerContext, get, with_query
from wenyue.web.traveller.near_views import near_views
from wenyue.web.traveller.picture_pages import picture_view
from wenyue.web.traveller.venue_facts import facts_view
from wenyue.web.traveller.views import ProductTab, venue_view
from wenyue.web.wording.house_rules import RuleView, VisitFacts, house_rules

_BIGGEST_ID: Final = 2**63 - 1
_BOOKABLE: Final = (SlotState.PLENTY, SlotState.TIGHT)
_UNITS: Final = {
    "session": Message.in_context("price", "Each person"),
    "night": Message.in_context("price", "A room and night"),
    "table": Message.in_context("price", "A table"),
    "seat": Message.in_context("price", "A seat"),
}
_TIMES: Final = {
    "day": Message.in_context("card", "{n} a day"),
    "week": Message.in_context("card", "{n} a week"),
    "month": Message.in_context("card", "{n} a month"),
    "card": Message.in_context("card", "{n} in all"),
}


@dataclass(frozen=True, slots=True)
class PayView:
    """What a place costs whoever reads. `card` '': no card pays here; `uses`: what of the card it takes."""

    price: str
    unit: str
    card: str = ""
    uses: str = ""


async def show_venue(context: TravellerContext) -> Response:
    """A venue: facts, rules, calendar, and the sessions of the chosen day."""
    code = str(context.request.path_params["code"])
    async with context.reading() as tx:
        place = await venue(tx, code)
        if place is None or not place.is_active:
            return context.not_found()
        offered = await products(tx, place.id)
        shown = (await pictures(tx, [place.id])).get(place.id, [])
        near = await near_views(context, tx, place)
        week = await opening_hours(tx, place.id)
        wanted = whole_number(context.request.query_params.get("product", ""), 1, _BIGGEST_ID)
        product = next((one for one in offered if one.id == wanted), offered[0] if offered else None)
        bearer = await bearer_of(context, tx)
        facts = None if product is None else await calendar_facts(context, tx, place, product, bearer)
    day = context.request.query_params.get("day", "")
    tabs = [
        ProductTab(
            with_query(f"/venues/{place.code}", {"product": one.id, "day": day}) + "#calendar",
            text_in(one.name, context.locale),
            product is not None and one.id == product.id,
        )
        for one in offered
    ]
    today = local_date(context.now, place.timezone)
    view = calendar_view(facts, context.locale) if facts else None
    preset = context.services.presets.get(product.policy_code) if product else None
    chosen = date.fromisoformat(view.chosen) if view else today
    return context.page(
        "venue",
        tab="venues",
        venue=venue_view(place, context.locale),
        gallery=[picture_view(one, context.locale) for one in shown],
        near=near,
        about=facts_view(place, week, facts.slots if facts else (), today, context.locale),
        rules=rules_of(preset, facts, chosen, context.locale) if preset and facts else (),
        pay=pay_view(facts, chosen, bearer, context) if facts else None,
        products=tabs,
        view=view,
        signed_in=context.traveller_id is not None,
    )


def rules_of(preset: Preset, facts: CalendarFacts, chosen: date, locale: Locale) -> tuple[RuleView, ...]:
    """The rules of the product shown, with what is special about the chosen day and those around it."""
    timezone, by_day = facts.venue.timezone, dict[date, list[SlotView]]()
    for slot in facts.slots:
        by_day.setdefault(slot.on_date, []).append(slot)
    closed = [
        (day, slots[0].reason)
        for day, slots in sorted(by_day.items())
        if day.weekday() not in preset.closed_weekdays
        and all(slot.state is SlotState.CLOSED for slot in slots)
    ]
    off = facts.refusals or {}
    off_card = [
        day
        for day, slots in sorted(by_day.items())
        if all(off.get(slot.slot_id) is Outcome.CARD_BLACKOUT for slot in slots)
    ]
    terms = _terms(preset, by_day.get(chosen, ()), chosen, timezone, facts)
    return house_rules(preset, facts.product, VisitFacts(terms, timezone, closed, off_card), locale)


def _terms(
    preset: Preset, slots: Sequence[SlotView], chosen: date, timezone: str, facts: CalendarFacts
) -> CancelTerms | None:
    """Of the sessions of the day that can still be cancelled, the strictest: what is said holds for each of them."""
    found = [
        cancel_terms(preset, chosen, one.starts_at, timezone, facts.now)
        for one in slots
        if one.state in _BOOKABLE
    ]
    allowed = [one for one in found if one.is_allowed]
    return min(allowed or found, key=lambda one: one.until, default=None)


def pay_view(
    facts: CalendarFacts, chosen: date, bearer: Bearer | None, context: TravellerContext
) -> PayView | None:
    """What a place on the chosen day costs, and what the card gives for it; None when nothing can be booked then."""
    slots = [one for one in facts.slots if one.on_date == chosen and one.state in _BOOKABLE]
    if not slots:
        return None
    texts = translations(context.locale)
    least, most = min(one.price_minor for one in slots), max(one.price_minor for one in slots)
    price = say_money(least, context.locale, slots[0].currency) if least else texts.gettext("Free")
    if most > least:
        price = texts.gettext("from {price}", price=price)
    unit = _UNITS[facts.product.kind].say(context.locale)
    paid = [one for one in slots if facts.refusals is not None and one.slot_id not in facts.refusals]
    if bearer is None or not paid:
        return PayView(price, unit)
    return PayView(price, unit, texts.gettext("On your card"), _uses(facts, paid[0], bearer, context))


def _uses(facts: CalendarFacts, slot: SlotView, bearer: Bearer, context: TravellerContext) -> str:
    """What the card's entitlement allows: how often, or how much of it is left."""
    use = use_of(facts.venue, facts.product, slot)
    rulebook = context.services.rulebook
    verdict = decide_use(
        bearer.rules, bearer.card, use, rulebook.calendar, context.now.astimezone(zone(rulebook.timezone))
    )
    if isinstance(verdict, CardRefusal):
        return ""
    return say_uses(bearer, verdict, context.locale)


def say_uses(bearer: Bearer, number: int, locale: Locale) -> str:
    """`2 left`, `1 a day`, or nothing where the entitlement has no bounds."""
    texts, kept = translations(locale), bearer.card.entitlements[number]
    if kept.granted is not None:
        return texts.pgettext("uses", "{n} left", n=max(0, kept.granted - kept.used))
    limits = (*bearer.rules.entitlements[number].limits, *bearer.rules.limits)
    return _TIMES[limits[0].per].filled(n=limits[0].max).say(locale) if limits else ""


routes: Final = [get("/venues/{code}", show_venue)]
