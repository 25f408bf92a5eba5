"""Drawn scenes as files: the address names the kind, the variant and the program that draws, so that it never changes."""

import hashlib
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wenyue.web.shared.packing import Coding, coding_of, packed
from wenyue.web.shared.scenes import KINDS, VARIANTS, draw, kind_of, variant_of

FOREVER: Final = "public, max-age=31536000, immutable"
_SHORT: Final = (
    "public, max-age=300"  # asked for with the mark of another release: this one's drawing, not for long
)
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}
_NAME: Final = re.compile(r"([a-z]{1,20})-([0-9]{1,5})\.([0-9a-f]{10})\.svg")
_KEPT: Final = 2_048  # drawings in memory, compressed: about 4 MB


def scene_url(
    names: Sequence[str], tags: Sequence[str] = (), venue_kind: str = "attraction", seed: str = ""
) -> str:
    """The address of the scene of a place: its names (the Chinese one first), tags and `seed` decide all of it."""
    kind = kind_of(names, tags, venue_kind)
    return f"/pictures/scenes/{kind}-{variant_of(names[0], seed)}.{_mark()}.svg"


async def serve_scene(request: Request) -> Response:
    """A scene, drawn when it is asked for first. There are so many at most as kinds and variants."""
    found = _NAME.fullmatch(request.path_params["name"])
    if found is None or found[1] not in KINDS or int(found[2]) >= VARIANTS:
        return Response("not found\n", 404, media_type="text/plain")
    coding = coding_of(request.headers.get("accept-encoding", ""))
    headers = _HEADERS | {"Cache-Control": FOREVER if found[3] == _mark() else _SHORT}
    if coding:
        body = _packed(found[1], int(found[2]), coding)
        headers["Content-Encoding"] = coding
    else:
        body = draw(found[1], int(found[2])).encode()
    return Response(body, headers=headers, media_type="image/svg+xml")


@cache
def _mark() -> str:
    """What changes when any line of the drawing program does."""
    modules = sorted(files("wenyue.web.shared.scenes").iterdir(), key=lambda one: one.name)
    whole = hashlib.sha256()
    for module in modules:
        if module.name.endswith(".py"):
            whole.update(module.read_bytes())
    return whole.hexdigest()[:10]


@lru_cache(maxsize=_KEPT)
def _packed(kind: str, variant: int, coding: Coding) -> bytes:
    return packed(draw(kind, variant).encode(), coding)


routes: Final = [
    Route("/pictures/scenes/{name}", serve_scene, methods=["GET", "HEAD"], name="scene"),
]
