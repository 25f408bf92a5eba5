"""Style sheet, script and icon of the status page, under names that change with their content."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from wenyue.web.status.prepared import Page, page

_FOREVER_S: Final = 31_536_000
_SHEETS: Final = ("10-tokens.css", "20-base.css", "30-parts.css")


@cache
def _files() -> dict[str, tuple[str, bytes]]:
    """Style sheet, script and icon; the shared sheets are read as files, so that nothing of the rest of web is loaded."""
    web = files("wenyue.web")
    sheets = [web.joinpath("shared", "css", name).read_text(encoding="utf-8") for name in _SHEETS]
    own = web.joinpath("status", "assets")
    css = "\n".join([*sheets, own.joinpath("status.css").read_text(encoding="utf-8")])
    return {
        "status.css": ("text/css; charset=utf-8", css.encode()),
        "status.js": ("text/javascript; charset=utf-8", own.joinpath("status.js").read_bytes()),
        "icon.svg": ("image/svg+xml", web.joinpath("shared", "icon.svg").read_bytes()),
    }


@cache
def names() -> dict[str, str]:
    """{plain name: path with a hash of the content}."""
    named: dict[str, str] = {}
    for name, (_, body) in _files().items():
        stem, _, extension = name.rpartition(".")
        named[name] = f"/static/{stem}.{hashlib.sha256(body).hexdigest()[:10]}.{extension}"
    return named


@cache
def assets() -> dict[str, Page]:
    """{path: style sheet, script or icon}."""
    made = {names()[name]: page(body, kind, age_s=_FOREVER_S) for name, (kind, body) in _files().items()}
    kind, icon = _files()["icon.svg"]
    return made | {"/icon.svg": page(icon, kind, age_s=86_400)}
