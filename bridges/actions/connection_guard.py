"""Keeps a block of code from connecting to internal addresses, by whatever library and after whatever redirect.

For libraries that open their connections themselves. The address that is judged is the one that is connected to, so a
name that answers differently the second time gains nothing. It sees what Python's own sockets do in this context
(PEP 567), also in threads that were handed a copy of it, as those of Apprise are.
"""

from __future__ import annotations

import ipaddress
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from bridges.actions.internet import InternalAddress, is_internal

_EVENTS = frozenset(("socket.connect", "socket.sendto"))  # see https://docs.python.org/3/library/audit_events.html
_refused: ContextVar[list[InternalAddress] | None] = ContextVar("refused", default=None)
_installing = threading.Lock()
_installed: list[bool] = []


@contextmanager
def no_internal_connections() -> Iterator[list[InternalAddress]]:
    """What was refused is in the list: libraries may swallow the InternalAddress that they get."""
    _install()
    refused: list[InternalAddress] = []
    token = _refused.set(refused)
    try:
        yield refused
    finally:
        _refused.reset(token)


def _install() -> None:
    """Once a process, and only in one that needs it: the hook sees every event and can never be taken out."""
    with _installing:
        if not _installed:
            sys.addaudithook(_look)
            _installed.append(True)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _EVENTS or (refused := _refused.get()) is None:
        return
    address = arguments[1]
    if not _is_public(address):
        refused.append(InternalAddress(f"{_shown(address)} is an address inside the own network"))
        raise refused[-1]


def _is_public(address: object) -> bool:
    """Of a socket's address; that of a local socket is a path, and a name that is not resolved yet says nothing."""
    try:
        host = str(address[0]) if isinstance(address, tuple) else ""
        return not is_internal(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return False


def _shown(address: object) -> str:
    return str(address[0]) if isinstance(address, tuple) else str(address)
