"""Cards of another system: what a list of them means here, the first time and later, and how all of them are written out.

A batch of rows is gathered (what is there of them, locked where it is going to be written), decided (pure), and written, a
statement a table. What was left of each card is remembered, so that a later list is a difference.
"""

from datetime import datetime
from typing import Final

from wenyue.cards.activation import CARD_TIMEZONE
from wenyue.cards.importing import store
from wenyue.cards.importing.exporting import exported
from wenyue.cards.importing.gathering import decide
from wenyue.cards.importing.model import Change, ImportCards, Outcome, Verdict
from wenyue.cards.importing.store import NumberTaken, count_cards, imported_numbers
from wenyue.cards.importing.writing import CardWriter
from wenyue.core.clock import local_date
from wenyue.core.personal import Vault
from wenyue.imports.cards import Allowance, KnownType
from wenyue.platform.database.db import Tx

__all__ = [
    "BATCH_MAX",
    "Change",
    "ImportCards",
    "NumberTaken",
    "Outcome",
    "Verdict",
    "bring",
    "count_cards",
    "exported",
    "foresee",
    "imported_numbers",
    "known_types",
]
BATCH_MAX: Final = 1_000


async def foresee(tx: Tx, vault: Vault, request: ImportCards, now: datetime) -> list[Outcome]:
    """What would become of each row, in order; nothing is locked or written."""
    decided = await decide(tx, vault, request, local_date(now, CARD_TIMEZONE), locks=False)
    return [one.outcome for one in decided]


async def bring(tx: Tx, vault: Vault, request: ImportCards, now: datetime, *, actor: str) -> list[Outcome]:
    """Write the batch; what became of each row, in order. Raises NumberTaken: roll back, and do it again."""
    await store.one_at_a_time(tx)
    decided = await decide(tx, vault, request, local_date(now, CARD_TIMEZONE), locks=True)
    return await CardWriter(tx, vault, request.source, now, actor=actor).write(decided)


async def known_types(tx: Tx) -> list[KnownType]:
    """The card types, as far as rows of a list speak of them. Raises RulesError."""
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
        for code, one in (await store.named_types(tx)).items()
    ]
