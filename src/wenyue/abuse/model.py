"""The nouns of abuse detection: what counts as a sign, of whom, and the rules that turn many signs into a finding."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

DIGEST_LENGTH: Final = 32  # hexadecimal digits of a keyed digest
MANY: Final = "many:"  # the subject of signs that are too many to tell apart


class Pattern(StrEnum):
    """What is counted. The value is its name in the database, in figures and in commands."""

    GUESSED_SECRETS = "guessed-secrets"  # wrong passwords, PINs, codes
    SCANNED_IDS = "scanned-ids"  # asks for bookings, cards or visitors that are not there or not theirs
    FORGED_TOKENS = "forged-tokens"  # logins and vouchers that nobody issued
    REPLAYED_VOUCHERS = "replayed-vouchers"  # a voucher shown again after it was used
    ROTATED_ACCOUNTS = "rotated-accounts"  # one person booked by many accounts
    MANY_PERSONS = "many-persons"  # one account that books for many persons
    TRIED_DOCUMENTS = "tried-documents"  # one account that tries many documents: as visitors, or on its card
    TAKEN_DOCUMENTS = "taken-documents"  # one clerk who takes documents from accounts again and again
    WITHHELD_TEXTS = (
        "withheld-texts"  # texts about one account's bookings that the limits of texts did not let leave
    )


class Act(StrEnum):
    """What a block stops."""

    SIGN_IN = "sign-in"
    BOOK = "book"
    NOTHING = ""


_Count = Annotated[int, Meta(ge=1, le=1_000_000)]
_Seconds = Annotated[int, Meta(ge=60, le=86_400)]
_Block = Annotated[int, Meta(ge=0, le=30 * 86_400)]


class PatternRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `limit` signs of one subject within `window_s` on it is a finding, and blocked for `block_s` (0: only told)."""

    limit: _Count
    window_s: _Seconds
    block_s: _Block = 0


# Limits that a family, a counter or a shared connection of a hotel does not reach; an operator's own stand in abuse.rule.
SHIPPED: Final[dict[Pattern, PatternRule]] = {
    Pattern.GUESSED_SECRETS: PatternRule(40, 3_600, 3_600),
    Pattern.SCANNED_IDS: PatternRule(60, 3_600, 3_600),
    Pattern.FORGED_TOKENS: PatternRule(60, 3_600),
    Pattern.REPLAYED_VOUCHERS: PatternRule(5, 3_600),
    Pattern.ROTATED_ACCOUNTS: PatternRule(4, 86_400),
    Pattern.MANY_PERSONS: PatternRule(40, 86_400),
    Pattern.TRIED_DOCUMENTS: PatternRule(30, 86_400, 3_600),
    Pattern.TAKEN_DOCUMENTS: PatternRule(5, 86_400),
    Pattern.WITHHELD_TEXTS: PatternRule(20, 86_400),
}
STOPS: Final[dict[str, frozenset[Act]]] = {  # by kind of subject
    "address": frozenset({Act.SIGN_IN}),
    "local": frozenset(),
    "account": frozenset({Act.BOOK}),
    "person": frozenset(),
    "voucher": frozenset(),
    "gate": frozenset(),
    "staff": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Many signs of one subject. `subject` is kind and keyed digest."""

    pattern: Pattern
    subject: str
    count: int
    first_at: datetime
    last_at: datetime
    blocked_until: datetime | None

    @property
    def kind(self) -> str:
        """'address', 'local', 'account', 'person', 'voucher' or 'gate'."""
        return self.subject.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Block:
    """Somebody may not do something until an instant."""

    pattern: Pattern
    until: datetime


def blocked_until(rule: PatternRule, subject: str, now: datetime) -> datetime | None:
    """Until when a subject that passed `rule` is blocked; None when the rule, or the kind of subject, blocks nothing."""
    kind = subject.partition(":")[0]
    if not rule.block_s or not STOPS.get(kind):
        return None
    return now + timedelta(seconds=rule.block_s)


def read_rule(raw: str | bytes, pattern: Pattern) -> PatternRule:
    """An operator's rule. Raises ValueError naming pattern, field and bounds."""
    try:
        return msgspec.json.decode(raw, type=PatternRule)
    except (msgspec.ValidationError, msgspec.DecodeError) as problem:
        raise ValueError(f"{pattern}: {problem}") from problem
