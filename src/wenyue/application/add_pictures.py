"""Whoever may bring facts of a venue in gives it pictures."""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from wenyue.application.on_server import acting_with
from wenyue.application.operating import Operator, Works
from wenyue.audit import Entry, record
from wenyue.catalogue import Venue
from wenyue.catalogue.picturing import PICTURES_MAX, NewFile, add_picture, lock_pictures
from wenyue.core.duties import Right
from wenyue.locale import Texts


class PictureNotDone(StrEnum):
    """Why the pictures of a venue are as they were."""

    TOO_MANY = "too_many"  # it would have more than PICTURES_MAX
    UNKNOWN = "unknown"  # there is no picture that begins so, or several do


class GivenPicture(Struct, frozen=True):
    """A picture to add. `alt` None: nothing is said of it, and what was said before stays."""

    digest: str
    files: Sequence[NewFile]
    alt: Texts | None = None


class PicturesAdded(Struct, frozen=True):
    """How many are new, how many were there and are described otherwise now, how many were there as they are."""

    new: int = 0
    changed: int = 0
    same: int = 0


async def add_pictures(
    works: Works, operator: Operator, venue: Venue, given: Sequence[GivenPicture]
) -> PicturesAdded | PictureNotDone:
    """Add them all behind those that are there, or none. The same file twice is one. Raises NotAllowed, LoginEnded."""
    async with acting_with(works, operator, Right.DATA_IMPORT, [venue.id]) as act:
        here = {one.digest: one for one in await lock_pictures(act.tx, venue.id)}
        wanted = {one.digest: one for one in given}
        if len(here.keys() | wanted.keys()) > PICTURES_MAX:
            return PictureNotDone.TOO_MANY
        new, changed = list[str](), list[str]()
        for digest, one in wanted.items():
            known = here.get(digest)
            alt: Texts = one.alt if one.alt is not None else (known.alt if known else {})
            if known is not None and known.alt == alt:
                continue
            (new if known is None else changed).append(digest)
            await add_picture(act.tx, venue.id, digest, alt=alt, files=one.files, now=act.now)
        if new or changed:
            detail: dict[str, object] = {"new": new, "described": changed}
            await record(
                act.tx, [Entry(act.now, operator.name, "pictures.added", f"venue:{venue.id}", detail)]
            )
        return PicturesAdded(len(new), len(changed), len(wanted) - len(new) - len(changed))
