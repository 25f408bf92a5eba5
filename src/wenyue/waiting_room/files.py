"""The one file of a room that every visitor reads: the same bytes for everybody. Pure."""

from datetime import datetime

import msgspec

from wenyue.locale import DEFAULT, SOURCE, Texts, text_in
from wenyue.waiting_room.model import RANK_BITS, Crowd, Room
from wenyue.waiting_room.rules import knots, people_before, state_of


class RoomFile(msgspec.Struct, frozen=True):
    """`/room/{event}.json`; its texts stand there also as `title_zh`, `title_en` and so on, for apps that read those.

    `threshold`: (epoch, rank); whoever stands before it may come in. `people`: knots of (epoch, how many came before it),
    straight lines in between, the last one holds everybody.
    """

    event: str
    state: str
    title: Texts
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
    message: Texts


def room_file(room: Room, crowd: Crowd, now: datetime) -> str:
    """The file of `room` as it is now, as JSON text."""
    admitted = int(people_before(crowd, room.threshold))
    file = RoomFile(
        event=room.code,
        state=state_of(room).value,
        title=room.title,
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
        message=room.message,
    )
    for_apps = {
        "title_zh": text_in(room.title, DEFAULT),
        "title_en": text_in(room.title, SOURCE),
        "message_zh": text_in(room.message, DEFAULT),
        "message_en": text_in(room.message, SOURCE),
    }
    return msgspec.json.encode(msgspec.to_builtins(file) | for_apps).decode()
