"""A member of staff says at which gate or counter a device stands from now on."""

from wenyue.application.on_duty import NotAtPost, Place, find_post, on_duty
from wenyue.catalogue import venues_by_id
from wenyue.container import Services
from wenyue.core.duties import Right


async def take_post(services: Services, login: str, place: Place) -> int | NotAtPost:
    """The venue's id, if there is one and they work at this post of it. Nothing is written.

    The device keeps it. Raises LoginEnded.
    """
    async with on_duty(services, login) as act:
        venue_id = await find_post(act, Right.BOOKINGS_FIND, place)
        if isinstance(venue_id, NotAtPost):
            return venue_id
        return venue_id if venue_id in await venues_by_id(act.tx, [venue_id]) else NotAtPost.NO_VENUE
