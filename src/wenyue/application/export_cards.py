"""Whoever may export has every card written out, with its holder and what is left on it: recorded before anything is read."""

from collections.abc import AsyncIterator, Callable
from typing import Final

from wenyue.application.import_cards import known_types
from wenyue.application.on_server import KeyedWorks, acting_with
from wenyue.application.operating import Operator
from wenyue.audit import Entry, record
from wenyue.cards import importing
from wenyue.core.duties import Right
from wenyue.imports.card_lists import WrittenCard
from wenyue.imports.cards import KnownType

_TOLD_EVERY: Final = 500


async def export_cards(
    works: KeyedWorks, operator: Operator, progress: Callable[[int, int], None]
) -> AsyncIterator[tuple[WrittenCard, KnownType]]:
    """Every card as it is at one moment, by id; `progress` hears how many of how many. Raises NotAllowed, SealBroken."""
    async with acting_with(works, operator, Right.DATA_EXPORT) as act:
        total = await importing.count_cards(act.tx)
        entry = Entry(act.now, operator.name, "cards.exported", "export", {"cards": total})
        await record(act.tx, [entry])
    types = {one.code: one for one in await known_types(works)}
    done = 0
    async with works.db.reading() as tx:
        async for card in importing.exported(tx, works.vault):
            yield card, types[card.type_code]
            done += 1
            if done % _TOLD_EVERY == 0:
                progress(done, max(total, done))
    progress(done, max(total, done))
