"""The traveller's pages: phone first, Chinese first, complete in English, usable without JavaScript."""

from typing import Final

from starlette.routing import Route

from wenyue.web.shared import routes as static_routes
from wenyue.web.shared import scene_files
from wenyue.web.traveller import (
    account_pages,
    booking_pages,
    list_pages,
    lost_pages,
    me_pages,
    others_pages,
    picture_pages,
    pin_pages,
    preferences,
    room_pages,
    trip_booking,
    trip_pages,
    venue_pages,
)
from wenyue.web.traveller.context import TravellerContext, get

routes: Final[list[Route]] = [
    *me_pages.routes,
    *others_pages.routes,
    *account_pages.routes,
    *lost_pages.routes,
    *pin_pages.routes,
    *list_pages.routes,
    *venue_pages.routes,
    *trip_booking.routes,
    *trip_pages.routes,
    *booking_pages.routes,
    *preferences.routes,
    *room_pages.routes,
    *static_routes,
    *scene_files.routes,
    *picture_pages.routes,
]

# Whatever no other route knows, as a page that leads back; the composition root puts it last.
fallback: Final = get("/{path:path}", TravellerContext.lost)

__all__ = ["fallback", "routes"]
