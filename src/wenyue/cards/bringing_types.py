"""Card types that an operator brings: what each means beside those that are here, and their writing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wenyue.cards.model import CardRules, CardType
from wenyue.cards.parse import RulesError, parse_rules, parse_type
from wenyue.cards.store import save_type, shipped_types
from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, queries

__all__ = [
    "TYPES_PER_CALL_MAX",
    "CardType",
    "RulesError",
    "Standing",
    "TypeHere",
    "bring_types",
    "compare",
    "parse_type",
    "shipped_types",
]
TYPES_PER_CALL_MAX: Final = 200
_SQL: Final = queries("wenyue.cards")


class Standing(StrEnum):
    """What a card type is beside those that are here."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    HELD = "held"  # somebody has a card of it, and its entitlements are others: it is not taken


@dataclass(frozen=True, slots=True)
class TypeHere:
    """A card type of this installation. `rules` None: what is stored does not parse. `is_held`: there are cards of it."""

    name: Texts
    source: str
    rules: CardRules | None
    is_held: bool


def compare(wanted: CardType, here: TypeHere | None) -> Standing:
    """Pure. Cards count their entries by entitlement: while there are any, neither their order nor their number changes."""
    if here is None:
        return Standing.NEW
    if (here.name, here.source, here.rules) == (wanted.name, wanted.source, wanted.rules):
        return Standing.SAME
    if here.is_held and here.rules is not None and _counted(here.rules) != _counted(wanted.rules):
        return Standing.HELD
    return Standing.CHANGED


def _counted(rules: CardRules) -> list[int | None]:
    return [one.granted for one in rules.entitlements]


async def bring_types(tx: Tx, wanted: Sequence[CardType], *, is_dry_run: bool) -> list[Standing]:
    """What each is here, in order; all that are new or changed are written, unless one is HELD. The caller commits.

    At most TYPES_PER_CALL_MAX, each code once.
    """
    rows = await (await tx.execute(_SQL["types_here"], {"codes": [one.code for one in wanted]})).fetchall()
    here = {
        code: TypeHere(name, source, _read(rules), is_held) for code, name, source, rules, is_held in rows
    }
    found = [compare(one, here.get(one.code)) for one in wanted]
    if not is_dry_run and Standing.HELD not in found:
        for one, standing in zip(wanted, found, strict=True):
            if standing is not Standing.SAME:
                await save_type(tx, one)
    return found


def _read(rules: str) -> CardRules | None:
    try:
        return parse_rules(rules)
    except RulesError:
        return None
