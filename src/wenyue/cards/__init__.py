"""Cards: card types as data, entitlements, and the life of a card from issue to replacement.

Owns the PostgreSQL schema `cards`. A booking asks `decide_use` which entitlement pays, and `spend`s it; cards know
nothing about bookings.
"""

from wenyue.cards.model import (
    CardFacts,
    CardRefusal,
    CardRules,
    CardState,
    CardType,
    EntitlementFacts,
    Use,
    WantedUse,
)
from wenyue.cards.parse import RulesError, parse_rules, parse_type
from wenyue.cards.rules import bookable_from, decide_use, history_days
from wenyue.cards.store import (
    COMPANIONS_OF,
    ENTITLEMENTS_OF,
    LOCK_CARDS,
    LOCK_STATEMENTS,
    facts_from_rows,
    load_types,
    lock,
    save_type,
    save_types,
    shipped_types,
    spend,
)

__all__ = [
    "COMPANIONS_OF",
    "ENTITLEMENTS_OF",
    "LOCK_CARDS",
    "LOCK_STATEMENTS",
    "CardFacts",
    "CardRefusal",
    "CardRules",
    "CardState",
    "CardType",
    "EntitlementFacts",
    "RulesError",
    "Use",
    "WantedUse",
    "bookable_from",
    "decide_use",
    "facts_from_rows",
    "history_days",
    "load_types",
    "lock",
    "parse_rules",
    "parse_type",
    "save_type",
    "save_types",
    "shipped_types",
    "spend",
]
