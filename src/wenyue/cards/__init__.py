"""Cards: card types as data, entitlements, and the life of a card from issue to replacement.

Owns the PostgreSQL schema `cards`. A booking asks `decide_use` which entitlement pays, and `spend`s it; cards know
nothing about bookings. Functions take a transaction and never commit; a `Denied` answer is committed too, since it may
have counted a wrong PIN.
"""

from wenyue.cards import bringing_types, importing, recovery
from wenyue.cards.activation import ActivationRequest, activate, issue, judge, sign_in, with_tries
from wenyue.cards.changes import add_companion, begin_validity, remove_companion
from wenyue.cards.loss import Replaced, lift_loss, replace, report_loss
from wenyue.cards.model import CardFacts, CardRefusal, CardRules, CardState, Use, WantedUse
from wenyue.cards.parse import parse_rules
from wenyue.cards.people import CardProblem, Denied
from wenyue.cards.recovery import CounterRefusal, prove_by_staff
from wenyue.cards.rules import decide_use, history_days, may_cover
from wenyue.cards.store import (
    COMPANIONS_OF,
    ENTITLEMENTS_OF,
    LOCK_CARDS,
    facts_from_rows,
    read_facts,
    read_types,
    save_types,
    spend,
)
from wenyue.cards.views import CardView, cards_of

__all__ = [
    "COMPANIONS_OF",
    "ENTITLEMENTS_OF",
    "LOCK_CARDS",
    "ActivationRequest",
    "CardFacts",
    "CardProblem",
    "CardRefusal",
    "CardRules",
    "CardState",
    "CardView",
    "CounterRefusal",
    "Denied",
    "Replaced",
    "Use",
    "WantedUse",
    "activate",
    "add_companion",
    "begin_validity",
    "bringing_types",
    "cards_of",
    "decide_use",
    "facts_from_rows",
    "history_days",
    "importing",
    "issue",
    "judge",
    "lift_loss",
    "may_cover",
    "parse_rules",
    "prove_by_staff",
    "read_facts",
    "read_types",
    "recovery",
    "remove_companion",
    "replace",
    "report_loss",
    "save_types",
    "sign_in",
    "spend",
    "with_tries",
]
