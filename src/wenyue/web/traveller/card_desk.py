"""The traveller's cards: which one would pay, and how a card looks on a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from wenyue.application.keep_visitor import main_card
from wenyue.booking import Outcome, SlotView, on_card
from wenyue.cards import CardFacts, CardRules, CardState, CardView, cards_of, read_facts
from wenyue.platform.database.db import Tx
from wenyue.web.shared.card_numbers import masked_card_no
from wenyue.web.shared.i18n import Locale, pick, say_full_date, translator
from wenyue.web.traveller import views
from wenyue.web.traveller.context import Visit
from wenyue.web.traveller.views import BenefitView

_STATES: Final[Mapping[CardState, tuple[str, str, str]]] = {
    CardState.PRINTED: ("未出库", "Not released", "lock"),
    CardState.SHIPPED: ("待激活", "To activate", "clock"),
    CardState.ACTIVE: ("可使用", "Active", "check"),
    CardState.FROZEN: ("已挂失", "Reported lost", "lock"),
    CardState.REPLACED: ("已补卡", "Replaced", "x"),
    CardState.CANCELLED: ("已注销", "Cancelled", "x"),
    CardState.EXPIRED: ("已过期", "Expired", "clock"),
}
_PERSON_TYPES: Final = {
    "single": ("单人卡", "Single card"),
    "family": ("家庭卡", "Family card"),
    "parent_child": ("亲子卡", "Parent and child card"),
    "senior": ("老年卡", "Senior card"),
}
_SOON_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Bearer:
    """The card that would pay, and what its type decides."""

    card: CardFacts
    rules: CardRules


async def bearer_of(visit: Visit, tx: Tx) -> Bearer | None:
    """The card that would pay for the traveller's bookings: the newest active one, else one reported lost, else none."""
    if visit.traveller_id is None:
        return None
    held = await cards_of(tx, visit.services.vault, visit.traveller_id)
    card = main_card(held)
    if card is None:
        return None
    facts = await read_facts(tx, card.id)
    return Bearer(facts, card.rules) if facts is not None else None


async def refusals_of(
    visit: Visit, tx: Tx, slots: Sequence[SlotView], bearer: Bearer | None
) -> dict[int, Outcome] | None:
    """Why the card would not pay for its holder alone, by slot id; None without a card. Other bookings are counted in."""
    if bearer is None:
        return None
    judged = await on_card(
        tx,
        slots,
        card_id=bearer.card.id,
        holder_id=visit.holder_id,
        rulebook=visit.services.rulebook,
        now=visit.now,
    )
    return judged[1] if judged is not None else None


def card_view(card: CardView, holder: str, today: date, locale: Locale) -> views.CardView:
    """A card, masked, with what is left on it."""
    t = translator(locale)
    state = _STATES[card.state]
    is_over = card.state is CardState.ACTIVE and card.valid_to is not None and card.valid_to < today
    return views.CardView(
        id=card.id,
        name=pick(card.name_zh, card.name_en, locale),
        kind=t(*_PERSON_TYPES.get(card.rules.person_type, _PERSON_TYPES["single"])),
        number=masked_card_no(card.card_no),
        holder=holder,
        state=t("已过期", "Expired") if is_over else t(state[0], state[1]),
        icon="clock" if is_over else state[2],
        is_usable=card.state is CardState.ACTIVE and not is_over,
        validity=_validity(card, locale),
        benefits=tuple(_benefit(card, number, locale) for number in range(len(card.entitlements))),
        problem=_problem(card, today, locale),
    )


def _validity(card: CardView, locale: Locale) -> str:
    t = translator(locale)
    if card.valid_to is None:
        return t("首次使用起生效", "Starts with the first visit")
    return t("有效期至 {d}", "Valid until {d}", d=say_full_date(card.valid_to, locale))


def _benefit(card: CardView, number: int, locale: Locale) -> BenefitView:
    t, one = translator(locale), card.entitlements[number]
    name = pick(one.name_zh, one.name_en, locale)
    if one.granted is None or one.left is None:
        used = t("已用{n}次", "used {n} times", n=one.used) if one.used else ""
        return BenefitView(name, t("不限次", "Unlimited"), note=used)
    left = t("剩{n}次", "{n} left", n=one.left)
    return BenefitView(name, left, one.granted, one.left, t("共{n}次", "of {n}", n=one.granted))


def _problem(card: CardView, today: date, locale: Locale) -> str:
    t = translator(locale)
    if card.state is CardState.FROZEN:
        return t(
            "卡已挂失，不能用来预约；已有的预约凭证件原件仍可入园。",
            "Reported lost: it cannot book. Bookings you have still admit you with your document.",
        )
    if card.valid_from is not None and card.valid_from > today:
        return t("{d} 起可以使用。", "Can be used from {d}.", d=say_full_date(card.valid_from, locale))
    if card.valid_to is not None and 0 <= (card.valid_to - today).days <= _SOON_DAYS:
        return t(
            "还有{n}天到期，剩余次数请尽早使用。",
            "Expires in {n} days; use what is left in time.",
            n=(card.valid_to - today).days,
        )
    return ""
