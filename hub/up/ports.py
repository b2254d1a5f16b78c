"""Free TCP ports of the loopback: the wanted one if nobody has it, else the next."""

from __future__ import annotations

import socket

_TRIES = 200


def free_port(wanted: int, *, taken: frozenset[int] = frozenset(), host: str = "127.0.0.1") -> int:
    """The first port from `wanted` on that can be bound; raises OSError if there is none near."""
    for port in range(wanted, min(wanted + _TRIES, 65536)):
        if port not in taken and _can_bind(host, port):
            return port
    raise OSError(f"no free port from {wanted} on")


def answers(port: int, *, host: str = "127.0.0.1") -> bool:
    """Whether something accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


def _can_bind(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return not answers(port)
