"""What a card pays for. Pure, and on the path of every booking: the plain case takes a few microseconds."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from wenyue.cards.dates import validity_end
from wenyue.cards.model import (
    Blackout,
    CardFacts,
    CardRefusal,
    CardRules,
    CardState,
    EntitlementRule,
    HolidayNames,
    Limit,
    Scope,
    Use,
    WantedUse,
)

_BY_STATE: Final = {
    CardState.PRINTED: CardRefusal.CARD_NOT_ACTIVE,
    CardState.SHIPPED: CardRefusal.CARD_NOT_ACTIVE,
    CardState.FROZEN: CardRefusal.CARD_FROZEN,
    CardState.REPLACED: CardRefusal.CARD_DEAD,
    CardState.CANCELLED: CardRefusal.CARD_DEAD,
    CardState.EXPIRED: CardRefusal.CARD_EXPIRED,
}


def decide_use(
    rules: CardRules, card: CardFacts, want: WantedUse, calendar: HolidayNames, now_local: datetime
) -> int | CardRefusal:
    """The number of the entitlement that pays for `want`, or why none does (test with `isinstance(…, CardRefusal)`).

    A refusal is the smallest that applies to the card as a whole. Several entitlements may cover a venue: the first
    that can pay does, and if none can, the one that got furthest gives the reason (a full pool is less worth
    saying than a pool that opens again next week). Changes nothing: the caller notes a grant with `card.take`.
    """
    if card.state is not CardState.ACTIVE:
        return _BY_STATE[card.state]
    refusal = _outside_validity(rules, card, want.on_date)
    if refusal is not None:
        return refusal
    if rules.blackouts and _is_blacked_out(rules.blackouts, want, calendar):
        return CardRefusal.CARD_BLACKOUT
    covering = [
        (no, rule)
        for no, rule in enumerate(rules.entitlements)
        if no in card.entitlements and is_covered(rule.scope, want)
    ]
    if not covering:
        return CardRefusal.CARD_NOT_COVERED
    refusal = _wrong_moment(rules, want, now_local) or _wrong_people(rules, card, want)
    if refusal is not None:
        return refusal
    return _first_that_pays(rules, card, want, covering, now_local.date())


def may_cover(
    rules: CardRules, want: WantedUse, calendar: HolidayNames | None, entitlements: Collection[int]
) -> bool:
    """Whether one of these entitlements includes the venue and product, on a day that is not blacked out.

    For lists of what a card is good for: what else stands against one visit, `decide_use` says. `calendar` None: whatever
    the day.
    """
    if calendar is not None and rules.blackouts and _is_blacked_out(rules.blackouts, want, calendar):
        return False
    return any(is_covered(rules.entitlements[no].scope, want) for no in entitlements)


def is_covered(scope: Scope, want: WantedUse) -> bool:
    """Whether `scope` includes the wanted venue and product."""
    if (scope.codes or scope.tags) and not (
        want.venue_code in scope.codes or not scope.tags.isdisjoint(want.venue_tags)
    ):
        return False
    if want.venue_code in scope.except_codes:
        return False
    if scope.kinds and want.venue_kind not in scope.kinds:
        return False
    if scope.product_kinds and want.product_kind not in scope.product_kinds:
        return False
    return scope.gate == "any" or (scope.gate == "first") == want.is_first_gate


def bookable_from(rules: CardRules, on_date: date, now_local: datetime) -> datetime | None:
    """The local instant (in the zone of `now_local`) from which the card can book `on_date`; None: always could."""
    if rules.release is None:
        return None
    day = on_date - timedelta(days=rules.release.days)
    return datetime.combine(day, rules.release.time, tzinfo=now_local.tzinfo)


def history_days(rules: CardRules) -> int | None:
    """How many days before and after a visit the uses matter to `decide_use`; None: the card's whole life."""
    limits = [limit for rule in rules.entitlements for limit in rule.limits] + list(rules.limits)
    if any(limit.per == "card" for limit in limits):
        return None
    if rules.validity.starts == "first_use" or rules.open_max is not None:
        return None
    spans = {"day": 0, "week": 6, "month": 30, "card": 0}
    intervals = [max(rule.interval_days - 1, 0) for rule in rules.entitlements]
    return max([spans[limit.per] for limit in limits] + intervals, default=0)


def _outside_validity(rules: CardRules, card: CardFacts, day: date) -> CardRefusal | None:
    if card.valid_from is not None and day < card.valid_from:
        return CardRefusal.CARD_NOT_YET_VALID
    if card.valid_to is not None and day > card.valid_to:
        return CardRefusal.CARD_EXPIRED
    if card.valid_from is not None:
        return None
    if rules.validity.starts != "first_use":
        return CardRefusal.CARD_NOT_YET_VALID
    # The length counts from the earliest visit, which may be the wanted one: all visits must fit one such window.
    first = min([day, *(use.on_date for use in card.uses)])
    last = max([day, *(use.on_date for use in card.uses)])
    end = validity_end(rules.validity, first)
    return CardRefusal.CARD_EXPIRED if end is not None and last > end else None


def _is_blacked_out(blackouts: Sequence[Blackout], want: WantedUse, calendar: HolidayNames) -> bool:
    day = want.on_date
    for blackout in blackouts:
        if blackout.scope is not None and not is_covered(blackout.scope, want):
            continue
        if blackout.holiday:
            if blackout.holiday in calendar.holiday_names(day):
                return True
        elif blackout.from_md:
            if in_month_days(day, blackout.from_md, blackout.to_md):
                return True
        elif blackout.from_date and blackout.to_date and blackout.from_date <= day <= blackout.to_date:
            return True
    return False


def in_month_days(day: date, from_md: str, to_md: str) -> bool:
    """Whether `day` lies in the yearly range MM-DD to MM-DD, both included, New Year crossed if they are reversed."""
    month_day = f"{day.month:02}-{day.day:02}"
    if from_md <= to_md:
        return from_md <= month_day <= to_md
    return month_day >= from_md or month_day <= to_md


def _wrong_moment(rules: CardRules, want: WantedUse, now_local: datetime) -> CardRefusal | None:
    lead = rules.lead
    if lead.minutes and want.starts_at - now_local < timedelta(minutes=lead.minutes):
        return CardRefusal.CARD_LEAD_TIME
    if lead.days:
        ahead = (want.on_date - now_local.date()).days
        is_cut_off = ahead == lead.days and lead.until is not None and now_local.time() >= lead.until
        if ahead < lead.days or is_cut_off:
            return CardRefusal.CARD_LEAD_TIME
    opens = bookable_from(rules, want.on_date, now_local) if rules.release is not None else None
    return CardRefusal.CARD_LEAD_TIME if opens is not None and now_local < opens else None


def _wrong_people(rules: CardRules, card: CardFacts, want: WantedUse) -> CardRefusal | None:
    if rules.admits != "anyone":
        for key in want.person_keys:
            if key != card.holder_key and (rules.admits == "holder" or key not in card.companions):
                return CardRefusal.CARD_PERSON
    if rules.needs_holder and want.person_keys and card.holder_key not in want.person_keys:
        return CardRefusal.CARD_PERSON
    return CardRefusal.CARD_PARTY if want.quantity > rules.party_max else None


def _first_that_pays(
    rules: CardRules,
    card: CardFacts,
    want: WantedUse,
    covering: Sequence[tuple[int, EntitlementRule]],
    today: date,
) -> int | CardRefusal:
    uses = card.uses
    overall = _limit_reached(rules.limits, uses, want, None) if rules.limits else None
    furthest = CardRefusal.CARD_UNKNOWN
    for no, rule in covering:
        refusal = _cannot_pay(rule, card, want, no)
        if overall is not None and (refusal is None or overall < refusal):
            refusal = overall
        if refusal is None:
            if rules.open_max is not None and _open_reservations(uses, today) >= rules.open_max:
                return CardRefusal.CARD_OPEN_RESERVATION
            return no
        furthest = max(furthest, refusal)
    return furthest


def _cannot_pay(rule: EntitlementRule, card: CardFacts, want: WantedUse, no: int) -> CardRefusal | None:
    facts = card.entitlements[no]
    if facts.granted is not None and facts.used + want.quantity > facts.granted:
        return CardRefusal.CARD_EXHAUSTED
    uses = card.uses
    if not uses and not rule.limits:
        return None
    refusal = _limit_reached(rule.limits, uses, want, no)
    if refusal is not None and refusal < CardRefusal.CARD_INTERVAL:
        return refusal
    if rule.interval_days:
        for use in uses:
            near = abs((use.on_date - want.on_date).days) < rule.interval_days
            if near and use.entitlement_no == no and use.venue_id == want.venue_id:
                return CardRefusal.CARD_INTERVAL
    return refusal


def _limit_reached(
    limits: Sequence[Limit], uses: Sequence[Use], want: WantedUse, no: int | None
) -> CardRefusal | None:
    """The smallest refusal among `limits`, counting the uses of entitlement `no` (None: of all)."""
    smallest: CardRefusal | None = None
    for limit in limits:
        left = limit.max - want.quantity
        for use in uses:
            if (
                (no is None or use.entitlement_no == no)
                and (limit.by == "all" or use.venue_id == want.venue_id)
                and _is_same_period(limit.per, use.on_date, want.on_date)
            ):
                left -= use.quantity
        if left < 0:
            refusal = _limit_refusal(limit)
            smallest = refusal if smallest is None else min(smallest, refusal)
    return smallest


def _is_same_period(per: str, one: date, other: date) -> bool:
    if per == "card" or one == other:
        return True
    if per == "week":  # day 1 of the ordinal calendar is a Monday
        return (one.toordinal() - 1) // 7 == (other.toordinal() - 1) // 7
    return per == "month" and one.month == other.month and one.year == other.year


def _limit_refusal(limit: Limit) -> CardRefusal:
    if limit.per == "card":
        return CardRefusal.CARD_EXHAUSTED
    if limit.per == "day" and limit.by == "venue":
        return CardRefusal.CARD_SAME_VENUE_DAY
    return CardRefusal.CARD_PERIOD


def _open_reservations(uses: Sequence[Use], today: date) -> int:
    return sum(1 for use in uses if use.on_date >= today and not use.is_redeemed)
