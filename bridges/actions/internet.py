"""Which addresses a webhook may reach. A name is resolved once, and what was checked is what is connected to.

So a name that answers differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from ipaddress import IPv4Address, IPv6Address
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
CURE: Final = 'tick "Allow internal addresses" (allow_internal) to permit it'
"""The option by its label on the page, and by its name in a file."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class InternalAddress(Exception):
    """The host stands for an address inside the own network. The text says which."""


def resolve(host: str, port: int, *, allow_internal: bool) -> str:
    """The address to connect to; raises OSError if the name is unknown, InternalAddress if one of its addresses is."""
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not allow_internal:
        for text in found:
            if is_internal(ipaddress.ip_address(text.partition("%")[0])):
                place = text if host.strip("[]") == text else f"{host} ({text})"
                raise InternalAddress(f"{place} is an address inside the own network")
    return found[0]


def is_internal(address: Address) -> bool:
    """Whether it is anything but a public address, also when an IPv4 one is wrapped in an IPv6 one."""
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_internal(inner)
    return not address.is_global or address.is_multicast or address.is_reserved


def says_internal(host: str) -> bool:
    """Whether a host is one inside the own network by its text alone, without looking it up."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return is_internal(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return False


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
