"""Style sheet and script: read once, named by their content, cached for a year.

The CSS files of `css/` are joined in name order into one response; each module of `js/` stands alone.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOREVER: Final = "public, max-age=31536000, immutable"
_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is sent."""

    media_type: str
    body: bytes
    gzipped: bytes


@cache
def _load() -> tuple[dict[str, str], dict[str, StaticFile]]:
    """({plain name: hashed name}, {hashed name: file})."""
    root = files("wenyue.faces.shared")
    sheets = sorted(entry.name for entry in root.joinpath("css").iterdir() if entry.name.endswith(".css"))
    css = "\n".join(root.joinpath("css", name).read_text(encoding="utf-8") for name in sheets)
    plain: dict[str, tuple[str, bytes]] = {"wenyue.css": ("text/css; charset=utf-8", css.encode())}
    for entry in root.joinpath("js").iterdir():
        if entry.name.endswith(".js"):
            plain[entry.name] = ("text/javascript; charset=utf-8", entry.read_bytes())
    plain["icon.svg"] = ("image/svg+xml", root.joinpath("icon.svg").read_bytes())
    names: dict[str, str] = {}
    held: dict[str, StaticFile] = {}
    for name, (media_type, body) in plain.items():
        stem, _, extension = name.rpartition(".")
        hashed = f"{stem}.{hashlib.sha256(body).hexdigest()[:10]}.{extension}"
        names[name] = hashed
        held[hashed] = StaticFile(media_type, body, gzip.compress(body, 9, mtime=0))
    return names, held


def static_url(name: str) -> str:
    """The URL of `wenyue.css`, a module or `icon.svg`, with its hash. Raises KeyError for a name that is no file."""
    return f"/static/{_load()[0][name]}"


async def serve_static(request: Request) -> Response:
    """A hashed file, compressed where the browser takes it."""
    held = _load()[1].get(request.path_params["name"])
    if held is None:
        return Response("not found\n", _NOT_FOUND, media_type="text/plain")
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            held.gzipped, headers=headers | {"Content-Encoding": "gzip"}, media_type=held.media_type
        )
    return Response(held.body, headers=headers, media_type=held.media_type)


routes: Final = [Route("/static/{name}", serve_static, methods=["GET", "HEAD"], name="static")]
