"""Which IP addresses are public, so that no delivery leads a feed into a private network."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv6Address, ip_network

_GLOBAL_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_RELAYS = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24")))
_ISATAP = (0x00005EFE, 0x02005EFE)


def address(text: str) -> IPv4Address | IPv6Address:
    """Return an address as `getaddrinfo` gives it, without its zone.

    Raises:
        ValueError: not an address.
    """
    return ipaddress.ip_address(text.partition("%")[0])


def is_public(at: IPv4Address | IPv6Address) -> bool:
    """Return True for an address that anybody on the internet may have.

    An IPv6 address that stands for an IPv4 address (mapped, NAT64, 6to4) is judged by that
    address. False for private, loopback, link-local, site-local, shared, multicast and reserved
    addresses, and for tunnels whose end can't be known (Teredo, ISATAP).
    """
    if isinstance(at, IPv4Address):
        special = at.is_multicast or at.is_reserved or any(at in network for network in _RELAYS)
        return at.is_global and not special
    if at in _NAT64:
        return is_public(IPv4Address(int(at) & 0xFFFFFFFF))
    if (embedded := at.ipv4_mapped or at.sixtofour) is not None:
        return is_public(embedded)
    tunnel = at.teredo is not None or (int(at) >> 32) & 0xFFFFFFFF in _ISATAP
    return at in _GLOBAL_UNICAST and at.is_global and not tunnel
