"""Whoever may import brings cards of another system in, batch by batch: new ones, and what changed since an earlier list.

The rows of a batch are decided from what is there, under the locks that sign-ins, bookings and activations take, and written in
one transaction with the record. What an earlier run wrote is known by its source and number: a run that was killed goes on.
"""

from collections.abc import Callable, Mapping
from typing import Final

from wenyue.application.on_server import KeyedWorks, acting_with, require
from wenyue.application.operating import Operator
from wenyue.audit import Entry, record
from wenyue.cards import importing
from wenyue.cards.importing import ImportCards, NumberTaken, Outcome
from wenyue.core.duties import Right
from wenyue.imports.cards import KnownType

_TRIES: Final = 3


async def import_cards(works: KeyedWorks, operator: Operator, request: ImportCards) -> list[Outcome]:
    """One transaction; an outcome for each row, in order. A dry run decides the same and writes nothing. Raises NotAllowed."""
    require(operator, Right.DATA_IMPORT)
    if request.is_dry_run:
        async with works.db.reading() as tx:
            return await importing.foresee(tx, works.vault, request, works.clock())
    for _ in range(_TRIES):
        try:
            async with acting_with(works, operator, Right.DATA_IMPORT) as act:
                return await importing.bring(act.tx, works.vault, request, act.now, actor=operator.name)
        except NumberTaken:
            continue
    raise NumberTaken


async def known_types(works: KeyedWorks) -> list[KnownType]:
    """The card types of this installation, as far as rows speak of them. Raises RulesError."""
    async with works.db.reading() as tx:
        return await importing.known_types(tx)


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
