"""Whoever may import brings cards of another system in, batch by batch: new ones, and what changed since an earlier list.

The rows of a batch are decided from what is there, under the locks that sign-ins, bookings and activations take, and written in
one transaction with the record. What an earlier run wrote is known by its source and number: a run that was killed goes on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final

from msgspec import Struct

from wenyue.accounts import Identity
from wenyue.accounts import importing as accounts
from wenyue.application.importing_cards import (
    ON_RECORD,
    PERSONAL,
    Decider,
    Decision,
    Facts,
    Known,
    New,
    NewAccount,
    here_of,
    said_of,
)
from wenyue.application.on_server import KeyedWorks, acting_with, require
from wenyue.application.operating import Operator
from wenyue.audit import Entry, record
from wenyue.cards import CardState, importing, recovery
from wenyue.cards.activation import CARD_TIMEZONE
from wenyue.cards.import_rules import HELD
from wenyue.cards.importing import BroughtCard, CardHere, Left, NumberTaken
from wenyue.core.clock import at_local, local_date
from wenyue.core.duties import Right
from wenyue.events import append, kinds
from wenyue.imports.cards import Allowance, CardPerson, CardRow, KnownType
from wenyue.imports.refusals import Refusal
from wenyue.platform.database.db import Tx

BATCH_MAX: Final = 1_000
_TRIES_MAX: Final = 3
_NOON: Final = time(12)
_STATE_EVENTS: Final = {CardState.FROZEN: kinds.CardFrozen, CardState.ACTIVE: kinds.CardThawed}


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
                writer = _Writer(works, act.tx, request, operator)
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


class _Decided(Struct, frozen=True):
    row: CardRow
    said: dict[str, str]
    base: dict[str, str]
    here: CardHere | None
    decision: Decision
    outcome: Outcome


async def _decide(
    works: KeyedWorks, tx: Tx, request: ImportCards, today: date, *, locks: bool
) -> list[_Decided]:
    """`locks`: what is going to be written stays as it is until the transaction ends: cards, then people."""
    facts = await _gather(works, tx, request, today, locks=locks)
    decider = Decider(works.vault, facts, request.columns)
    found: list[_Decided] = []
    for row in request.rows:
        decision = decider.decide(row)
        said = said_of(works.vault, row)
        known = facts.imported.get(row.card_no)
        base = known.said if known is not None else {}
        here = facts.here.get(known.card_id if known else facts.taken.get(row.card_no, 0))
        now: dict[str, str] = {}
        if here is not None:
            now = here_of(works.vault, here, facts.identities.get(here.holder_id or 0))
        found.append(_Decided(row, said, base, here, decision, _outcome(decision, said, now)))
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


class _Writer:
    """Writes what was decided, a statement a table."""

    def __init__(self, works: KeyedWorks, tx: Tx, request: ImportCards, operator: Operator) -> None:
        self._vault, self._tx, self._now = works.vault, tx, works.clock()
        self._source, self._actor = request.source, operator.name
        self._entries: list[Entry] = []
        self._left: list[Left] = []

    async def write(self, decided: Sequence[_Decided]) -> list[Outcome]:
        """The outcomes, with the new cards' ids."""
        fresh = [(one, one.decision) for one in decided if isinstance(one.decision, New)]
        known = [
            (one, one.decision) for one in decided if isinstance(one.decision, Known) and one.decision.is_ours
        ]
        await self._open_accounts([new.account for _, new in fresh])
        ids = await self._add(fresh)
        changed = [(one, what) for one, what in known if what.applied]
        await self._change(changed)
        for one, what in known:
            self._keep(one, what)
        await importing.note_imported(self._tx, self._source, self._left, self._now)
        await record(self._tx, self._entries)
        await self._tell(len(ids), changed, [new for _, new in fresh])
        made = iter(ids)
        return [
            Outcome(Verdict.NEW, next(made)) if one.outcome.verdict is Verdict.NEW else one.outcome
            for one in decided
        ]

    async def _open_accounts(self, wanted: Sequence["int | NewAccount | None"]) -> None:
        opened = [one for one in dict.fromkeys(wanted) if isinstance(one, NewAccount)]
        ids = await accounts.open_accounts(
            self._tx, self._vault, [one.identity for one in opened], self._now, actor=self._actor
        )
        for account, id_ in zip(opened, ids, strict=True):
            account.id = id_

    async def _add(self, fresh: Sequence[tuple[_Decided, New]]) -> list[int]:
        """The ids of cards that were not here at all."""
        types = await importing.named_types(self._tx)
        brought = [(one, new, self._brought(one.row, new, types[one.row.type_code])) for one, new in fresh]
        added = [card for _, new, card in brought if new.card_id is None]
        ids = await importing.add_cards(self._tx, self._vault, added, self._now)
        handed = {new.card_id: card for _, new, card in brought if new.card_id is not None}
        await importing.hand_over(self._tx, self._vault, handed, self._now)
        made = iter(ids)
        for one, new, card in brought:
            id_ = next(made) if new.card_id is None else new.card_id
            opened = new.account.id if isinstance(new.account, NewAccount) else None
            self._left.append(Left(one.row.card_no, one.row.loose, id_, opened, one.base | one.said))
            detail: dict[str, object] = {"source": self._source, "state": card.state.name.lower()}
            detail |= {} if card.holder_id is None else {"holder": card.holder_id}
            self._entries.append(Entry(self._now, self._actor, "card.imported", f"card:{id_}", detail))
        return ids

    def _brought(self, row: CardRow, new: New, named: importing.NamedType) -> BroughtCard:
        state = CardState[row.state.name]
        said = row.remaining or {}
        granted = {no: rule.granted for no, rule in enumerate(named.rules.entitlements)}
        holder_id = new.account.id if isinstance(new.account, NewAccount) else new.account
        return BroughtCard(
            row.card_no,
            row.type_code,
            state,
            self._noon(row.issued) if row.issued is not None else self._now,
            new.validity.first,
            new.validity.last,
            holder_id,
            self._vault.person_key(row.holder.document.key) if row.holder and holder_id is not None else None,
            tuple(_identity(one) for one in row.companions or ()) if holder_id is not None else (),
            {no: said.get(no, most) for no, most in granted.items() if state in HELD or no in said},
        )

    async def _change(self, changed: Sequence[tuple[_Decided, Known]]) -> None:
        cards: list[CardHere] = []
        granted: dict[tuple[int, int], int | None] = {}
        joined, gone = list[tuple[int, Identity]](), list[tuple[int, bytes]]()
        corrected: dict[int, Identity] = {}
        on_record = [one.here.holder_id for one, what in changed if what.applied & ON_RECORD and one.here]
        identities = await accounts.identities_of(
            self._tx, self._vault, [id_ for id_ in on_record if id_ is not None]
        )
        for one, what in changed:
            row, here = one.row, one.here
            if here is None:
                continue
            cards.append(_changed(row, here, what.applied, self._noon))
            for no, left in (row.remaining or {}).items():
                if f"remaining.{no}" in what.applied:
                    granted[here.id, no] = left
            if "companions" in what.applied and row.companions is not None:
                wanted = {self._vault.person_key(person.document.key): person for person in row.companions}
                joined += [(here.id, _identity(wanted[key])) for key in wanted.keys() - set(here.companions)]
                gone += [(here.id, key) for key in here.companions if key not in wanted]
            if what.applied & ON_RECORD and row.holder is not None and here.holder_id is not None:
                was = identities[here.holder_id]
                before = corrected.get(
                    here.holder_id,
                    Identity(was.name.reveal(), row.holder.document, was.phone.reveal(), was.birth),
                )
                name = row.holder.name if "name" in what.applied else before.name
                phone = row.phone if "phone" in what.applied else before.phone
                corrected[here.holder_id] = Identity(name, before.document, phone, before.birth)
            detail: dict[str, object] = {"source": self._source, "fields": sorted(what.applied)}
            self._entries.append(Entry(self._now, self._actor, "card.changed", f"card:{here.id}", detail))
        await importing.change_cards(self._tx, cards)
        await importing.grant(self._tx, granted)
        await importing.put_companions(self._tx, self._vault, joined)
        await importing.drop_companions(self._tx, gone, self._now)
        await accounts.correct_identities(self._tx, self._vault, corrected, self._now, actor=self._actor)

    def _keep(self, one: _Decided, what: Known) -> None:
        """What the list says now counts as said; but for what was kept, so that it is told the next time, too."""
        said = one.base | {name: value for name, value in one.said.items() if name not in what.kept}
        if said != one.base:
            self._left.append(Left(one.row.card_no, one.row.loose, what.card_id, None, said))

    async def _tell(self, new: int, changed: Sequence[tuple[_Decided, Known]], fresh: Sequence[New]) -> None:
        states = [
            _STATE_EVENTS[CardState[one.row.state.name]](what.card_id)
            for one, what in changed
            if "state" in what.applied and CardState[one.row.state.name] in _STATE_EVENTS
        ]
        handed = sum(one.card_id is not None for one in fresh)
        if new or handed or changed:
            imported = kinds.CardsImported(self._source, new, handed + len(changed))
            await append(self._tx, [*states, imported], self._now)

    def _noon(self, day: date) -> datetime:
        return at_local(day, _NOON, CARD_TIMEZONE)


def _changed(
    row: CardRow, here: CardHere, applied: frozenset[str], noon: Callable[[date], datetime]
) -> CardHere:
    return replace(
        here,
        state=CardState[row.state.name] if "state" in applied else here.state,
        issued_at=noon(row.issued) if "issued" in applied and row.issued else here.issued_at,
        valid_from=row.valid_from if "valid_from" in applied else here.valid_from,
        valid_to=row.valid_to if "valid_to" in applied else here.valid_to,
    )


def _identity(person: CardPerson) -> Identity:
    return Identity(person.name, person.document)
