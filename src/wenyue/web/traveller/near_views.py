"""The places around a venue, as its page shows them: remembered for a minute, so that they cost a page nothing."""

from dataclasses import dataclass
from time import monotonic
from typing import Final
from weakref import WeakKeyDictionary

from wenyue.catalogue import Venue, venues_by_id
from wenyue.catalogue.directory import Directory
from wenyue.catalogue.picturing import pictures
from wenyue.platform.database.db import Tx
from wenyue.web.shared.i18n import Locale
from wenyue.web.traveller.context import TravellerContext
from wenyue.web.traveller.list_views import say_distance
from wenyue.web.traveller.picture_pages import first_view
from wenyue.web.traveller.views import PictureView, venue_view

_KEPT_S: Final = 60.0
_KEPT_MAX: Final = 4_096


@dataclass(frozen=True, slots=True)
class NearView:
    """A place nearby."""

    href: str
    name: str
    kind_name: str
    distance: str
    picture: PictureView


_Kept = dict[tuple[int, Locale], tuple[float, tuple[NearView, ...]]]
_kept: Final[WeakKeyDictionary[Directory, _Kept]] = WeakKeyDictionary()


async def near_views(context: TravellerContext, tx: Tx, place: Venue) -> tuple[NearView, ...]:
    """The places around, the nearest first; a name or a picture that changed shows within a minute."""
    directory, key, now = await context.services.outlook.directory(), (place.id, context.locale), monotonic()
    kept = _kept.setdefault(directory, {})
    found = kept.get(key)
    if found is not None and now - found[0] < _KEPT_S:
        return found[1]
    views = await _read(context, tx, place, directory.near(place.id))
    if len(kept) >= _KEPT_MAX:
        kept.clear()
    kept[key] = now, views
    return views


async def _read(
    context: TravellerContext, tx: Tx, place: Venue, around: tuple[int, ...]
) -> tuple[NearView, ...]:
    if not around or place.latitude is None or place.longitude is None:
        return ()
    known, first = await venues_by_id(tx, around), await pictures(tx, around, is_first=True)
    origin, locale = (place.latitude, place.longitude), context.locale
    views: list[NearView] = []
    for one in (known[id_] for id_ in around if id_ in known):
        shown = venue_view(one, locale, first_view(first, one, locale))
        views.append(
            NearView(
                shown.href, shown.name, shown.kind_name, say_distance(one, origin, locale), shown.picture
            )
        )
    return tuple(views)
