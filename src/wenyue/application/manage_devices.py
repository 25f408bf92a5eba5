"""Which devices stand at gates and counters: one is allowed by a code of short life, and revoked."""

from msgspec import Struct

from wenyue.accounts import gate_devices
from wenyue.application.operating import NotDone, Operator, Works, acting
from wenyue.application.operator_checks import find_venue
from wenyue.core.documents.text import has_controls, has_unseen
from wenyue.core.duties import POST_LENGTH_MAX, Right, venues_for


class AllowDevice(Struct, frozen=True):
    """Where it will stand: a gate or a counter of the venue, by its name."""

    venue_id: int
    post: str


class Allowed(Struct, frozen=True):
    """`code`: the only copy, good for ten minutes, typed on the device at /gate/enrol."""

    device_id: int
    code: str


async def allow_device(works: Works, operator: Operator, request: AllowDevice) -> Allowed | NotDone:
    """Let one device be enrolled for a post."""
    post = request.post.strip()
    if not 0 < len(post) <= POST_LENGTH_MAX or has_controls(post) or has_unseen(post):
        return NotDone.POST_NEEDED
    async with acting(works, operator) as act:
        if await find_venue(act, Right.DEVICES_MANAGE, request.venue_id) is None:
            return NotDone.VENUE_UNKNOWN
        made = await gate_devices.add_device(act.tx, request.venue_id, post, act.now, operator.name)
    return NotDone.TOO_MANY_DEVICES if made is None else Allowed(*made)


async def revoke_device(works: Works, operator: Operator, device_id: int) -> NotDone | None:
    """It opens nothing any more, and whoever is signed in at it by PIN is signed out; None: done."""
    async with acting(works, operator) as act:
        venues = venues_for(operator.duties, Right.DEVICES_MANAGE)
        done = await gate_devices.revoke(act.tx, device_id, act.now, operator.name, venue_ids=venues)
    return None if done else NotDone.DEVICE_UNKNOWN
