"""Reading one cookie of a request, in time that grows with the header's length and no faster.

`http.cookies`, which `Request.cookies` goes through, takes time with the square of it on Python before 3.11.10 and 3.12.6
(CVE-2024-7592): a header of 40 KB held a whole process up for half a minute. A test keeps it out of web.
"""

import re
from typing import Final

_ESCAPED: Final = re.compile(r"\\([0-3][0-7][0-7]|.)")
_OCTAL_DIGITS: Final = 3


def cookie_of(header: str, *names: str) -> str:
    """The value of the first of these cookies that a `Cookie` header has; '' when it has none. Of two alike the last counts."""
    if not any(name in header for name in names):
        return ""
    found: dict[str, str] = {}
    for pair in header.split(";"):
        name, is_there, value = pair.partition("=")
        name = name.strip(" \t")
        if is_there and name in names:
            found[name] = value.strip(" \t")
    return next((_plain(found[name]) for name in names if name in found), "")


def _plain(value: str) -> str:
    """As it was before it was put in quotes (RFC 2109, as `http.cookies` writes them)."""
    if len(value) < len('""') or not value.startswith('"') or not value.endswith('"'):
        return value
    return _ESCAPED.sub(_unescaped, value[1:-1])


def _unescaped(found: re.Match[str]) -> str:
    text = found[1]
    return chr(int(text, 8)) if len(text) == _OCTAL_DIGITS else text
