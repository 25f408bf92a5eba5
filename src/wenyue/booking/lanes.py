"""When a second batch is worth its price.

A batch costs the database the same again and again, however few are in it (some 17 statements and a commit). While the
database has room, lanes that run beside each other hide each other's waits. When it has none, they only share it: each takes
as much longer as there are lanes, with that many fewer bookings in it, so that less is done and everybody waits longer.
"""

from typing import Final

_HELD_S_MAX: Final = 1.0
_TIMES: Final = 2.0  # the usual length of a batch: what runs for longer than that may hang


def is_held(waiting: int, running: int, *, held_s: float, batch_s: float) -> bool:
    """Whether a free lane leaves `waiting` requests until as many have come as the other lanes are deciding (`running`).

    Never for longer (`held_s`) than twice what a batch takes now (`batch_s`, in seconds), nor than a second.
    """
    return 0 < waiting < running and held_s < min(_TIMES * batch_s, _HELD_S_MAX)
