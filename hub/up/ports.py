"""Free TCP ports of the loopback: the wanted one if nobody has it, else the next. Each is claimed until the hub ends:
two hubs that start in the same moment on one machine must not choose the same.
"""

from __future__ import annotations

import socket
import sys

_TRIES = 200


class PortClaims:
    """The ports of one hub. They stay its own for as long as this object lives."""

    def __init__(self) -> None:
        self._claims: dict[int, socket.socket] = {}

    def free_port(self, wanted: int, *, host: str = "127.0.0.1") -> int:
        """The first from `wanted` on that can be bound and no hub has claimed; raises OSError if none is near."""
        for port in range(wanted, min(wanted + _TRIES, 65536)):
            if port not in self._claims and _can_bind(host, port) and self._claim(port):
                return port
        raise OSError(f"no free port from {wanted} on")

    def _claim(self, port: int) -> bool:
        claim = socket.socket(socket.AF_UNIX)
        try:
            if sys.platform == "linux":  # a name without a file: it is gone with the process that holds it
                claim.bind(f"\0patchbay-port-{port}")
        except OSError:
            claim.close()
            return False
        self._claims[port] = claim
        return True


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
