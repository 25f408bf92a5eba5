"""Where passkeys are good: the installation's own address as the settings say it, never as a request does."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request

from wenyue.accounts.second.passkeys import Place
from wenyue.web.shared.services import services_of


def place_of(request: Request) -> Place | None:
    """The place of WENYUE_PUBLIC_URL; without it `localhost` alone, where this machine is asked; None: there is none.

    Browsers give passkeys to names over HTTPS, and to `localhost`; never to addresses.
    """
    public = services_of(request).settings.web.public_url
    parts = urlsplit(public or str(request.base_url))
    host = parts.hostname or ""
    is_fit = host == "localhost" or (bool(public) and parts.scheme == "https" and not _is_address(host))
    return Place(host, f"{parts.scheme}://{parts.netloc}") if is_fit else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
