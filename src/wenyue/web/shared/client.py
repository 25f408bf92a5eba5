"""What a browser calls itself, as a person would: enough to recognise one's own sign-in in a list, and no more."""

from typing import Final

from starlette.requests import Request

_PROGRAMS: Final = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
_SYSTEMS: Final = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_READ_MAX: Final = 512


def client_of(request: Request) -> str:
    """`Chrome · Windows`; '' when it says neither."""
    said = request.headers.get("user-agent", "")[:_READ_MAX]
    found = [next((name for mark, name in names if mark in said), "") for names in (_PROGRAMS, _SYSTEMS)]
    return " · ".join(one for one in found if one)
