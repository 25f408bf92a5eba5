"""A member of staff sets the PIN with which they take turns at the devices of a venue."""

from wenyue.accounts import gate_devices
from wenyue.application.on_duty import NotAtPost, Place, find_post, on_duty
from wenyue.container import Services
from wenyue.core.duties import Right


async def set_pin(services: Services, login: str, place: Place, pin: str) -> NotAtPost | None:
    """One's own, for the venue where one stands; None: done. Only with a password behind it: a PIN makes no other.

    `pin` is one (`gate_devices.is_pin`). Raises LoginEnded.
    """
    async with on_duty(services, login, makes_secret=True) as act:
        venue_id = NotAtPost.NOT_THEIRS if act.is_by_pin else await find_post(act, Right.GATE_SCAN, place)
        if isinstance(venue_id, NotAtPost):
            return venue_id
        await gate_devices.set_pin(
            act.tx, services.vault, staff=act.staff, venue_id=venue_id, pin=pin, now=act.now
        )
    return None
