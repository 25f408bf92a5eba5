"""Cards from another system, many at once: what is known of them, what is written, what is remembered for the next time.

They come without a PIN (NO_SECRET): whoever holds one signs in by document, phone and a code. The transaction is the caller's.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import msgspec

from wenyue.accounts import Identity, sealing
from wenyue.accounts.importing import NO_SECRET
from wenyue.cards.model import CardRules, CardState
from wenyue.cards.parse import parse_rules
from wenyue.core.personal import Vault
from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.cards", "importing.sql")
_PAGE: Final = 2_000


class NumberTaken(Exception):
    """A number was given to another card since it was looked at: the batch is to be done again."""


@dataclass(frozen=True, slots=True)
class NamedType:
    """A card type with everything it and its entitlements are called."""

    code: str
    names: Texts
    entitlement_names: tuple[Texts, ...]
    rules: CardRules


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import left of a card: `said` of the last list."""

    card_no: str
    loose: str
    card_id: int
    said: dict[str, str]


@dataclass(frozen=True, slots=True)
class CardHere:
    """A card as it is. `remaining`: of entitlements that count entries."""

    id: int
    type_code: str
    state: CardState
    issued_at: datetime
    valid_from: date | None
    valid_to: date | None
    holder_id: int | None
    holder_key: bytes | None
    companions: tuple[bytes, ...]
    remaining: dict[int, int]


@dataclass(frozen=True, slots=True)
class BroughtCard:
    """A card to be written. `remaining`: the entitlements that it gets; None: as many entries as one likes."""

    card_no: str
    type_code: str
    state: CardState
    issued_at: datetime
    valid_from: date | None
    valid_to: date | None
    holder_id: int | None
    holder_key: bytes | None
    companions: tuple[Identity, ...]
    remaining: Mapping[int, int | None]


@dataclass(frozen=True, slots=True)
class Left:
    """What is remembered of one card. `holder_id`: of an account that this import opened, or None."""

    card_no: str
    loose: str
    card_id: int
    holder_id: int | None
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ExportedCard:
    """A card as a list shows it. `companions` are sealed; `remaining`: None where entries are not counted."""

    id: int
    card_no: str
    type_code: str
    state: CardState
    issued_at: datetime
    valid_from: date | None
    valid_to: date | None
    holder_id: int | None
    companions: tuple[bytes, ...]
    remaining: dict[int, int | None]


async def named_types(tx: Tx) -> dict[str, NamedType]:
    """The card types by code. Raises RulesError when a stored one does not parse."""
    found: dict[str, NamedType] = {}
    for code, name, raw in await (await tx.execute(_SQL["type_names"])).fetchall():
        rules = parse_rules(raw)
        of_entitlements = tuple(dict(one.name) for one in rules.entitlements)
        found[code] = NamedType(code, dict(name), of_entitlements, rules)
    return found


async def one_at_a_time(tx: Tx) -> None:
    """No other import writes cards until the transaction ends."""
    await tx.execute(_SQL["one_at_a_time"])


async def imported_of(tx: Tx, source: str, looses: Collection[str]) -> list[Imported]:
    """What earlier imports of the source left of numbers that a person could take for one of these."""
    rows = await tx.execute(_SQL["imported_of"], {"source": source, "looses": list(looses)})
    return [Imported(*row) for row in await rows.fetchall()]


async def numbers_taken(tx: Tx, card_nos: Collection[str]) -> dict[str, int]:
    """Which of these numbers a card has, or had before it was replaced; its id."""
    rows = await tx.execute(_SQL["numbers_taken"], {"card_nos": list(card_nos)})
    return dict(await rows.fetchall())


async def lock_cards(tx: Tx, ids: Collection[int]) -> None:
    """Nobody signs in with these cards, books on them or changes them until the transaction ends."""
    await tx.execute(_SQL["lock_cards"], {"ids": list(ids)})


async def cards_here(tx: Tx, ids: Collection[int]) -> dict[int, CardHere]:
    """The cards as they are, by id."""
    rows = await (await tx.execute(_SQL["cards_here"], {"ids": list(ids)})).fetchall()
    found: dict[int, CardHere] = {}
    for id_, code, state, issued, first, last, holder_id, holder_key, companions, remaining in rows:
        found[id_] = CardHere(
            id_,
            code,
            CardState(state),
            issued,
            first,
            last,
            holder_id,
            None if holder_key is None else bytes(holder_key),
            tuple(bytes(one) for one in companions),
            {int(no): left for no, left in remaining.items()},
        )
    return found


async def opened_by_imports(tx: Tx, account_ids: Collection[int]) -> set[int]:
    """Of these accounts those that an import opened."""
    rows = await tx.execute(_SQL["opened_by_imports"], {"ids": list(account_ids)})
    return {row[0] for row in await rows.fetchall()}


async def add_cards(tx: Tx, vault: Vault, cards: Sequence[BroughtCard], now: datetime) -> list[int]:
    """Write new cards; their ids, in their order. Raises NumberTaken."""
    if not cards:
        return []
    ids = [row[0] for row in await (await tx.execute(_SQL["new_ids"], {"n": len(cards)})).fetchall()]
    rows = [
        _row(card, id_, now)
        | {"card_no": card.card_no, "type_code": card.type_code, "issued_at": card.issued_at}
        for id_, card in zip(ids, cards, strict=True)
    ]
    written = {"cards": _json(rows), "pin_hash": NO_SECRET}
    if (await tx.execute(_SQL["add_cards"], written)).rowcount < len(cards):
        raise NumberTaken
    await _add_what_hangs_on(tx, vault, ids, cards)
    return ids


async def hand_over(tx: Tx, vault: Vault, cards: Mapping[int, BroughtCard], now: datetime) -> None:
    """Locked cards that nobody had are in use now, with their holders."""
    if cards:
        rows = [_row(card, id_, now) for id_, card in cards.items()]
        await tx.execute(_SQL["hand_over"], {"cards": _json(rows)})
        await _add_what_hangs_on(tx, vault, list(cards), list(cards.values()))


async def change_cards(tx: Tx, cards: Sequence[CardHere]) -> None:
    """State, issue and validity of locked cards become these."""
    rows = [
        {
            "id": card.id,
            "state": card.state,
            "issued_at": card.issued_at,
            "valid_from": card.valid_from,
            "valid_to": card.valid_to,
        }
        for card in cards
    ]
    if rows:
        await tx.execute(_SQL["change_cards"], {"cards": _json(rows)})


async def grant(tx: Tx, remaining: Mapping[tuple[int, int], int | None]) -> None:
    """What is left of entitlements, by (card id, number).

    What was used elsewhere was never booked here: it is not granted, so that what is used stays what was booked.
    """
    rows = [{"card_id": id_, "no": no, "remaining": left} for (id_, no), left in remaining.items()]
    if rows:
        await tx.execute(_SQL["grant"], {"entitlements": _json(rows)})


async def put_companions(tx: Tx, vault: Vault, added: Sequence[tuple[int, Identity]]) -> None:
    """Named persons of cards: (card id, who)."""
    if added:
        row = {
            "card_ids": [id_ for id_, _ in added],
            "person_keys": [vault.person_key(one.document.key) for _, one in added],
            "sealed": [sealing.seal_identity(vault, one, purpose=sealing.COMPANION) for _, one in added],
        }
        await tx.execute(_SQL["add_companions"], row)


async def drop_companions(tx: Tx, gone: Sequence[tuple[int, bytes]], now: datetime) -> None:
    """They leave the cards: (card id, person key)."""
    if gone:
        row = {"card_ids": [id_ for id_, _ in gone], "person_keys": [key for _, key in gone], "now": now}
        await tx.execute(_SQL["remove_companions"], row)


async def note_imported(tx: Tx, source: str, left: Sequence[Left], now: datetime) -> None:
    """Remember what was left of these cards."""
    if left:
        rows = [msgspec.to_builtins(one) | {"said": dict(one.said)} for one in left]
        await tx.execute(_SQL["note_imported"], {"source": source, "rows": _json(rows), "now": now})


async def imported_numbers(tx: Tx, source: str) -> AsyncIterator[str]:
    """The numbers that imports of the source brought, in order."""
    after = ""
    while True:
        bounds = {"source": source, "after": after, "limit": _PAGE}
        rows = await (await tx.execute(_SQL["imported_after"], bounds)).fetchall()
        for (number,) in rows:
            yield number
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]


async def read_one_moment(tx: Tx) -> None:
    """Before anything is read in a transaction: all of it is of one moment."""
    await tx.execute(_SQL["one_moment"])


async def count_cards(tx: Tx) -> int:
    """How many cards there are."""
    [(count,)] = await (await tx.execute(_SQL["count_cards"])).fetchall()
    return int(count)


async def export_page(tx: Tx, after: int, limit: int) -> list[ExportedCard]:
    """The next cards by id, at most `limit`."""
    rows = await (await tx.execute(_SQL["exported"], {"after": after, "limit": limit})).fetchall()
    return [
        ExportedCard(
            id_,
            card_no,
            type_code,
            CardState(state),
            issued_at,
            valid_from,
            valid_to,
            holder_id,
            tuple(bytes(one) for one in companions),
            {int(no): left for no, left in remaining.items()},
        )
        for id_, card_no, type_code, state, issued_at, valid_from, valid_to, holder_id, companions, remaining in rows
    ]


async def _add_what_hangs_on(tx: Tx, vault: Vault, ids: Sequence[int], cards: Sequence[BroughtCard]) -> None:
    both = list(zip(ids, cards, strict=True))
    await grant(tx, {(id_, no): left for id_, card in both for no, left in card.remaining.items()})
    await put_companions(tx, vault, [(id_, one) for id_, card in both for one in card.companions])


def _row(card: BroughtCard, id_: int, now: datetime) -> dict[str, object]:
    return {
        "id": id_,
        "state": card.state,
        "activated_at": now if card.holder_id is not None else None,
        "valid_from": card.valid_from,
        "valid_to": card.valid_to,
        "holder_id": card.holder_id,
        "holder_key": None if card.holder_key is None else card.holder_key.hex(),
    }


def _json(rows: object) -> str:
    return msgspec.json.encode(rows).decode()
