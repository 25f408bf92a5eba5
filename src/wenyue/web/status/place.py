"""Where a status page looks. Apart from the page itself, since `wenyue up` wants to know it too, and soon."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wenyue.platform.addresses import Network
from wenyue.platform.config import Settings

_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to


@dataclass(frozen=True, slots=True)
class Place:
    """Where the process looks and writes."""

    home: Path
    target: str  # the web that is probed
    booking_url: str  # as travellers type it
    own_url: str = ""
    proxies: Sequence[Network] = ()  # whose word about addresses is believed


def place_of(settings: Settings) -> Place:
    """Where this installation's status page looks, and how travellers call both addresses."""
    web, status = settings.web, settings.status
    host = _ANY.get(web.host, web.host)
    shown = f"[{host}]" if ":" in host else host
    own = f"http://{shown}:{web.port}"
    return Place(
        home=settings.home,
        target=status.target or own,
        booking_url=web.public_url or status.target or own,
        own_url=status.url or f"http://{shown}:{status.port}",
        proxies=web.proxies,
    )
