"""Style sheet and script: read once, named by their content, cached for a year.

The CSS files of `css/` are joined in name order: those below 60 for everybody, the others for staff's pages only. Each
module of `js/` stands alone, and names the others that it needs as `"./name.js"`, which becomes the hashed name. `vendor/`
holds what `scripts/assets` installed from npm: it is never committed, is part of the wheel, and may be missing.
"""

import asyncio
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wenyue.web.shared.packing import Coding, coding_of, packed

_STAFF_FROM: Final = "60"  # as these files are numbered: gate, API pages and console
_FOREVER: Final = "public, max-age=31536000, immutable"
_NOT_FOUND: Final = 404
_JAVASCRIPT: Final = "text/javascript; charset=utf-8"
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_INDENT: Final = re.compile(r"^\s+", re.MULTILINE)
_END_OF_LINE: Final = re.compile(r"(?<=[{};,])\n")
PACKED: Final[dict[tuple["StaticFile", Coding], bytes]] = {}
_SIBLING: Final = re.compile(rb'"\./([a-z-]+\.js)"')


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is sent."""

    media_type: str
    body: bytes


@cache
def _load() -> tuple[dict[str, str], dict[str, StaticFile]]:
    """({plain name: hashed name}, {hashed name: file})."""
    root = files("wenyue.web.shared")
    sheets = sorted(entry.name for entry in root.joinpath("css").iterdir() if entry.name.endswith(".css"))
    plain: dict[str, tuple[str, bytes]] = {}
    for name, wanted in (
        ("wenyue.css", [one for one in sheets if one < _STAFF_FROM]),
        ("staff.css", [one for one in sheets if one >= _STAFF_FROM]),
    ):
        css = "\n".join(root.joinpath("css", one).read_text(encoding="utf-8") for one in wanted)
        css = _INDENT.sub("", _COMMENT.sub("", css))  # what only people who write it need is not sent
        plain[name] = ("text/css; charset=utf-8", _END_OF_LINE.sub("", css).encode())
    for folder in (root.joinpath("js"), root.joinpath("vendor")):
        if folder.is_dir():
            modules = [entry for entry in folder.iterdir() if entry.name.endswith(".js")]
            plain |= {entry.name: (_JAVASCRIPT, entry.read_bytes()) for entry in modules}
    plain["icon.svg"] = ("image/svg+xml", root.joinpath("icon.svg").read_bytes())
    names: dict[str, str] = {}
    held: dict[str, StaticFile] = {}

    def hold(name: str) -> str:
        if name not in names:
            media_type, body = plain[name]
            if media_type == _JAVASCRIPT:
                body = _SIBLING.sub(link, body)
            stem, _, extension = name.rpartition(".")
            names[name] = f"{stem}.{hashlib.sha256(body).hexdigest()[:10]}.{extension}"
            held[names[name]] = StaticFile(media_type, body)
        return names[name]

    def link(found: re.Match[bytes]) -> bytes:
        name = found[1].decode()
        return b'"./%s"' % (hold(name) if name in plain else name).encode()

    for name in plain:
        hold(name)
    return names, held


def has_static(name: str) -> bool:
    """Whether there is such a file: what comes from npm may not have been installed."""
    return name in _load()[0]


def static_url(name: str) -> str:
    """The URL of `wenyue.css`, a module or `icon.svg`, with its hash. Raises KeyError for a name that is no file."""
    return f"/static/{_load()[0][name]}"


async def serve_static(request: Request) -> Response:
    """A hashed file, compressed where the browser takes it."""
    held = _load()[1].get(request.path_params["name"])
    if held is None:
        return Response("not found\n", _NOT_FOUND, media_type="text/plain")
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    coding = coding_of(request.headers.get("accept-encoding", ""))
    if coding:
        headers["Content-Encoding"] = coding
    return Response(await _in(held, coding), headers=headers, media_type=held.media_type)


async def _in(held: StaticFile, coding: Coding) -> bytes:
    """The file in this coding: packed once a process, when somebody asks for it first, beside what else is asked."""
    kept = PACKED.get((held, coding))
    if kept is None:
        kept = await asyncio.to_thread(packed, held.body, coding, is_for_ever=True)
        PACKED[held, coding] = kept
    return kept


routes: Final = [Route("/static/{name}", serve_static, methods=["GET", "HEAD"], name="static")]
