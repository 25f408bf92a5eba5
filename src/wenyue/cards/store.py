"""Reading, locking and spending cards: the part of the slice that every booking goes through."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final, LiteralString

import msgspec
from psycopg.types.json import Jsonb

from wenyue.cards.model import CardFacts, CardRules, CardState, CardType, EntitlementFacts
from wenyue.cards.parse import RulesError, parse_rules, parse_type, stored
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.cards")
LOCK_CARDS: Final[LiteralString] = _SQL["lock_cards"]
ENTITLEMENTS_OF: Final[LiteralString] = _SQL["entitlements_of"]
COMPANIONS_OF: Final[LiteralString] = _SQL["companions_of"]

_STATES: Final = {int(state): state for state in CardState}  # calling an enum costs a microsecond per card
_CardRow = tuple[int, str, int, date | None, date | None, bytes | None, int | None]


async def read_facts(tx: Tx, card_id: int) -> CardFacts | None:
    """One card as it is now, unlocked and with `uses` empty: for showing what it pays for, never for a decision."""
    ids = {"ids": [card_id]}
    async with tx.pipeline():
        card = await tx.execute(_SQL["read_cards"], ids)
        entitlements = await tx.execute(ENTITLEMENTS_OF, ids)
        companions = await tx.execute(COMPANIONS_OF, ids)
    facts = facts_from_rows(await card.fetchall(), await entitlements.fetchall(), await companions.fetchall())
    return facts.get(card_id)


def facts_from_rows(
    cards: Iterable[tuple[Any, ...]],
    entitlements: Iterable[tuple[Any, ...]],
    companions: Iterable[tuple[Any, ...]],
) -> dict[int, CardFacts]:
    """The facts in the rows of LOCK_CARDS, ENTITLEMENTS_OF and COMPANIONS_OF, by card id; `uses` stays empty.

    The statements take `%(ids)s` (bigint[]) and are exported for callers that pipeline them. A card that
    came into being between the statements is left out.
    """
    facts: dict[int, CardFacts] = {}
    row: _CardRow
    for row in cards:
        facts[row[0]] = CardFacts(row[0], row[1], _STATES[row[2]], row[3], row[4], row[5], row[6])
    for card_id, no, granted, used in entitlements:
        if card_id in facts:
            facts[card_id].entitlements[no] = EntitlementFacts(granted, used)
    for card_id, person_key in companions:
        if card_id in facts:
            facts[card_id].companions |= {person_key}
    return facts


async def spend(tx: Tx, deltas: Mapping[tuple[int, int], int]) -> None:
    """Add `deltas` {(card id, entitlement no.): entries} to what is used (negative: give back), in one statement.

    The cards must be locked. Overdrawing breaks a CHECK (psycopg.errors.CheckViolation): a defect of the caller.
    """
    rows = [{"c": card_id, "e": no, "n": n} for (card_id, no), n in sorted(deltas.items()) if n]
    if rows:
        await tx.execute(_SQL["spend"], {"deltas": msgspec.json.encode(rows).decode()})


async def load_types(tx: Tx) -> dict[str, CardRules]:
    """The rules of every card type by code. Raises RulesError when a stored one does not parse."""
    rows = await (await tx.execute(_SQL["load_types"])).fetchall()
    return {code: parse_rules(rules) for code, rules in rows}


async def read_types(tx: Tx, last_good: Mapping[str, CardRules]) -> tuple[dict[str, CardRules], list[str]]:
    """Like `load_types`, but a mistyped card type stays as it is in `last_good`, else as shipped; and what is wrong.

    One that was never good and is not shipped is left out: its cards cannot pay until it is mended.
    """
    types, problems = dict[str, CardRules](), list[str]()
    for code, rules in await (await tx.execute(_SQL["load_types"])).fetchall():
        try:
            types[code] = parse_rules(rules)
        except RulesError as error:
            problems.append(f"cards.card_type {code!r}: {error}")
            if code in last_good:
                types[code] = last_good[code]
            elif code in shipped_types():
                types[code] = shipped_types()[code].rules
    return types, problems


async def save_types(tx: Tx) -> int:
    """Load the card types that this program ships; returns how many were new or changed. Raises RulesError."""
    changed = 0
    for card_type in shipped_types().values():
        changed += await save_type(tx, card_type)
    return changed


async def save_type(tx: Tx, card_type: CardType) -> int:
    """Add or change one (parsed) card type; 1 when anything changed, else 0."""
    row = {
        "code": card_type.code,
        "name": Jsonb(card_type.name),
        "source": card_type.source,
        "rules": msgspec.json.encode(stored(card_type.rules), order="deterministic").decode(),
    }
    return (await tx.execute(_SQL["save_type"], row)).rowcount


@cache
def shipped_types() -> dict[str, CardType]:
    """The card types in this program's files, by code. Raises RulesError, naming the file."""
    found: dict[str, CardType] = {}
    for path in sorted(files("wenyue.cards").joinpath("types").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".json"):
            try:
                card_type = parse_type(path.read_bytes())
            except RulesError as error:
                raise RulesError(f"{path.name}: {error}") from None
            found[card_type.code] = card_type
    return found
