"""Whose address a request comes from, and whether it comes from this machine: said here, and nowhere else. Pure.

A proxy's word is believed only when the proxy is one that was named (WENYUE_TRUSTED_PROXIES), and only in X-Forwarded-For:
`Forwarded`, `X-Real-IP`, `CF-Connecting-IP` and whatever else there is say nothing, since anybody may write them.
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final

Network = IPv4Network | IPv6Network
_HOPS_MAX: Final = 20
_V6_PREFIX: Final = 64  # one customer's line; its owner may choose any address in it
_REGIONS: Final = {4: 24, 6: 48}  # prefixes that one customer is given as a whole
# What a program or a browser on this machine sends by itself. A proxy adds fields of its own, however they are called.
_OWN_FIELDS: Final = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"authorization",
        b"cache-control",
        b"connection",
        b"cookie",
        b"dnt",
        b"host",
        b"if-none-match",
        b"pragma",
        b"priority",
        b"referer",
        b"upgrade-insecure-requests",
        b"user-agent",
        b"x-prometheus-scrape-timeout-seconds",
    }
)


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
    hops = [_without_port(hop.strip()) for line in forwarded for hop in line.split(",")][-_HOPS_MAX:]
    current = peer
    while is_in(current, proxies) and hops:
        current = hops.pop()
    return _plain(current)


def sender_of(scope: Mapping[str, Any], proxies: Sequence[Network]) -> str:
    """`client_address` of an ASGI request."""
    peer = (scope.get("client") or ("",))[0]
    if not proxies:
        return _plain(peer)
    lines = [value for name, value in scope.get("headers", ()) if name == b"x-forwarded-for"]
    return client_address(peer, [line.decode("latin-1") for line in lines], proxies)


def is_of_this_machine(scope: Mapping[str, Any], proxies: Sequence[Network]) -> bool:
    """Whether an ASGI request was made on this machine, by what runs here, and not passed on for somebody else.

    It came over loopback, not from a named proxy, for a host that is this machine by any name of loopback, and with nothing
    in its head that a client here does not send by itself. Only a proxy here that adds no field and changes Host is not told.
    """
    peer = _plain((scope.get("client") or ("",))[0])
    if not peer or not ip_address(peer).is_loopback or is_in(peer, proxies):
        return False
    fields = scope.get("headers", ())
    hosts = [value for name, value in fields if name == b"host"]
    return all(name in _OWN_FIELDS or name.startswith(b"sec-") for name, _ in fields) and (
        len(hosts) == 1 and _is_loopback_host(hosts[0].decode("latin-1"))
    )


def _is_loopback_host(host: str) -> bool:
    bare = host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return bare.lower() == "localhost"


def is_in(text: str, networks: Sequence[Network]) -> bool:
    """Whether an address is in one of `networks`; what is no address is in none."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)


def line_of(address: str) -> str:
    """What counts as one place: an IPv4 address (written within IPv6 as well), an IPv6 network of /64, else the text itself."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped else str(ip_network((parsed, _V6_PREFIX), strict=False))


def region_of(address: str) -> str:
    """Where somebody may have many lines: an IPv4 network of /24, an IPv6 network of /48, else the text itself."""
    line = line_of(address).partition("/")[0]
    try:
        parsed = ip_address(line)
    except ValueError:
        return address
    return str(ip_network((parsed, _REGIONS[parsed.version]), strict=False))


def _without_port(hop: str) -> str:
    """Some proxies write the port, too: 203.0.113.9:4711, [2001:db8::1]:4711."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _plain(text: str) -> str:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
