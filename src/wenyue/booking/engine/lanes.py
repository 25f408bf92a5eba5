"""When a second batch is worth its price.

A batch costs the database the same again and again, however few are in it (some 17 statements and a commit). While the
database has room, lanes that run beside each other hide each other's waits. When it has none, they only share it: each takes
as much longer as there are lanes, with that many fewer bookings in it, so that less is done and everybody waits longer.
"""

from typing import Final

from wenyue.core.limits import BATCH_SIZE_MAX

SLOW_S: Final = 0.1  # a batch that takes longer waits for the database nearly all of that
_SIZE_MIN: Final = 16
_GROWN: Final = 2  # times as many wait as are decided: then one lane is not enough
_HELD_S_MAX: Final = 1.0
_TIMES: Final = 2.0  # the usual length of a batch: what runs for longer than that may hang


def is_held(waiting: int, running: int, *, held_s: float, batch_s: float) -> bool:
    """Whether a free lane leaves `waiting` requests until the other lanes, which decide `running`, are done.

    Only while a batch takes long (`batch_s`, in seconds), for at most (`held_s`) twice as long and a second, and until twice
    as many wait as are decided, or a full batch.
    """
    if batch_s < SLOW_S or not running:
        return False
    return waiting < min(_GROWN * running, BATCH_SIZE_MAX) and held_s < min(_TIMES * batch_s, _HELD_S_MAX)


def batch_size(depth: int, lanes: int, *, batch_s: float) -> int:
    """How many requests a batch may have, of `depth` that wait or are decided: a lane's share, or all while batches take long."""
    if batch_s >= SLOW_S:
        return BATCH_SIZE_MAX
    share = -(-depth // lanes)  # so that every lane works, and none answers in crumbs
    return min(BATCH_SIZE_MAX, max(_SIZE_MIN, share))
