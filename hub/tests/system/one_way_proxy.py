"""A TCP proxy before a broker that can lose what its clients say while it passes on what the broker says."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from types import TracebackType


class OneWayProxy:
    """`with OneWayProxy(broker.port) as proxy: ... proxy.port`. `told` counts the bytes that clients were sent."""

    def __init__(self, target_port: int) -> None:
        self.told = 0
        self._is_deaf = False
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = Thread(target=self._accept, daemon=True)

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """What clients say meanwhile is lost. Connections that stand are of no use afterwards: end them within."""
        self._is_deaf = True
        try:
            yield
        finally:
            self._is_deaf = False

    def _accept(self) -> None:
        while True:
            try:
                near = self._listener.accept()[0]
            except OSError:
                return
            try:
                far = socket.create_connection(self._target)
            except OSError:
                near.close()
                continue
            for source, sink, is_client in ((near, far, True), (far, near, False)):
                Thread(target=self._pass_on, args=(source, sink), kwargs={"is_client": is_client}, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, *, is_client: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if is_client and self._is_deaf:
                    continue
                sink.sendall(data)
                self.told += 0 if is_client else len(data)
        for side in (source, sink):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> OneWayProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)
