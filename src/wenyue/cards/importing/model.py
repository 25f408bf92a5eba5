"""The nouns of importing cards: a batch of rows, what is known before it is decided, what is decided, what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from msgspec import Struct

from wenyue.accounts import Identity
from wenyue.accounts.claims import Claim
from wenyue.accounts.sealing import OpenedIdentity
from wenyue.cards.importing.store import CardHere, Imported, NamedType
from wenyue.cards.people import Validity
from wenyue.imports.cards import CardRow
from wenyue.imports.refusals import Refusal

PERSONAL: Final = frozenset({"holder", "name", "phone", "companions"})
ON_RECORD: Final = frozenset({"name", "phone"})  # they prove who somebody is when a card is lost


class Verdict(StrEnum):
    """What became of a row."""

    NEW = "new"
    CHANGED = "changed"
    KEPT = (
        "kept"  # the list says something else than the last time, and so does the card here: nothing was done
    )
    SAME = "same"
    REFUSED = "refused"


class Change(Struct, frozen=True):
    """One field that the list says otherwise. `before`, `after`: '' of what is personal. `is_applied`: changed here, too."""

    field: str
    before: str
    after: str
    is_applied: bool


class Outcome(Struct, frozen=True):
    """What became of one row. `card_id` None: it is not here."""

    verdict: Verdict
    card_id: int | None = None
    changes: tuple[Change, ...] = ()
    refusal: Refusal | None = None


class ImportCards(Struct, frozen=True):
    """Rows of one file, BATCH_MAX at most, each number once. `columns`: field → what the file calls it, for refusals."""

    source: str
    rows: Sequence[CardRow]
    columns: Mapping[str, str]
    is_dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known before a batch is decided. `identities`: of accounts, by id; `proven`: whose phone proved itself here."""

    types: Mapping[str, NamedType]
    imported: Mapping[str, Imported]
    loose: Mapping[str, Imported]
    taken: Mapping[str, int]
    here: Mapping[int, CardHere]
    identities: Mapping[int, OpenedIdentity]
    claims: Mapping[bytes, list[Claim]]
    names: Mapping[bytes, set[bytes]]
    opened: frozenset[int]
    proven: frozenset[int]
    today: date


@dataclass(slots=True, eq=False)
class NewAccount:
    """An account that is to be opened; its id once it is."""

    identity: Identity
    id: int = 0


@dataclass(frozen=True, slots=True)
class New:
    """A card that is not here, or (`card_id`) not in use yet, with the account of its holder."""

    validity: Validity
    account: "int | NewAccount | None"
    card_id: int | None = None
    applied: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """A card that is here. `card` None: it came from elsewhere, and nothing of it is changed."""

    card_id: int
    applied: frozenset[str]
    kept: frozenset[str]
    is_ours: bool = True


Decision = New | Known | Refusal


class Decided(Struct, frozen=True):
    """A row, what it says, what was said before, the card that is here, and what becomes of it."""

    row: CardRow
    said: dict[str, str]
    base: dict[str, str]
    here: CardHere | None
    decision: Decision
    outcome: Outcome
