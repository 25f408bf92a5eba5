"""Pictures of venues: their rows, and the files that are served. A venue has `PICTURES_MAX` at most."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec
from psycopg.types.json import Jsonb

from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, fetch_dict, fetch_dicts, queries

PICTURES_MAX: Final = 12
ALT_LENGTH_MAX: Final = 120
_SQL: Final = queries("wenyue.catalogue", "picturing.sql")


class PictureFile(msgspec.Struct, frozen=True):
    """One size of a picture in one form. `digest` names it in its address; `size` in bytes, `width` and `height` in pixels."""

    form: Literal["webp", "jpeg"]
    width: int
    height: int
    digest: str
    size: int


class Picture(msgspec.Struct, frozen=True):
    """A picture of a venue. `digest`: of the file that was given. `alt`: what is to be seen, in the languages it was said in."""

    id: int
    venue_id: int
    digest: str
    place: int
    alt: Texts
    files: tuple[PictureFile, ...]


class NewFile(msgspec.Struct, frozen=True):
    """One file to keep."""

    form: Literal["webp", "jpeg"]
    width: int
    height: int
    body: bytes


async def pictures(tx: Tx, venue_ids: Sequence[int], *, is_first: bool = False) -> dict[int, list[Picture]]:
    """The pictures of these venues in their order, by venue; `is_first`: of each only the first."""
    found: dict[int, list[Picture]] = {}
    if venue_ids:
        asked: dict[str, object] = {"venue_ids": list(venue_ids), "is_first": is_first}
        for row in await fetch_dicts(tx, _SQL["pictures"], asked):
            if row["files"]:
                found.setdefault(row["venue_id"], []).append(msgspec.convert(row, Picture))
    return found


async def picture_body(tx: Tx, digest: str) -> tuple[str, bytes] | None:
    """(form, file) of a file's digest."""
    row = await fetch_dict(tx, _SQL["picture_body"], {"digest": digest})
    return (row["form"], bytes(row["body"])) if row else None


async def lock_pictures(tx: Tx, venue_id: int) -> list[Picture]:
    """The venue's pictures, which nobody else changes until this transaction ends."""
    await tx.execute(_SQL["lock_venue"], {"venue_id": venue_id})
    return (await pictures(tx, [venue_id])).get(venue_id, [])


async def add_picture(
    tx: Tx, venue_id: int, digest: str, *, alt: Texts, files: Sequence[NewFile], now: datetime
) -> None:
    """Add a picture behind the others. The same file again: `alt` is what is said of it from now on."""
    row = {"venue_id": venue_id, "digest": digest, "alt": Jsonb(alt), "now": now}
    [(picture_id,)] = await (await tx.execute(_SQL["add_picture"], row)).fetchall()
    for one in files:
        kept = msgspec.structs.asdict(one) | {
            "picture_id": picture_id,
            "digest": hashlib.sha256(one.body).hexdigest()[:32],
        }
        await tx.execute(_SQL["add_picture_file"], kept)


async def remove_picture(tx: Tx, picture_id: int) -> None:
    """Take a picture away, with its files."""
    await tx.execute(_SQL["remove_picture"], {"id": picture_id})


async def place_pictures(tx: Tx, venue_id: int, ids: Sequence[int]) -> None:
    """Put the venue's pictures into this order."""
    await tx.execute(_SQL["place_pictures"], {"venue_id": venue_id, "ids": list(ids)})
