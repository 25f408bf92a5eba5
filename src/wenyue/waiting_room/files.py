"""The one file of a room that every visitor reads: the same bytes for everybody. Pure."""

from datetime import datetime
from typing import Final

import msgspec

from wenyue.waiting_room.model import RANK_BITS, Crowd, Room
from wenyue.waiting_room.rules import knots, people_before, state_of

_encode: Final = msgspec.json.Encoder().encode


class RoomFile(msgspec.Struct, frozen=True):
    """`/room/{event}.json`.

    `threshold`: (epoch, rank); whoever stands before it may come in. `people`: knots of (epoch, how many came before it),
    straight lines in between, the last one holds everybody.
    """

    event: str
    state: str
    title_zh: str
    title_en: str
    as_of: datetime
    release_at: datetime
    poll_s: int
    epoch_s: int
    commitment: str
    seed: str | None
    rank_bits: int
    threshold: tuple[int, int]
    people: list[tuple[int, int]]
    waiting: int
    admitted: int
    per_s: float
    places_left: int | None
    onward: str
    message_zh: str
    message_en: str


def room_file(room: Room, crowd: Crowd, now: datetime) -> str:
    """The file of `room` as it is now, as JSON text."""
    admitted = int(people_before(crowd, room.threshold))
    return _encode(
        RoomFile(
            event=room.code,
            state=state_of(room).value,
            title_zh=room.title_zh,
            title_en=room.title_en,
            as_of=now,
            release_at=room.release_at,
            poll_s=room.poll_s,
            epoch_s=room.epoch_s,
            commitment=room.commitment.hex(),
            seed=room.seed.hex() if room.seed is not None else None,
            rank_bits=RANK_BITS,
            threshold=(room.threshold.epoch, room.threshold.rank),
            people=knots(crowd),
            waiting=max(0, crowd.total - admitted),
            admitted=admitted,
            per_s=round(room.pace, 1),
            places_left=room.places_left,
            onward=room.onward,
            message_zh=room.message_zh,
            message_en=room.message_en,
        )
    ).decode()
