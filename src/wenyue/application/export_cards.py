"""Whoever may export has every card written out, with its holder and what is left on it: recorded before anything is read."""

from collections.abc import AsyncIterator, Callable
from typing import Final

from wenyue.accounts import importing as accounts
from wenyue.accounts import sealing
from wenyue.accounts.sealing import OpenedIdentity
from wenyue.application.import_cards import known_types
from wenyue.application.on_server import KeyedWorks, acting_with
from wenyue.application.operating import Operator
from wenyue.audit import Entry, record
from wenyue.cards import importing
from wenyue.cards.activation import CARD_TIMEZONE
from wenyue.cards.importing import ExportedCard
from wenyue.core.clock import local_date
from wenyue.core.duties import Right
from wenyue.core.personal import Vault
from wenyue.imports.card_lists import WrittenCard, WrittenPerson
from wenyue.imports.cards import KnownType, State

_PAGE: Final = 1_000


async def export_cards(
    works: KeyedWorks, operator: Operator, progress: Callable[[int, int], None]
) -> AsyncIterator[tuple[WrittenCard, KnownType]]:
    """Every card as it is at one moment, by id; `progress` hears how many of how many. Raises NotAllowed, SealBroken."""
    async with acting_with(works, operator, Right.DATA_EXPORT) as act:
        total = await importing.count_cards(act.tx)
        entry = Entry(act.now, operator.name, "cards.exported", "export", {"cards": total})
        await record(act.tx, [entry])
    types = {one.code: one for one in await known_types(works)}
    after, done = 0, 0
    async with works.db.reading() as tx:
        await importing.read_one_moment(tx)
        while page := await importing.export_page(tx, after, _PAGE):
            holders = sorted({one.holder_id for one in page if one.holder_id is not None})
            identities = await accounts.identities_of(tx, works.vault, holders)
            for card in page:
                yield _written(works.vault, card, identities.get(card.holder_id or 0)), types[card.type_code]
            after, done = page[-1].id, done + len(page)
            progress(done, max(total, done))


def _written(vault: Vault, card: ExportedCard, holder: OpenedIdentity | None) -> WrittenCard:
    companions = [sealing.open_identity(vault, one, purpose=sealing.COMPANION) for one in card.companions]
    return WrittenCard(
        card.card_no,
        card.type_code,
        State[card.state.name],
        None if holder is None else _person(holder),
        "" if holder is None else holder.phone.reveal(),
        card.valid_from,
        card.valid_to,
        local_date(card.issued_at, CARD_TIMEZONE),
        sorted((_person(one) for one in companions), key=lambda one: (one.name, one.number)),
        {no: left for no, left in card.remaining.items() if left is not None},
    )


def _person(one: OpenedIdentity) -> WrittenPerson:
    return WrittenPerson(one.name.reveal(), one.document_kind, one.nationality, one.document_number.reveal())
