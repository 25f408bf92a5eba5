"""Whoever runs the server says in the record what was done to the installation's keys."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from wenyue.application.on_server import on_server
from wenyue.application.operating import Operator, Works
from wenyue.audit import Entry, record

KeyAct = Literal["keys.added", "keys.used", "keys.resealed", "keys.retired"]


class NoteKeys(Struct, frozen=True):
    """`kind`: data, record or gate. `detail`: numbers of keys and counts, never a key."""

    act: KeyAct
    kind: str
    detail: Mapping[str, int]


async def note_keys(works: Works, operator: Operator, request: NoteKeys) -> None:
    """Write it down."""
    async with on_server(works, operator) as act:
        detail: dict[str, object] = dict(request.detail)
        await record(act.tx, [Entry(act.now, operator.name, request.act, f"keys:{request.kind}", detail)])
