"""One guarded HTTP request: to a checked address, within a time for all of it, reading a bounded answer.

It follows no redirects, uses no proxy and keeps nothing open.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from bridges.actions.internet import resolve

MAX_ANSWER_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]  # names in small letters
    body: bytes
    is_cut: bool


class _Connection(http.client.HTTPConnection):
    """Connects to an address that was resolved and checked before; certificates are checked against the name."""

    def __init__(self, url: SplitResult, address: str, *, port: int, timeout_s: float) -> None:
        super().__init__(url.hostname or "", port, timeout=timeout_s)
        self._address = address
        self._is_secure = url.scheme == "https"
        self.default_port = 443 if self._is_secure else 80
        self._opened: socket.socket | None = None  # `sock` is given away once the answer has begun

    def connect(self) -> None:
        self._opened = socket.create_connection((self._address, self.port), self.timeout)
        try:
            if self._is_secure:
                context = ssl.create_default_context()
                self._opened = context.wrap_socket(self._opened, server_hostname=self.host)
        except BaseException:
            self._opened.close()
            raise
        self.sock = self._opened

    def cut_off(self) -> None:
        """The time for the whole request is over: an answer that drips must not hold up the target's courier."""
        if self._opened is not None:
            with suppress(OSError):  # it may just have ended by itself
                self._opened.shutdown(socket.SHUT_RDWR)


def send_request(
    url: str, body: bytes, *, method: str, headers: Mapping[str, str], timeout_s: float, allow_internal: bool
) -> Answer:
    """The server's answer, whatever its status; raises InternalAddress, OSError or http.client.HTTPException."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = resolve(parts.hostname or "", port, allow_internal=allow_internal)
    connection = _Connection(parts, address, port=port, timeout_s=timeout_s)
    timer = threading.Timer(timeout_s, connection.cut_off)
    timer.daemon = True
    timer.start()
    try:
        connection.request(method, _path(parts), body=body, headers=dict(headers))
        response = connection.getresponse()
        read = response.read(MAX_ANSWER_BYTES + 1)
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, read[:MAX_ANSWER_BYTES], len(read) > MAX_ANSWER_BYTES)
    finally:
        timer.cancel()
        connection.close()


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
