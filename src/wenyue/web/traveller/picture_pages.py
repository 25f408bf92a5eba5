"""Pictures that operators gave: how a page offers their sizes, and the files, whose address names what is in them."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wenyue.catalogue import Venue
from wenyue.catalogue.picturing import Picture, PictureFile, picture_body
from wenyue.locale import text_in
from wenyue.platform.database.db import DatabaseDown
from wenyue.web.shared.i18n import Locale
from wenyue.web.shared.scene_files import FOREVER
from wenyue.web.shared.services import services_of
from wenyue.web.traveller.views import PictureView, SourceView

_PHONE: Final = "(max-width: 48rem)"
_PHONE_WIDTH_MAX: Final = 720  # pixels: what a phone takes, however fine its screen, stays within 60 KB
_SHOWN: Final = 720  # for browsers that know no srcset
_TYPES: Final = {"webp": "image/webp", "jpeg": "image/jpeg"}
_ENDINGS: Final = {"webp": "webp", "jpeg": "jpg"}
_NAME: Final = re.compile(r"([0-9a-f]{32})\.(?:webp|jpg)")
_PLAIN: Final = {"X-Content-Type-Options": "nosniff"}


def picture_view(one: Picture, locale: Locale) -> PictureView:
    """A picture with all its sizes; phones are offered those that are small."""
    files = {
        form: sorted((file for file in one.files if file.form == form), key=lambda file: file.width)
        for form in _TYPES
    }
    shown = max((file for file in files["jpeg"] if file.width <= _SHOWN), key=lambda file: file.width)
    sources = [
        SourceView(media, _TYPES[form], _srcset(files[form], most))
        for media, most in ((_PHONE, _PHONE_WIDTH_MAX), ("", 0))
        for form in _TYPES
        if files[form]
    ]
    return PictureView(_address(shown), shown.width, shown.height, text_in(one.alt, locale), tuple(sources))


def first_view(found: Mapping[int, Sequence[Picture]], venue: Venue, locale: Locale) -> PictureView | None:
    """The first picture of a venue among those that were found; None: it has none."""
    own = found.get(venue.id)
    return picture_view(own[0], locale) if own else None


async def serve_picture(request: Request) -> Response:
    """A file. What its name says never changes, so whoever has it needs no second look."""
    name = request.path_params["name"]
    found = _NAME.fullmatch(name)
    if found is None:
        return Response("not found\n", 404, media_type="text/plain", headers=_PLAIN)
    headers = _PLAIN | {"Cache-Control": FOREVER, "ETag": f'"{found[1]}"'}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    try:
        async with services_of(request).db.reading() as tx:
            kept = await picture_body(tx, found[1])
    except DatabaseDown:
        return Response("unavailable\n", 503, media_type="text/plain", headers=_PLAIN | {"Retry-After": "3"})
    if kept is None or name != f"{found[1]}.{_ENDINGS[kept[0]]}":
        return Response("not found\n", 404, media_type="text/plain", headers=_PLAIN)
    return Response(kept[1], headers=headers, media_type=_TYPES[kept[0]])


def _srcset(files: list[PictureFile], width_max: int) -> str:
    fitting = [one for one in files if not width_max or one.width <= width_max] or files[:1]
    return ", ".join(f"{_address(one)} {one.width}w" for one in fitting)


def _address(one: PictureFile) -> str:
    return f"/pictures/{one.digest}.{_ENDINGS[one.form]}"


routes: Final = [Route("/pictures/{name}", serve_picture, methods=["GET", "HEAD"], name="picture")]
