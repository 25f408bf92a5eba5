"""A batch of imported cards is looked at: what is there of them, under locks where it is going to be written; and decided."""

from collections.abc import Mapping, Sequence
from datetime import date

from wenyue.accounts import importing as accounts
from wenyue.cards import recovery
from wenyue.cards.importing import store
from wenyue.cards.importing.deciding import Decider, here_of, said_of
from wenyue.cards.importing.model import (
    ON_RECORD,
    PERSONAL,
    Change,
    Decided,
    Decision,
    Facts,
    ImportCards,
    New,
    Outcome,
    Verdict,
)
from wenyue.cards.importing.store import CardHere
from wenyue.core.personal import Vault
from wenyue.imports.cards import CardRow
from wenyue.imports.refusals import Refusal
from wenyue.platform.database.db import Tx


async def decide(tx: Tx, vault: Vault, request: ImportCards, today: date, *, locks: bool) -> list[Decided]:
    """`locks`: what is going to be written stays as it is until the transaction ends: cards, then people."""
    facts = await _gather(tx, vault, request, today, locks=locks)
    decider = Decider(vault, facts, request.columns)
    found: list[Decided] = []
    for row in request.rows:
        decision = decider.decide(row)
        said = said_of(vault, row)
        known = facts.imported.get(row.card_no)
        base = known.said if known is not None else {}
        here = facts.here.get(known.card_id if known else facts.taken.get(row.card_no, 0))
        now: dict[str, str] = {}
        if here is not None:
            now = here_of(vault, here, facts.identities.get(here.holder_id or 0))
        found.append(Decided(row, said, base, here, decision, _outcome(decision, said, now)))
    return found


def _outcome(decision: Decision, said: Mapping[str, str], here: Mapping[str, str]) -> Outcome:
    if isinstance(decision, Refusal):
        return Outcome(Verdict.REFUSED, refusal=decision)
    if isinstance(decision, New):
        if decision.card_id is None:
            return Outcome(Verdict.NEW)
        changes = _changes(decision.applied, frozenset(), said, here)
        return Outcome(Verdict.CHANGED, decision.card_id, changes)
    verdict = Verdict.CHANGED if decision.applied else Verdict.KEPT if decision.kept else Verdict.SAME
    return Outcome(verdict, decision.card_id, _changes(decision.applied, decision.kept, said, here))


def _changes(
    applied: frozenset[str], kept: frozenset[str], said: Mapping[str, str], here: Mapping[str, str]
) -> tuple[Change, ...]:
    return tuple(
        Change(
            name,
            "" if name in PERSONAL else here.get(name, ""),
            "" if name in PERSONAL else said.get(name, ""),
            name in applied,
        )
        for name in sorted(applied | kept)
    )


async def _gather(tx: Tx, vault: Vault, request: ImportCards, today: date, *, locks: bool) -> Facts:
    rows = request.rows
    found = await store.imported_of(tx, request.source, {row.loose for row in rows})
    imported = {one.card_no: one for one in found}
    taken = await store.numbers_taken(tx, {row.card_no for row in rows} - imported.keys())
    differing = {
        imported[row.card_no].card_id
        for row in rows
        if row.card_no in imported and said_of(vault, row).items() - imported[row.card_no].said.items()
    }
    if locks and differing:
        await store.lock_cards(tx, sorted(differing))
    here = await store.cards_here(tx, differing | set(taken.values()))
    people = sorted(
        {
            vault.person_key(row.holder.document.key)
            for row in rows
            if row.holder is not None
            and (row.card_no not in imported or imported[row.card_no].card_id in differing)
        }
    )
    if locks and people:
        await accounts.lock_people(tx, people)
    claims = await accounts.claims_of_people(tx, people)
    claiming = {one.traveller_id for several in claims.values() for one in several}
    holders = {one.holder_id for one in here.values() if one.holder_id is not None}
    identities = await accounts.identities_of(tx, vault, sorted(claiming | holders))
    proven = await _proven(tx, here, imported, [(row, said_of(vault, row)) for row in rows])
    return Facts(
        types=await store.named_types(tx),
        imported=imported,
        loose={one.loose: one for one in found},
        taken=taken,
        here=here,
        identities=identities,
        claims=claims,
        names=await accounts.names_of_people(tx, people),
        opened=frozenset(await store.opened_by_imports(tx, claiming)),
        proven=proven,
        today=today,
    )


async def _proven(
    tx: Tx,
    here: Mapping[int, CardHere],
    imported: Mapping[str, store.Imported],
    said: Sequence[tuple[CardRow, dict[str, str]]],
) -> frozenset[int]:
    """Of those whose name or phone a row says anew: the accounts whose phone proved itself here."""
    asked: set[int] = set()
    for row, fields in said:
        known = imported.get(row.card_no)
        card = here.get(known.card_id) if known is not None else None
        if known is None or card is None or card.holder_id is None:
            continue
        if any(fields.get(name) != known.said.get(name) for name in ON_RECORD):
            asked.add(card.holder_id)
    return frozenset([one for one in sorted(asked) if await recovery.has_proven_phone(tx, [one])])
