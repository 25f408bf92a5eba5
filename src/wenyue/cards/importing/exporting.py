"""Every card as it is written out, with its holder and companions in the clear: for a file, and nothing else."""

from collections.abc import AsyncIterator
from typing import Final

from wenyue.accounts import importing as accounts
from wenyue.accounts import sealing
from wenyue.accounts.sealing import OpenedIdentity
from wenyue.cards.activation import CARD_TIMEZONE
from wenyue.cards.importing import store
from wenyue.cards.importing.store import ExportedCard
from wenyue.core.clock import local_date
from wenyue.core.personal import Vault
from wenyue.imports.card_lists import WrittenCard, WrittenPerson
from wenyue.imports.cards import State
from wenyue.platform.database.db import Tx

_PAGE: Final = 1_000


async def exported(tx: Tx, vault: Vault) -> AsyncIterator[WrittenCard]:
    """Every card of one moment, by id, in a transaction that has read nothing yet. Raises SealBroken."""
    after = 0
    await store.read_one_moment(tx)
    while page := await store.export_page(tx, after, _PAGE):
        holders = sorted({one.holder_id for one in page if one.holder_id is not None})
        identities = await accounts.identities_of(tx, vault, holders)
        for card in page:
            yield _written(vault, card, identities.get(card.holder_id or 0))
        after = page[-1].id


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
