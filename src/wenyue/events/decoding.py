"""Events as they are read back from the log, for subscribers: also by a worker that is older than what it reads."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from wenyue.events.kinds import TYPES, Event


class Happened(Struct, frozen=True, gc=False):
    """An event as a subscriber gets it. `no`: of its row in the log, which several bookings of one batch share."""

    no: int
    at: datetime
    event: Event


class UnknownEvent(Exception):
    """The event is of a newer version of Wenyue."""


def decode(kind: str, version: int, booking_id: UUID | None, body: Mapping[str, Any] | None) -> Event:
    """One event of a row. Raises UnknownEvent."""
    known = TYPES.get(kind)
    if known is None or version > known.version:
        raise UnknownEvent(kind)
    fields: dict[str, Any] = {"kind": kind, **(body or {})}
    if booking_id is not None:
        fields["booking_id"] = booking_id
    return msgspec.convert(fields, known)
