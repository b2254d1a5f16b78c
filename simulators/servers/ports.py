"""Ports of the loopback for servers of one's own, out of the range that the system gives to outgoing connections.

A port of that range may be taken by anybody's connection between the moment it is found and the server's start.
"""

from __future__ import annotations

import random
import socket
from contextlib import closing

HOST = "127.0.0.1"
_FIRST, _LAST = 15_000, 29_999
_TRIES = 100


def free_port() -> int:
    """A port of the loopback that nothing listens on now; at random, so that two that look at once find two."""
    for port in random.sample(range(_FIRST, _LAST + 1), _TRIES):
        with closing(socket.socket()) as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port from {_FIRST} to {_LAST}")
