"""The traveller's cards: which one would pay, and how a card looks on a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from wenyue.application.keep_visitor import main_card
from wenyue.booking import Outcome, SlotView, on_card
from wenyue.cards import CardFacts, CardRules, CardState, CardView, WantedUse, cards_of, read_facts
from wenyue.catalogue import Product, Venue
from wenyue.core.clock import zone
from wenyue.locale import Message, text_in, translations
from wenyue.platform.database.db import Tx
from wenyue.web.shared.card_numbers import masked_card_no
from wenyue.web.shared.i18n import Locale, say_full_date
from wenyue.web.traveller import views
from wenyue.web.traveller.context import TravellerContext
from wenyue.web.traveller.views import BenefitView

_EXPIRED: Final = Message.in_context("card", "Expired")
_STATES: Final[Mapping[CardState, tuple[Message, str]]] = {
    CardState.PRINTED: (Message("Not on sale yet"), "lock"),
    CardState.SHIPPED: (Message("Not activated"), "clock"),
    CardState.ACTIVE: (Message("Active"), "check"),
    CardState.FROZEN: (Message("Reported lost"), "lock"),
    CardState.REPLACED: (Message("Replaced"), "x"),
    CardState.CANCELLED: (Message.in_context("card", "Cancelled"), "x"),
    CardState.EXPIRED: (_EXPIRED, "clock"),
}
_PERSON_TYPES: Final = {
    "single": Message("Single card"),
    "family": Message("Family card"),
    "parent_child": Message("Parent and child card"),
    "senior": Message("Senior card"),
}
_SOON_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Bearer:
    """The card that would pay, and what its type decides."""

    card: CardFacts
    rules: CardRules


async def bearer_of(context: TravellerContext, tx: Tx) -> Bearer | None:
    """The card that would pay for the traveller's bookings: the newest active one, else one reported lost, else none."""
    if context.traveller_id is None:
        return None
    held = await cards_of(tx, context.services.vault, context.traveller_id)
    card = main_card(held)
    if card is None:
        return None
    facts = await read_facts(tx, card.id)
    return Bearer(facts, card.rules) if facts is not None else None


async def refusals_of(
    context: TravellerContext,
    tx: Tx,
    slots: Sequence[SlotView],
    bearer: Bearer | None,
    giving_up: Sequence[tuple[int, date, int, int]] = (),
) -> dict[int, Outcome] | None:
    """Why the card would not pay for its holder alone, by slot id; None without a card. Other bookings are counted in."""
    if bearer is None:
        return None
    judged = await on_card(
        tx,
        slots,
        card_id=bearer.card.id,
        holder_id=context.holder_id,
        rulebook=context.services.rulebook,
        now=context.now,
        giving_up=giving_up,
    )
    return judged[1] if judged is not None else None


def use_of(
    place: Venue, item: Product, slot: SlotView, quantity: int = 1, keys: tuple[bytes, ...] = ()
) -> WantedUse:
    """What a card is asked to pay: places of a session, for these persons where it takes names."""
    return WantedUse(
        venue_id=place.id,
        venue_code=place.code,
        venue_kind=place.kind,
        venue_tags=frozenset(place.tags),
        product_kind=item.kind,
        is_first_gate=item.is_first_gate,
        on_date=slot.on_date,
        starts_at=slot.starts_at.astimezone(zone(place.timezone)),
        quantity=quantity,
        person_keys=keys if item.needs_visitors else (),
    )


def card_view(card: CardView, holder: str, today: date, locale: Locale) -> views.CardView:
    """A card, masked, with what is left on it."""
    state = _STATES[card.state]
    is_over = card.state is CardState.ACTIVE and card.valid_to is not None and card.valid_to < today
    return views.CardView(
        id=card.id,
        name=text_in(card.name, locale),
        kind=_PERSON_TYPES.get(card.rules.person_type, _PERSON_TYPES["single"]).say(locale),
        number=masked_card_no(card.card_no),
        holder=holder,
        state=_EXPIRED.say(locale) if is_over else state[0].say(locale),
        icon="clock" if is_over else state[1],
        is_usable=card.state is CardState.ACTIVE and not is_over,
        validity=_validity(card, locale),
        benefits=tuple(_benefit(card, number, locale) for number in range(len(card.entitlements))),
        problem=_problem(card, today, locale),
    )


def _validity(card: CardView, locale: Locale) -> str:
    gettext = translations(locale).gettext
    if card.valid_to is None:
        return gettext("Valid from your first visit")
    return gettext("Valid until {d}", d=say_full_date(card.valid_to, locale))


def _benefit(card: CardView, number: int, locale: Locale) -> BenefitView:
    gettext, one = translations(locale).gettext, card.entitlements[number]
    name = text_in(one.name, locale)
    if one.granted is None or one.left is None:
        used = translations(locale).ngettext("used once", "used {n} times", one.used) if one.used else ""
        return BenefitView(name, gettext("Unlimited"), note=used)
    left = translations(locale).pgettext("uses", "{n} left", n=one.left)
    return BenefitView(
        name, left, one.granted, one.left, translations(locale).pgettext("traveller", "of {n}", n=one.granted)
    )


def _problem(card: CardView, today: date, locale: Locale) -> str:
    gettext = translations(locale).gettext
    if card.state is CardState.FROZEN:
        return gettext(
            "Reported lost, so it can't be used to book. You can still use your bookings with your document."
        )
    if card.valid_from is not None and card.valid_from > today:
        return gettext("Can be used from {d}.", d=say_full_date(card.valid_from, locale))
    if card.valid_to is not None and 0 <= (card.valid_to - today).days <= _SOON_DAYS:
        days = (card.valid_to - today).days
        if days == 0:
            return gettext("Expires today. Use any visits left.")
        return translations(locale).ngettext(
            "Expires tomorrow. Use any visits left.",
            "Expires in {n} days. Use any visits left by then.",
            days,
        )
    return ""
