"""Whoever may bring facts of a venue in takes its pictures away and puts them in order."""

from collections.abc import Sequence

from wenyue.application.add_pictures import PictureNotDone
from wenyue.application.on_server import acting_with
from wenyue.application.operating import Operator, Works
from wenyue.audit import Entry, record
from wenyue.catalogue import Venue
from wenyue.catalogue.picturing import Picture, lock_pictures, place_pictures, remove_picture
from wenyue.core.duties import Right


async def drop_picture(works: Works, operator: Operator, venue: Venue, key: str) -> Picture | PictureNotDone:
    """Take away the one picture whose digest begins with `key`. Raises NotAllowed, LoginEnded."""
    async with acting_with(works, operator, Right.DATA_IMPORT, [venue.id]) as act:
        found = _one(await lock_pictures(act.tx, venue.id), key)
        if found is None:
            return PictureNotDone.UNKNOWN
        await remove_picture(act.tx, found.id)
        detail: dict[str, object] = {"picture": found.digest}
        await record(act.tx, [Entry(act.now, operator.name, "pictures.removed", f"venue:{venue.id}", detail)])
        return found


async def order_pictures(
    works: Works, operator: Operator, venue: Venue, keys: Sequence[str]
) -> list[Picture] | PictureNotDone:
    """Put those whose digests begin with `keys` first, in this order; the others follow as they stood. Raises as above."""
    async with acting_with(works, operator, Right.DATA_IMPORT, [venue.id]) as act:
        here = await lock_pictures(act.tx, venue.id)
        first = list[Picture]()
        for key in keys:
            found = _one(here, key)
            if found is None:
                return PictureNotDone.UNKNOWN
            if found not in first:
                first.append(found)
        wanted = [*first, *(one for one in here if one not in first)]
        if wanted != here:
            await place_pictures(act.tx, venue.id, [one.id for one in wanted])
            detail: dict[str, object] = {"order": [one.digest[:8] for one in wanted]}
            await record(
                act.tx, [Entry(act.now, operator.name, "pictures.ordered", f"venue:{venue.id}", detail)]
            )
        return wanted


def _one(here: Sequence[Picture], key: str) -> Picture | None:
    found = [one for one in here if one.digest.startswith(key)] if key else []
    return found[0] if len(found) == 1 else None
