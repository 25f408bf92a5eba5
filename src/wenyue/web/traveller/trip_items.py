"""The items of a trip with what the database says about them now, and as lines on a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from wenyue.accounts import VisitorRecord, visitors
from wenyue.booking import (
    Outcome,
    SlotState,
    SlotView,
    availability,
)
from wenyue.cards import CardRefusal, WantedUse, decide_use
from wenyue.catalogue import Product, Venue, product, venues_by_id
from wenyue.core.clock import zone
from wenyue.locale import text_in
from wenyue.platform.database.db import Tx
from wenyue.web.shared.i18n import say_date, say_money, say_span
from wenyue.web.traveller.card_desk import Bearer, bearer_of, refusals_of, use_of
from wenyue.web.traveller.context import TravellerContext, with_query
from wenyue.web.traveller.trip import (
    TripItem,
)
from wenyue.web.traveller.views import KIND_ICONS, LineView
from wenyue.web.traveller.visit_views import say_quantity
from wenyue.web.wording.outcomes import WORDS


@dataclass(frozen=True, slots=True)
class Chosen:
    """One item of the trip with what the database says about it now; `pays` None: nobody asked a card."""

    item: TripItem
    venue: Venue
    product: Product
    slot: SlotView
    quantity: int
    pays: int | Outcome | None

    @property
    def is_on_card(self) -> bool:
        """A card entitlement pays."""
        return self.pays is not None and not isinstance(self.pays, Outcome)

    @property
    def due_minor(self) -> int:
        """What is to be paid on site, in minor units."""
        return 0 if self.is_on_card else self.slot.price_minor * self.quantity


async def choose(
    context: TravellerContext,
    tx: Tx,
    items: Sequence[TripItem],
    going: Sequence[VisitorRecord],
    on_site: frozenset[int] = frozenset(),
) -> list[Chosen]:
    """The items that still exist, with their slots as they are now, and whether the card would pay.

    `on_site`: slots that the traveller would rather pay for on site.
    """
    bearer = await bearer_of(context, tx)
    offered: dict[int, Product] = {}
    slots: dict[int, SlotView] = {}
    for product_id in dict.fromkeys(item.product_id for item in items):
        found = await product(tx, product_id)
        if found is None:
            continue
        offered[product_id] = found
        span = [item.on_date for item in items if item.product_id == product_id]
        last = min(max(span), min(span) + timedelta(days=60))
        slots |= {
            one.slot_id: one for one in await availability(tx, product_id, min(span), last, context.now)
        }
    places = await venues_by_id(tx, sorted({one.venue_id for one in offered.values()}))
    keys = tuple(one.person_key for one in going)
    refusals = await refusals_of(
        context, tx, [slots[item.slot_id] for item in items if item.slot_id in slots], bearer
    )
    chosen: list[Chosen] = []
    for item in items:
        slot, one = slots.get(item.slot_id), offered.get(item.product_id)
        if slot is None or one is None:
            continue
        quantity = max(1, len(going)) if one.needs_visitors else item.count
        place = places[one.venue_id]
        pays = None
        if bearer is not None and item.slot_id not in on_site:
            pays = _verdict(
                context, bearer, (refusals or {}).get(item.slot_id), use_of(place, one, slot, quantity, keys)
            )
        chosen.append(Chosen(item, place, one, slot, quantity, pays))
    return sorted(chosen, key=lambda one: (one.slot.starts_at, one.slot.slot_id))


async def going_of(context: TravellerContext, tx: Tx, ids: Sequence[int]) -> list[VisitorRecord]:
    """The visitors of these ids that are on the traveller's own list, in this order, each once."""
    known = {one.id: one for one in await visitors(tx, context.services.vault, context.holder_id)}
    return [known[one] for one in dict.fromkeys(ids) if one in known]


def _verdict(
    context: TravellerContext, bearer: Bearer, refused: Outcome | None, use: WantedUse
) -> int | Outcome:
    """The entitlement that would pay for this party, or why none does: first what stands against the holder alone."""
    if refused is not None:
        return refused
    local = context.now.astimezone(zone(context.services.rulebook.timezone))
    verdict = decide_use(bearer.rules, bearer.card, use, context.services.calendar, local)
    return Outcome(int(verdict)) if isinstance(verdict, CardRefusal) else verdict


def line_of(context: TravellerContext, one: Chosen) -> LineView:
    """One item as a line: what is due, who pays, and what stands against it."""
    gettext, locale, place = context.gettext, context.locale, one.venue
    due = say_money(one.due_minor, locale, one.slot.currency) if one.due_minor else ""
    pays = gettext("On your card") if one.is_on_card else gettext("Pay on site") if due else gettext("Free")
    if isinstance(one.pays, Outcome):
        pays += gettext(" (card: {x})", x=WORDS[one.pays].title.say(locale))
    problem = ""
    if one.slot.state not in (SlotState.PLENTY, SlotState.TIGHT):
        problem = gettext("This session can't be booked right now. Remove it or choose another.")
    elif one.slot.left < one.quantity:
        problem = context.ngettext("Only {n} place is left.", "Only {n} places are left.", one.slot.left)
    return LineView(
        slot_id=one.slot.slot_id,
        kind=place.kind,
        icon=KIND_ICONS[place.kind],
        title=text_in(place.name, locale),
        product=text_in(one.product.name, locale),
        when=f"{say_date(one.slot.on_date, locale)} {time_of(context, one)}",
        quantity=say_quantity(one.product.kind, one.quantity, locale),
        price=due,
        pays=pays,
        pays_tone="good" if one.is_on_card else "",
        pays_icon="card" if one.is_on_card else "check",
        problem=problem,
    )


def expired_text(context: TravellerContext, chosen: Sequence[Chosen], going: Sequence[VisitorRecord]) -> str:
    """Whose document ends before a visit that is booked by name, and what to do; '' when nobody's is known to."""
    days = [one.slot.on_date for one in chosen if one.product.needs_visitors]
    for one in going:
        if one.expires_on is None or not days or one.expires_on >= max(days):
            continue
        day = min(day for day in days if day > one.expires_on)
        return context.gettext(
            "The document of {who} is valid until {last} and not on the day of the visit, {day}. "
            "Choose an earlier day, or add {who} again with the new document.",
            who=one.name.reveal(),
            last=say_date(one.expires_on, context.locale),
            day=say_date(day, context.locale),
        )
    return ""


def time_of(context: TravellerContext, one: Chosen) -> str:
    """The session's time on the venue's clock."""
    if one.product.kind == "night":
        starts = one.slot.starts_at.astimezone(zone(one.venue.timezone))
        return context.gettext("check-in {a:%H:%M}", a=starts)
    return say_span(one.slot.starts_at, one.slot.ends_at, one.venue.timezone)


def review_path(on_site: frozenset[int]) -> str:
    """The review with these slots paid on site."""
    return with_query("/trip/review", {"onsite": "-".join(map(str, sorted(on_site)))})
