"""Card types, cards and wishes for the tests of the rules: plain values around one day, changed where a test says so."""

from datetime import UTC, date, datetime, time
from typing import Any

from msgspec.structs import replace

from wenyue.cards import CardFacts, CardRefusal, CardRules, CardState, Use, WantedUse, decide_use, parse_rules
from wenyue.cards.model import EntitlementFacts

HOLDER, SPOUSE, STRANGER = b"h" * 16, b"s" * 16, b"x" * 16
DAY = date(2026, 11, 25)  # a Wednesday
LAKE, MOUNTAIN = 1, 2


def at(*parts: int) -> datetime:
    """A wall-clock instant; which zone does not matter here, only that it is one."""
    return datetime(*parts, tzinfo=UTC)


NOW = at(2026, 11, 22, 12, 0)


class Holidays:
    """The calendar of these tests: one holiday."""

    def holiday_names(self, day: date, /) -> frozenset[str]:
        """Seven days of it."""
        return frozenset({"国庆节"} if date(2026, 10, 1) <= day <= date(2026, 10, 7) else set[str]())


CALENDAR = Holidays()


def rules_of(**changes: Any) -> CardRules:
    """A type with one pool without limits, with these fields changed."""
    pool: dict[str, Any] = {"name_zh": "次", "name_en": "visits"}
    return parse_rules({"validity": {"months": 12}, "entitlements": [pool], **changes})


def pools(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """One pool for each of these changes."""
    return [{"name_zh": "次", "name_en": "visits", **change} for change in changes]


def card_of(rules: CardRules, *uses: Use, **changes: Any) -> CardFacts:
    """The holder's active card of this type, after these uses."""
    entitlements = {no: EntitlementFacts(rule.granted, 0) for no, rule in enumerate(rules.entitlements)}
    card = CardFacts(
        1, "t", CardState.ACTIVE, date(2026, 1, 1), date(2026, 12, 31), HOLDER, 7, frozenset(), entitlements
    )
    card = replace(card, **changes)
    for use in uses:
        card.take(use)
    return card


def want(venue_id: int = LAKE, on_date: date = DAY, quantity: int = 1, **changes: Any) -> WantedUse:
    """A visit of the holder to a venue at nine o'clock, with these fields changed."""
    use = WantedUse(
        venue_id,
        f"venue-{venue_id}",
        "attraction",
        frozenset({"5a", f"v{venue_id}"}),
        "session",
        is_first_gate=True,
        on_date=on_date,
        starts_at=datetime.combine(on_date, time(9), tzinfo=UTC),
        quantity=quantity,
        person_keys=(HOLDER,),
    )
    return replace(use, **changes)


def ask(rules: CardRules, card: CardFacts, use: WantedUse, now: datetime = NOW) -> int | CardRefusal:
    """The pool that pays for it, or why none does."""
    return decide_use(rules, card, use, CALENDAR, now)
