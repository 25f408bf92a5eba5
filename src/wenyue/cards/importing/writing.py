"""What was decided of imported cards is written: a statement a table, with the record and what is told."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Final

from wenyue.accounts import Identity
from wenyue.accounts import importing as accounts
from wenyue.audit import Entry, record
from wenyue.cards.activation import CARD_TIMEZONE
from wenyue.cards.importing import store
from wenyue.cards.importing.import_rules import HELD
from wenyue.cards.importing.model import (
    ON_RECORD,
    Decided,
    Known,
    New,
    NewAccount,
    Outcome,
    Verdict,
)
from wenyue.cards.importing.store import BroughtCard, CardHere, Left
from wenyue.cards.model import CardState
from wenyue.core.clock import at_local
from wenyue.core.personal import Vault
from wenyue.events import append, kinds
from wenyue.imports.cards import CardPerson, CardRow
from wenyue.platform.database.db import Tx

_NOON: Final = time(12)
_STATE_EVENTS: Final = {CardState.FROZEN: kinds.CardFrozen, CardState.ACTIVE: kinds.CardThawed}


class CardWriter:
    """Writes what was decided, a statement a table."""

    def __init__(self, tx: Tx, vault: Vault, source: str, now: datetime, *, actor: str) -> None:
        self._vault, self._tx, self._now = vault, tx, now
        self._source, self._actor = source, actor
        self._entries: list[Entry] = []
        self._left: list[Left] = []

    async def write(self, decided: Sequence[Decided]) -> list[Outcome]:
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
        await store.note_imported(self._tx, self._source, self._left, self._now)
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

    async def _add(self, fresh: Sequence[tuple[Decided, New]]) -> list[int]:
        """The ids of cards that were not here at all."""
        types = await store.named_types(self._tx)
        brought = [(one, new, self._brought(one.row, new, types[one.row.type_code])) for one, new in fresh]
        added = [card for _, new, card in brought if new.card_id is None]
        ids = await store.add_cards(self._tx, self._vault, added, self._now)
        handed = {new.card_id: card for _, new, card in brought if new.card_id is not None}
        await store.hand_over(self._tx, self._vault, handed, self._now)
        made = iter(ids)
        for one, new, card in brought:
            id_ = next(made) if new.card_id is None else new.card_id
            opened = new.account.id if isinstance(new.account, NewAccount) else None
            self._left.append(Left(one.row.card_no, one.row.loose, id_, opened, one.base | one.said))
            detail: dict[str, object] = {"source": self._source, "state": card.state.name.lower()}
            detail |= {} if card.holder_id is None else {"holder": card.holder_id}
            self._entries.append(Entry(self._now, self._actor, "card.imported", f"card:{id_}", detail))
        return ids

    def _brought(self, row: CardRow, new: New, named: store.NamedType) -> BroughtCard:
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

    async def _change(self, changed: Sequence[tuple[Decided, Known]]) -> None:
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
        await store.change_cards(self._tx, cards)
        await store.grant(self._tx, granted)
        await store.put_companions(self._tx, self._vault, joined)
        await store.drop_companions(self._tx, gone, self._now)
        await accounts.correct_identities(self._tx, self._vault, corrected, self._now, actor=self._actor)

    def _keep(self, one: Decided, what: Known) -> None:
        """What the list says now counts as said; but for what was kept, so that it is told the next time, too."""
        said = one.base | {name: value for name, value in one.said.items() if name not in what.kept}
        if said != one.base:
            self._left.append(Left(one.row.card_no, one.row.loose, what.card_id, None, said))

    async def _tell(self, new: int, changed: Sequence[tuple[Decided, Known]], fresh: Sequence[New]) -> None:
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
