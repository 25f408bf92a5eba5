"""Whoever may import brings card types: the rules by which cards of another system are good here. All of them, or none."""

from collections.abc import Sequence

from wenyue.application.on_server import acting_with, require
from wenyue.application.operating import Operator, Works
from wenyue.audit import Entry, record
from wenyue.cards.bringing_types import CardType, Standing, bring_types
from wenyue.core.duties import Right


async def import_card_types(
    works: Works, operator: Operator, types: Sequence[CardType], *, is_dry_run: bool = False
) -> list[Standing]:
    """What each is here. Nothing is written when one is HELD. `types`: each code once. Raises NotAllowed, LoginEnded."""
    if is_dry_run:
        require(operator, Right.DATA_IMPORT)
        async with works.db.reading() as tx:
            return await bring_types(tx, types, is_dry_run=True)
    async with acting_with(works, operator, Right.DATA_IMPORT) as act:
        found = await bring_types(act.tx, types, is_dry_run=False)
        codes = {
            standing.value: [one.code for one, what in zip(types, found, strict=True) if what is standing]
            for standing in (Standing.NEW, Standing.CHANGED)
        }
        if any(codes.values()) and Standing.HELD not in found:
            await record(act.tx, [Entry(act.now, operator.name, "card_types.imported", "import", {**codes})])
    return found
