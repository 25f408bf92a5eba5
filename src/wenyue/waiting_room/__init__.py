"""The waiting room (排队等候): a fair queue in front of the release of scarce places. Owns the PostgreSQL schema `waiting_room`.

`WaitingRooms` is what a web process knows and signs; `advance_waiting_rooms` is the keeper of the worker;
`find_cheats` proves fairness.
"""

from wenyue.waiting_room.model import (
    EPOCH_S,
    POLL_S,
    RATE_MAX,
    TOKEN_TTL_S,
    Exchange,
    LoadSignal,
    NewRoom,
    PassGiven,
    Place,
    Refusal,
    RefusedFor,
    Room,
    RoomProblem,
    RoomState,
    Step,
    TokenGiven,
)
from wenyue.waiting_room.rules import find_cheats, knots, position, rank_of, state_of
from wenyue.waiting_room.store import (
    count_exchanges,
    crowd_of,
    exchanges_of,
    freeze,
    open_room,
    room_by_code,
    rooms,
    steer_room,
    steps_of,
)
from wenyue.waiting_room.tasks import KEEP_EVERY_S, advance_waiting_rooms, close, held_back_by
from wenyue.waiting_room.waiting_room import Known, WaitingRooms, Wanted

__all__ = [
    "EPOCH_S",
    "KEEP_EVERY_S",
    "POLL_S",
    "RATE_MAX",
    "TOKEN_TTL_S",
    "Exchange",
    "Known",
    "LoadSignal",
    "NewRoom",
    "PassGiven",
    "Place",
    "Refusal",
    "RefusedFor",
    "Room",
    "RoomProblem",
    "RoomState",
    "Step",
    "TokenGiven",
    "WaitingRooms",
    "Wanted",
    "advance_waiting_rooms",
    "close",
    "count_exchanges",
    "crowd_of",
    "exchanges_of",
    "find_cheats",
    "freeze",
    "held_back_by",
    "knots",
    "open_room",
    "position",
    "rank_of",
    "room_by_code",
    "rooms",
    "state_of",
    "steer_room",
    "steps_of",
]
