"""Whoever may import brings cards of another system in, batch by batch: new ones, and what changed since an earlier list.

The rows of a batch are decided from what is there, under the locks that sign-ins, bookings and activations take, and written in
one transaction with the record. What an earlier run wrote is known by its source and number: a run that was killed goes on.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

from wenyue.accounts import importing as accounts
from wenyue.application.importing_cards import (
    ON_RECORD,
    PERSONAL,
    Change,
    Decided,
    Decider,
    Decision,
    Facts,
    ImportCards,
    New,
    Outcome,
    Verdict,
    here_of,
    said_of,
)
from wenyue.application.on_server import KeyedWorks, acting_with, require
from wenyue.application.operating import Operator
from wenyue.application.writing_cards import CardWriter
from wenyue.audit import Entry, record
from wenyue.cards import importing, recovery
from wenyue.cards.activation import CARD_TIMEZONE
from wenyue.cards.importing import CardHere, NumberTaken
from wenyue.core.clock import local_date
from wenyue.core.duties import Right
from wenyue.imports.cards import Allowance, CardRow, KnownType
from wenyue.imports.refusals import Refusal
from wenyue.platform.database.db import Tx

BATCH_MAX: Final = 1_000
_TRIES_MAX: Final = 3


async def import_cards(works: KeyedWorks, operator: Operator, request: ImportCards) -> list[Outcome]:
    """One transaction; an outcome for each row, in order. A dry run decides the same and writes nothing. Raises NotAllowed."""
    require(operator, Right.DATA_IMPORT)
    if request.is_dry_run:
        async with works.db.reading() as tx:
            decided = await _decide(works, tx, request, local_date(works.clock(), CARD_TIMEZONE), locks=False)
        return [one.outcome for one in decided]
    for _ in range(_TRIES_MAX):
        try:
            async with acting_with(works, operator, Right.DATA_IMPORT) as act:
                await importing.one_at_a_time(act.tx)
                today = local_date(act.now, CARD_TIMEZONE)
                decided = await _decide(works, act.tx, request, today, locks=True)
                writer = CardWriter(works, act.tx, request, operator)
                return await writer.write(decided)
        except NumberTaken:
            continue
    raise NumberTaken


async def known_types(works: KeyedWorks) -> list[KnownType]:
    """The card types of this installation, as far as rows speak of them. Raises RulesError."""
    async with works.db.reading() as tx:
        types = await importing.named_types(tx)
    return [
        KnownType(
            code,
            one.names,
            tuple(
                Allowance(names, rule.granted)
                for names, rule in zip(one.entitlement_names, one.rules.entitlements, strict=True)
            ),
            one.rules.companions_max,
        )
        for code, one in types.items()
    ]


async def note_cards(works: KeyedWorks, operator: Operator, source: str, counts: Mapping[str, int]) -> None:
    """A whole file was gone through: it is in the record, with how many rows became what."""
    async with acting_with(works, operator, Right.DATA_IMPORT) as act:
        detail: dict[str, object] = {"source": source, **counts}
        await record(act.tx, [Entry(act.now, operator.name, "cards.imported", "import", detail)])


async def find_gone(
    works: KeyedWorks,
    operator: Operator,
    source: str,
    is_there: Callable[[str], bool],
    tell: Callable[[str], None],
) -> int:
    """Tell each number that the source brought once and that `is_there` does not know any more; how many. Nothing is changed."""
    require(operator, Right.DATA_IMPORT)
    found = 0
    async with works.db.reading() as tx:
        async for number in importing.imported_numbers(tx, source):
            if not is_there(number):
                found += 1
                tell(number)
    return found


async def _decide(
    works: KeyedWorks, tx: Tx, request: ImportCards, today: date, *, locks: bool
) -> list[Decided]:
    """`locks`: what is going to be written stays as it is until the transaction ends: cards, then people."""
    facts = await _gather(works, tx, request, today, locks=locks)
    decider = Decider(works.vault, facts, request.columns)
    found: list[Decided] = []
    for row in request.rows:
        decision = decider.decide(row)
        said = said_of(works.vault, row)
        known = facts.imported.get(row.card_no)
        base = known.said if known is not None else {}
        here = facts.here.get(known.card_id if known else facts.taken.get(row.card_no, 0))
        now: dict[str, str] = {}
        if here is not None:
            now = here_of(works.vault, here, facts.identities.get(here.holder_id or 0))
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


async def _gather(works: KeyedWorks, tx: Tx, request: ImportCards, today: date, *, locks: bool) -> Facts:
    rows, vault = request.rows, works.vault
    found = await importing.imported_of(tx, request.source, {row.loose for row in rows})
    imported = {one.card_no: one for one in found}
    taken = await importing.numbers_taken(tx, {row.card_no for row in rows} - imported.keys())
    differing = {
        imported[row.card_no].card_id
        for row in rows
        if row.card_no in imported and said_of(vault, row).items() - imported[row.card_no].said.items()
    }
    if locks and differing:
        await importing.lock_cards(tx, sorted(differing))
    here = await importing.cards_here(tx, differing | set(taken.values()))
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
        types=await importing.named_types(tx),
        imported=imported,
        loose={one.loose: one for one in found},
        taken=taken,
        here=here,
        identities=identities,
        claims=claims,
        names=await accounts.names_of_people(tx, people),
        opened=frozenset(await importing.opened_by_imports(tx, claiming)),
        proven=proven,
        today=today,
    )


async def _proven(
    tx: Tx,
    here: Mapping[int, CardHere],
    imported: Mapping[str, importing.Imported],
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
