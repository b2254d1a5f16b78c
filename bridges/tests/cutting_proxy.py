"""A TCP proxy whose connections a test can cut at any byte, as a network does."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType


class CuttingProxy:
    """`with CuttingProxy(port) as proxy: ... proxy.cut()`. With `cut_after` a connection ends after so many bytes."""

    def __init__(self, target_port: int, *, cut_after: int = 0) -> None:
        self.cut_after = cut_after
        self.cuts = 0
        self._is_down = False
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listener.getsockname()[:2]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._peers: dict[socket.socket, socket.socket] = {}
        self._passed: dict[socket.socket, int] = {}
        self._is_ending = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def cut(self) -> None:
        """End every connection now."""
        with self._lock:
            for side in list(self._peers):
                self._end(side)

    @contextmanager
    def down(self) -> Iterator[None]:
        """The network is away: connections end, and none comes about."""
        self._is_down = True
        self.cut()
        try:
            yield
        finally:
            self._is_down = False

    def _run(self) -> None:
        while not self._is_ending:
            for key, _ in self._selector.select(0.02):
                with self._lock:
                    if key.fileobj is self._listener:
                        self._accept()
                    elif isinstance(key.fileobj, socket.socket) and key.fileobj in self._peers:
                        self._pass_on(key.fileobj)

    def _accept(self) -> None:
        near = self._listener.accept()[0]
        if self._is_down:
            near.close()
            return
        try:
            far = socket.create_connection(self._target)
        except OSError:
            near.close()
            return
        for side, other in ((near, far), (far, near)):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peers[side] = other
            self._passed[side] = 0
            self._selector.register(side, selectors.EVENT_READ)

    def _pass_on(self, side: socket.socket) -> None:
        other = self._peers[side]
        try:
            data = side.recv(4096)
            if data:
                other.sendall(data)
        except OSError:
            data = b""
        self._passed[side] += len(data)
        if not data or (self.cut_after and self._passed[side] + self._passed[other] >= self.cut_after):
            self._end(side)

    def _end(self, side: socket.socket) -> None:
        other = self._peers.pop(side, None)
        if other is None:
            return
        self.cuts += 1
        self._peers.pop(other, None)
        for one in (side, other):
            with suppress(KeyError, ValueError):
                self._selector.unregister(one)
            one.close()

    def __enter__(self) -> CuttingProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_ending = True
        self._thread.join()
        self.cut()
        self._listener.close()
        self._selector.close()
