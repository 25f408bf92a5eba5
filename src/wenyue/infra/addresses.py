"""Whose address a request comes from. A proxy's word is believed only when the proxy is one that was named. Pure."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

Network = IPv4Network | IPv6Network
_HOPS_MAX: Final = 20
_V6_PREFIX: Final = 64  # one customer's line; its owner may choose any address in it


def parse_networks(entries: Sequence[str]) -> tuple[Network, ...]:
    """The networks or addresses that `entries` spell. Raises ValueError with the entry that is none."""
    found: list[Network] = []
    for entry in entries:
        try:
            found.append(ip_network(entry, strict=False))
        except ValueError:
            raise ValueError(entry) from None
    return tuple(found)


def client_address(peer: str, forwarded: Sequence[str], proxies: Sequence[Network]) -> str:
    """The address that counts for a request: `peer`, or what named proxies say in X-Forwarded-For, the nearest last.

    What is no address (a Unix socket's peer) is ''. A header of anybody else is not looked at.
    """
    hops = [hop.strip() for line in forwarded for hop in line.split(",")][-_HOPS_MAX:]
    current = peer
    while _is_in(current, proxies) and hops:
        current = hops.pop()
    return _plain(current)


def _is_in(text: str, networks: Sequence[Network]) -> bool:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)


def line_of(address: str) -> str:
    """What counts as one place: an IPv4 address, an IPv6 network of /64, else the text itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(ip_network((parsed, _V6_PREFIX), strict=False))


def _plain(text: str) -> str:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
